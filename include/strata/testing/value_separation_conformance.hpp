// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What strata/table/value_separation.hpp asks of a policy of its slot, checked in an engine: where
/// values lie changes no answer, whatever their sizes, through flushes, compactions that collect
/// garbage, and reopenings.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <strata/core/policy.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/table/value_separation.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

/// `options` should suit values of up to some hundred bytes.
template <ValueSeparationPolicy P>
[[nodiscard]] Conformance value_separation_conformance(const options_of_t<P>& options = {},
                                                       std::uint64_t seed = 1) {
  using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen, P>;
  Conformance found;
  std::mt19937_64 random(seed);
  typename Db::Options all;
  all.value_separation = options;
  all.write_buffer_bytes = 20'000;
  all.compaction.file_bytes = 4'000;
  all.compaction.level1_bytes = 16'000;
  std::map<std::string, std::string> model;
  for (int life = 0; life < 3; ++life) {
    auto db = Db::open("/db", all);
    found.expect(db.has_value(), "a database opens, and opens again");
    if (!db) {
      return found;
    }
    for (int step = 0; step < 1500; ++step) {
      const std::string key = "key" + std::to_string(random() % 100);
      const std::string value(random() % 600, static_cast<char>('a' + random() % 26));
      const bool erases = random() % 8 == 0;
      found.expect((erases ? db->erase(key) : db->put(key, value)).has_value(), "writes succeed");
      erases ? void(model.erase(key)) : void(model[key] = value);
      const std::string asked = "key" + std::to_string(random() % 100);
      const auto at = model.find(asked);
      const auto got = db->get(asked);
      found.expect(got && *got == (at == model.end() ? std::nullopt : std::optional(at->second)),
                   "a key has the value that was written last");
      if (step % 500 == 499) {
        found.expect(db->flush().has_value(), "a flush succeeds");
        found.expect(db->compact().has_value(), "a compaction succeeds");
      }
    }
    auto cursor = db->cursor();
    auto at = model.begin();
    for (cursor.seek_to_first(); cursor.valid() && at != model.end(); cursor.next(), ++at) {
      found.expect(cursor.key() == at->first && cursor.value() == at->second,
                   "a scan meets the values that were written last");
    }
    found.expect(!cursor.valid() && at == model.end(), "a scan meets every key");
    found.expect(db->verify().has_value(), "all files are whole");
    found.expect(db->close().has_value(), "a database closes");
  }
  return found;
}

}  // namespace strata::testing
