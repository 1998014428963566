// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/compaction/concept.hpp, checked on any compaction policy.
///
/// A made-up tree, which knows of every key in every table when it was last written, is flushed
/// into at random; the policy picks jobs, which start, run side by side and end at random. After
/// every step each key must be answered by its newest version, found as readers look for it; only
/// what was dropped, or erased, may be missing. Tombstones vanish as in an engine, unless a
/// snapshot protects them. In the end, without writes, the policy must come to rest.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/job_check.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

/// A tree without an engine: tables are lists of keys with the sequence of their last write.
class MadeUpTree {
 public:
  static constexpr unsigned key_count = 500;
  static constexpr std::uint64_t entry_bytes = 10;

  explicit MadeUpTree(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] compaction::Levels view() const {
    compaction::Levels views(levels_.size());
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      for (const auto& table : levels_[level]) {
        views[level].push_back(table->view());
      }
    }
    return views;
  }
  [[nodiscard]] compaction::Conditions now() const {
    return {.compare = &comparator::Bytewise::compare,
            .unix_seconds = seconds_,
            .writes = sequence_,
            .reads = reads_,
            .detours = detours_,
            .oldest_snapshot = snapshot_};
  }
  /// From now on, or no more, a snapshot sees what is there.
  void hold_snapshot(bool hold) {
    snapshot_ = hold ? std::min(snapshot_, sequence_) : sequence_max;
  }
  [[nodiscard]] bool holds_snapshot() const { return snapshot_ != sequence_max; }
  [[nodiscard]] bool is_idle() const { return running_.empty(); }
  [[nodiscard]] std::size_t tables(unsigned level) const { return levels_[level].size(); }

  /// A table of up to `entries` keys out of a random stretch, newer than all others.
  void flush(unsigned entries, std::uint64_t seconds_later = 1) {
    seconds_ += seconds_later;
    reads_ += random_() % 100;
    detours_ += random_() % 100;
    auto table = std::make_shared<Table>();
    const unsigned first = below(key_count);
    const unsigned erased_percent = below(4) == 0 ? 90 : 10;
    for (unsigned i = 0; i < entries; ++i) {
      const unsigned key = first + below(key_count - first);
      newest_[key] = {++sequence_, below(100) < erased_percent};
      table->entries[key] = newest_[key];
    }
    table->oldest_seconds = table->newest_seconds = seconds_;
    name(*table);
    levels_[0].insert(levels_[0].begin(), std::move(table));
  }
  /// Starts a job. Empty: it was right; else what is wrong with it.
  [[nodiscard]] std::string start(const compaction::Job& job) {
    if (auto right = compaction::check_job(view(), job, &comparator::Bytewise::compare); !right) {
      return right.error().message();
    }
    Running running{job, {}};
    running.bottommost = compaction::is_bottommost(view(), job, &comparator::Bytewise::compare);
    for (const compaction::Input& input : job.inputs) {
      for (const std::uint64_t number : input.files) {
        for (const auto& table : levels_[input.level]) {
          if (table->number == number) {
            table->busy = true;
            running.inputs.push_back(table);
          }
        }
      }
    }
    running_.push_back(std::move(running));
    return {};
  }
  /// One of the running jobs ends.
  void finish() {
    if (running_.empty()) {
      return;
    }
    const std::size_t at = below(static_cast<unsigned>(running_.size()));
    const Running job = std::move(running_[at]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(at));
    for (const auto& input : job.inputs) {
      for (auto& level : levels_) {
        std::erase(level, input);
      }
    }
    if (job.job.action == compaction::Action::drop) {
      forget(job);
    } else {
      install(job);
    }
  }
  /// Whether every key is answered by its newest version, or was dropped.
  [[nodiscard]] bool answers_are_right() const {
    for (unsigned key = 0; key < key_count; ++key) {
      const Sequence found = find(key);
      const Entry& newest = newest_[key];
      const bool may_be_gone = newest.erased || newest.sequence <= dropped_[key];
      if (found != newest.sequence && (found != 0 || !may_be_gone)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] bool deep_levels_are_disjoint() const {
    for (std::size_t level = 1; level < levels_.size(); ++level) {
      for (std::size_t i = 1; i < levels_[level].size(); ++i) {
        if (levels_[level][i - 1]->largest >= levels_[level][i]->smallest) {
          return false;
        }
      }
    }
    return true;
  }

 private:
  struct Entry {
    Sequence sequence = 0;
    bool erased = false;
  };
  using Entries = std::map<unsigned, Entry>;
  struct Table {
    std::uint64_t number = 0;
    Entries entries{};
    std::string smallest{};
    std::string largest{};
    std::uint64_t oldest_seconds = 0;
    std::uint64_t newest_seconds = 0;
    bool busy = false;

    [[nodiscard]] Sequence largest_sequence() const {
      Sequence largest_one = 0;
      for (const auto& [key, entry] : entries) {
        largest_one = std::max(largest_one, entry.sequence);
      }
      return largest_one;
    }
    [[nodiscard]] std::uint64_t tombstones() const {
      return static_cast<std::uint64_t>(std::count_if(
          entries.begin(), entries.end(), [](const auto& e) { return e.second.erased; }));
    }
    [[nodiscard]] compaction::FileView view() const {
      return {.number = number,
              .size_bytes = entries.size() * entry_bytes,
              .smallest = smallest,
              .largest = largest,
              .busy = busy,
              .entries = entries.size(),
              .tombstones = tombstones(),
              .largest_sequence = largest_sequence(),
              .oldest_seconds = oldest_seconds,
              .newest_seconds = newest_seconds};
    }
  };
  using Level = std::vector<std::shared_ptr<Table>>;
  struct Running {
    compaction::Job job;
    Level inputs;
    bool bottommost = false;
  };

  [[nodiscard]] unsigned below(unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_);
  }
  void name(Table& table) {
    const auto text = [](unsigned key) {
      char digits[12];
      std::snprintf(digits, sizeof digits, "%06u", key);
      return std::string(digits);
    };
    table.number = ++number_;
    table.smallest = text(table.entries.begin()->first);
    table.largest = text(table.entries.rbegin()->first);
  }
  /// As readers look: the first table that has the key has the answer. 0: none has.
  [[nodiscard]] Sequence find(unsigned key) const {
    for (const Level& level : levels_) {
      for (const auto& table : level) {
        if (const auto at = table->entries.find(key); at != table->entries.end()) {
          return at->second.sequence;
        }
      }
    }
    return 0;
  }
  void forget(const Running& job) {
    for (const auto& input : job.inputs) {
      for (const auto& [key, entry] : input->entries) {
        dropped_[key] = std::max(dropped_[key], entry.sequence);
      }
    }
  }
  void install(const Running& job) {
    Entries merged;
    std::uint64_t oldest_seconds = UINT64_MAX;
    std::uint64_t newest_seconds = 0;
    for (const auto& input : job.inputs) {
      oldest_seconds = std::min(oldest_seconds, input->oldest_seconds);
      newest_seconds = std::max(newest_seconds, input->newest_seconds);
      for (const auto& [key, entry] : input->entries) {
        merged[key] = merged[key].sequence < entry.sequence ? entry : merged[key];
      }
    }
    const bool moved = job.inputs.size() == 1 && job.job.inputs[0].level != job.job.output_level;
    std::erase_if(merged, [&](const auto& e) {
      return e.second.erased && job.bottommost && !moved && e.second.sequence <= snapshot_;
    });
    Level& output = levels_[job.job.output_level];
    const auto put = [&](Entries entries) {
      auto table = std::make_shared<Table>();
      table->entries = std::move(entries);
      table->oldest_seconds = oldest_seconds;
      table->newest_seconds = newest_seconds;
      name(*table);
      output.push_back(std::move(table));
    };
    Entries part;
    for (const auto& entry : merged) {
      part.insert(entry);
      if (part.size() * entry_bytes >= job.job.output_file_bytes) {
        put(std::exchange(part, {}));
      }
    }
    if (!part.empty()) {
      put(std::move(part));
    }
    std::sort(output.begin(), output.end(), [&](const auto& a, const auto& b) {
      return job.job.output_level == 0 ? a->largest_sequence() > b->largest_sequence()
                                       : a->smallest < b->smallest;
    });
  }

  std::mt19937_64 random_;
  std::array<Level, compaction::level_count> levels_;
  std::array<Entry, key_count> newest_{};
  std::array<Sequence, key_count> dropped_{};
  std::vector<Running> running_;
  std::uint64_t number_ = 0;
  Sequence sequence_ = 0;
  Sequence snapshot_ = sequence_max;
  std::uint64_t reads_ = 0;
  std::uint64_t detours_ = 0;
  std::uint64_t seconds_ = 1'000'000;
};

