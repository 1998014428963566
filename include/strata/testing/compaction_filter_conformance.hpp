// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/compaction/filter.hpp, checked on any compaction filter: jobs ask it
/// from several threads at once, and bytes of any kind are judged.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <strata/compaction/filter.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

/// `steady`: the filter judges by key and value alone, so that answers do not change meanwhile.
template <CompactionFilterPolicy F>
[[nodiscard]] Conformance compaction_filter_conformance(const F& filter = F(), bool steady = true,
                                                        std::uint64_t seed = 1) {
  Conformance found;
  std::mt19937_64 random(seed);
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<bool> kept;
  for (int i = 0; i < 2000; ++i) {
    const auto noise = [&](std::size_t most) {
      std::string bytes(random() % most, '\0');
      for (char& byte : bytes) {
        byte = static_cast<char>(random());
      }
      return bytes;
    };
    entries.emplace_back(noise(30), noise(40));
    kept.push_back(filter.keep(entries.back().first, entries.back().second));
  }
  const F copy = filter;
  std::atomic<unsigned> changed{0};
  const auto ask = [&](const F& one) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      changed += one.keep(entries[i].first, entries[i].second) == kept[i] ? 0U : 1U;
    }
  };
  std::thread other([&] { ask(filter); });
  ask(copy);
  ask(filter);
  other.join();
  found.expect(!steady || changed.load() == 0, "each thread, and each copy, judges the same");
  found.expect(!std::string_view(F::name).empty(), "a compaction filter has a name");
  return found;
}

}  // namespace strata::testing
