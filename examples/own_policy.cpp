// SPDX-License-Identifier: BSL-1.0
// A compaction policy of our own: checked, composed, and seen at work. docs/write-a-policy.md
// goes through this file.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <strata/compaction/concept.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/testing/compaction_conformance.hpp>
#include <strata/testing/model_check.hpp>

namespace compaction = strata::compaction;

/// Sorted runs of doubling sizes, all in level 0 (the logarithmic method, Bentley and Saxe 1980).
///
/// *Trigger*: a run that is no larger than the newer ones together. *Layout*: among n bytes of
/// flushes of f bytes, at most log2(n/f) + 1 runs. *Granularity*: whole runs. *Movement*: the
/// newest, up to the first that is large enough. So an entry is copied log2(n/f) times, about.
class Doubling {
 public:
  using policy_slot = strata::compaction_slot;
  static constexpr std::string_view name = "doubling";
  struct Options {
    std::size_t runs_max = 24;  ///< with more of them, writers are slowed down
  };

  explicit Doubling(const Options& options) : options_(options) {}

  [[nodiscard]] std::optional<compaction::Job> pick(const compaction::Levels& levels,
                                                    const compaction::Conditions&) const {
    compaction::Input newest{.level = 0};
    std::uint64_t bytes = 0;
    for (const compaction::FileView& run : levels[0]) {
      if (run.busy || (run.size_bytes > bytes && !newest.files.empty())) {
        break;
      }
      newest.files.push_back(run.number);
      bytes += run.size_bytes;
    }
    if (newest.files.size() < 2) {
      return std::nullopt;
    }
    return compaction::Job{.inputs = {newest}, .output_level = 0};
  }
  [[nodiscard]] compaction::Pressure pressure(const compaction::Levels& levels) const {
    return {static_cast<double>(levels[0].size()) / static_cast<double>(options_.runs_max)};
  }

 private:
  Options options_;
};

static_assert(strata::CompactionPolicy<Doubling>);

/// The same, had we forgotten that runs have an order: the first and the third newest.
struct Careless : Doubling {
  using Doubling::Doubling;
  [[nodiscard]] std::optional<compaction::Job> pick(const compaction::Levels& levels,
                                                    const compaction::Conditions&) const {
    const auto& runs = levels[0];
    if (runs.size() < 3 || runs[0].busy || runs[2].busy) {
      return std::nullopt;
    }
    const compaction::Input two{.level = 0, .files = {runs[0].number, runs[2].number}};
    return compaction::Job{.inputs = {two}, .output_level = 0};
  }
};

/// Promises are kept by every random history, or broken by one.
template <class Policy>
void conform() {
  strata::testing::Conformance found;
  unsigned jobs = 0;
  for (std::uint64_t seed = 1; seed <= 10 && found.violations.empty(); ++seed) {
    found = strata::testing::compaction_conformance<Policy>({}, seed, &jobs);
  }
  for (const std::string& promise : found.violations) {
    std::printf("  %s\n", promise.c_str());
  }
  std::printf("  %s, %zu broken\n", jobs > 0 ? "jobs were picked" : "it never worked",
              found.violations.size());
}

/// In memory, without threads, and beside that with what is the default of each slot.
struct Archive : strata::compose<Doubling, strata::io::Memory, strata::executor::Inline>::type {};
using Db = strata::Engine<Archive>;

/// Random operations on the engine and on a `std::map`; the first difference, if there is one.
std::string difference() {
  Db::Options options;  // holds the file system: what is reopened is what was closed
  options.write_buffer_bytes = 20'000;
  const auto open = [&] { return Db::open("/db", options); };
  return strata::testing::ModelCheck<Db, decltype(open)>({.operations = 5000}, open).run();
}

/// 64 flushes of the same size.
std::size_t runs_after_64_flushes() {
  auto db = Db::open("/db", {.compaction = {.runs_max = 12}});
  bool is_good = db.has_value();
  for (unsigned i = 0; i < 64 && is_good; ++i) {
    for (unsigned k = 0; k < 100 && is_good; ++k) {
      is_good = db->put(std::to_string(i * 100 + k), "value").has_value();
    }
    is_good = is_good && db->flush();
  }
  return is_good ? db->stats().families[0].levels[0].files : SIZE_MAX;
}

int main() {
  std::puts("the kit on Doubling:");
  conform<Doubling>();
  std::puts("the kit on Careless:");
  conform<Careless>();
  std::printf("difference from a map: %s\n", difference() == "" ? "none" : "found");
  std::printf("at most 7 runs after 64 flushes: %s\n", runs_after_64_flushes() <= 7 ? "yes" : "no");
  std::fputs(strata::describe<Db>().c_str(), stdout);
}
