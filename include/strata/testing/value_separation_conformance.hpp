// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What strata/table/value_separation.hpp asks of a policy of its slot, checked in an engine: where
/// values lie changes no answer, whatever their sizes, through flushes, compactions that collect
/// garbage, and reopenings. Large values lie in value files if the policy separates, and those
/// files go with their values.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/policy.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/table/value_separation.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

template <ValueSeparationPolicy P>
class ValueSeparationProbe {
  using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen, P>;

 public:
  ValueSeparationProbe(const options_of_t<P>& options, std::uint64_t seed) : random_(seed) {
    options_.value_separation = options;
    options_.write_buffer_bytes = 20'000;
    options_.compaction.file_bytes = 4'000;
    options_.compaction.level1_bytes = 16'000;
  }

  [[nodiscard]] Conformance run() {
    for (int life = 0; life < 3; ++life) {
      auto db = Db::open("/db", options_);
      found_.expect(db.has_value(), "a database opens, and opens again");
      if (!db) {
        break;
      }
      for (int step = 0; step < 1500; ++step) {
        write_and_read(*db);
        if (step % 500 == 499) {
          settle(*db);
        }
      }
      check_scan(*db);
      check_garbage(*db);
      check_places(*db);
      found_.expect(db->verify().has_value(), "all files are whole");
      found_.expect(db->close().has_value(), "a database closes");
    }
    return std::move(found_);
  }

 private:
  static std::string key_of(std::uint64_t number) { return "key" + std::to_string(number); }

  void write_and_read(Db& db) {
    const std::string key = key_of(random_() % 100);
    const std::string value(random_() % 600, static_cast<char>('a' + random_() % 26));
    const bool erases = random_() % 8 == 0;
    found_.expect((erases ? db.erase(key) : db.put(key, value)).has_value(), "writes succeed");
    erases ? void(model_.erase(key)) : void(model_[key] = value);
    const std::string asked = key_of(random_() % 100);
    const auto at = model_.find(asked);
    const auto got = db.get(asked);
    found_.expect(got && *got == (at == model_.end() ? std::nullopt : std::optional(at->second)),
                  "a key has the value that was written last");
  }
  void settle(Db& db) {
    found_.expect(db.flush().has_value(), "a flush succeeds");
    found_.expect(db.compact().has_value(), "a compaction succeeds");
  }
  void check_scan(Db& db) {
    auto cursor = db.cursor();
    auto at = model_.begin();
    for (cursor.seek_to_first(); cursor.valid() && at != model_.end(); cursor.next(), ++at) {
      found_.expect(cursor.key() == at->first && cursor.value() == at->second,
                    "a scan meets the values that were written last");
    }
    found_.expect(!cursor.valid() && at == model_.end(), "a scan meets every key");
  }

  /// Puts a large value. Returns its size.
  std::uint64_t put(Db& db, const std::string& key, std::uint64_t number) {
    model_[key] = std::string(600, static_cast<char>('a' + number % 26));
    found_.expect(db.put(key, model_[key]).has_value(), "writes succeed");
    return model_[key].size();
  }
  /// One value in sixteen stays, all over the files of values; the others are written again. Nobody
  /// asks for a compaction.
  void check_garbage(Db& db) {
    std::uint64_t written = 0;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      written += put(db, i % 16 == 0 ? "cold" + std::to_string(i) : key_of(i % 16), i);
    }
    found_.expect(value_file_bytes() < written / 4, "compactions collect garbage as they pass");
    check_scan(db);
  }
  void check_places(Db& db) {
    put(db, "large", 1);
    settle(db);
    found_.expect(P::separates == (value_file_bytes() > 0),
                  "large values lie in value files where the policy separates, and only there");
    for (const auto& [key, value] : std::exchange(model_, {})) {
      found_.expect(db.erase(key).has_value(), "writes succeed");
    }
    settle(db);
    found_.expect(value_file_bytes() == 0, "no value file outlives its values");
    check_scan(db);
  }
  [[nodiscard]] std::uint64_t value_file_bytes() {
    std::uint64_t sum = 0;
    const std::vector<std::string> names = options_.file_system.list("/db").value();
    for (const std::string& name : names) {
      if (lsm::classify(name).kind == lsm::FileKind::values) {
        sum += options_.file_system.file_size(io::join("/db", name)).value();
      }
    }
    return sum;
  }

  typename Db::Options options_;
  std::mt19937_64 random_;
  std::map<std::string, std::string> model_;
  Conformance found_;
};

}  // namespace detail

/// `options` should separate values of some hundred bytes.
template <ValueSeparationPolicy P>
[[nodiscard]] Conformance value_separation_conformance(const options_of_t<P>& options = {},
                                                       std::uint64_t seed = 1) {
  return detail::ValueSeparationProbe<P>(options, seed).run();
}

}  // namespace strata::testing