/// `options` should suit tables of some hundred to some thousand bytes. Jobs that were picked are
/// counted in `jobs`, if it is given: a policy that never works keeps every promise.
template <CompactionPolicy C>
[[nodiscard]] Conformance compaction_conformance(const options_of_t<C>& options, std::uint64_t seed,
                                                 unsigned* jobs = nullptr) {
  Conformance result;
  MadeUpTree tree(seed);
  C picker(options);
  std::mt19937_64 random(seed);
  unsigned picked = 0;
  const auto pick = [&] {
    const auto job = picker.pick(tree.view(), tree.now());
    if (!job || (job->action == compaction::Action::drop && tree.holds_snapshot())) {
      return false;
    }
    ++picked;
    const std::string wrong = tree.start(*job);
    result.expect(wrong.empty(), "a job keeps the order of versions: " + wrong);
    return wrong.empty();
  };
  const auto look = [&] {
    result.expect(tree.answers_are_right(), "a compaction changes no answer");
    result.expect(tree.deep_levels_are_disjoint(), "tables of a deeper level share no key");
  };
  for (int step = 0; step < 400 && result.violations.empty(); ++step) {
    if (random() % 20 == 0) {
      tree.hold_snapshot(!tree.holds_snapshot());
    }
    switch (random() % 3) {
      case 0: tree.flush(1 + static_cast<unsigned>(random() % 60)); break;
      case 1: tree.finish(); break;
      default: (void)pick(); break;
    }
    look();
    const double pressure = picker.pressure(tree.view()).value;
    result.expect(pressure >= 0 && pressure <= 2, "pressure lies between 0 and 2");
  }
  const unsigned before_rest = picked;
  while (result.violations.empty() && picked < before_rest + 1000) {
    if (!pick()) {
      if (tree.is_idle()) {
        break;
      }
      tree.finish();
      look();
    }
  }
  result.expect(picked < before_rest + 1000, "without writes a policy comes to rest");
  result.expect(picker.pressure(tree.view()).value <= 1, "at rest writers are not stopped");
  if (jobs != nullptr) {
    *jobs += picked;
  }
  return result;
}

}  // namespace strata::testing
