// SPDX-License-Identifier: BSL-1.0
/// Runs random operations on compositions in which every two policies of different slots meet, and
/// counts that they do. Arguments: how many operations on each (default 1500), and the seed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "operations.hpp"
#include "plan.hpp"

namespace {

using namespace strata::matrix;

/// Pairs of models, either of which may come first.
class Pairs {
 public:
  void add(const std::string& one, const std::string& other) {
    pairs_.insert(std::minmax(one, other));
  }
  [[nodiscard]] bool has(const std::string& one, const std::string& other) const {
    return pairs_.contains(std::minmax(one, other));
  }

 private:
  std::set<std::pair<std::string, std::string>> pairs_;
};

struct Ran {
  std::size_t compositions = 0;
  std::uint64_t operations = 0;
  std::size_t violations = 0;
  Pairs met;  ///< in a composition that ran to its end
};

[[nodiscard]] std::string sentence(const std::vector<std::string>& names, const char* between) {
  std::string all;
  for (const std::string& name : names) {
    all += (all.empty() ? "" : between) + name;
  }
  return all;
}

void run(const Entry& entry, std::uint64_t seed, std::uint64_t steps, Ran& ran) {
  const Outcome outcome = run_operations(*entry.make(), seed, steps);
  ++ran.compositions;
  ran.operations += outcome.operations;
  if (!outcome.difference.empty() || outcome.compared < steps / 10) {
    ++ran.violations;
    std::printf(
        "violated: %s (seed %llu): %s\n", sentence(entry.policies, ", ").c_str(),
        static_cast<unsigned long long>(seed),
        outcome.difference.empty() ? "too little was compared" : outcome.difference.c_str());
    return;
  }
  for (auto one = entry.policies.begin(); one != entry.policies.end(); ++one) {
    for (auto other = one + 1; other != entry.policies.end(); ++other) {
      ran.met.add(*one, *other);
    }
  }
}

struct Coverage {
  std::size_t covered = 0;
  std::size_t possible = 0;
};

/// Of the pairs of models of two slots; prints those that did not meet.
void count(const Slot& one, const Slot& other, const Pairs& clashes, const Pairs& met,
           Coverage& coverage) {
  for (const std::string& a : one.models) {
    for (const std::string& b : other.models) {
      if (clashes.has(a, b)) {
        continue;
      }
      ++coverage.possible;
      if (met.has(a, b)) {
        ++coverage.covered;
      } else {
        std::printf("never met: %s and %s\n", a.c_str(), b.c_str());
      }
    }
  }
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  const auto argument = [&](int i, std::uint64_t otherwise) {
    return i < count_of_arguments ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
  };
  const std::vector<Slot> slots = all_slots();
  for (const Slot& slot : slots) {
    std::printf("%-18s | %s\n", slot.name.c_str(), sentence(slot.models, "; ").c_str());
  }
  Pairs clashes;
  std::size_t excluded_pairs = 0;
  for (const Excluded& each : excluded()) {
    if (each.models.size() == 2) {
      clashes.add(each.models[0], each.models[1]);
      ++excluded_pairs;
    }
    std::printf("excluded: %s: %s\n", sentence(each.models, " with ").c_str(), each.reason.c_str());
  }
  Ran ran;
  for (const Entry& entry : all_entries()) {
    run(entry, argument(2, 1) + ran.compositions, argument(1, 1500), ran);
  }
  Coverage coverage;
  for (auto one = slots.begin(); one != slots.end(); ++one) {
    for (auto other = one + 1; other != slots.end(); ++other) {
      count(*one, *other, clashes, ran.met, coverage);
    }
  }
  std::printf(
      "%zu compositions, %zu of %zu pairs covered, %zu pairs excluded, "
      "%llu operations, %zu violations\n",
      ran.compositions, coverage.covered, coverage.possible, excluded_pairs,
      static_cast<unsigned long long>(ran.operations), ran.violations);
  return ran.violations == 0 && coverage.covered == coverage.possible ? 0 : 1;
}
