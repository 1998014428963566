// SPDX-License-Identifier: BSL-1.0

/// Compaction policies beside each other, in a simulation: the same numbers on any machine.
///
/// Two million writes of random keys, out of half a million, fill tables that are lists of keys;
/// an entry counts 128 bytes, a flush has 8192 of them (1 MiB), and 1000 are written a second. The
/// policy runs after each flush until it rests. Printed as a table, averaged over the second half:
///
/// - write: bytes written to tables for each byte flushed, all in all
/// - present, absent: tables whose bounds hold the key that a get of one looks at (without filters)
/// - space: bytes in tables for each byte of live keys; peak: the most, while a merge has both its
///   inputs and its outputs
/// - tables, jobs: tables at the end, and merges that were run
/// - kept: live keys that are still there at the end (policies that drop), in percent

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <strata/compaction.hpp>
#include <strata/compaction/job_check.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/comparator.hpp>

namespace {

using namespace strata;

constexpr std::uint64_t writes_total = 2'000'000;
constexpr std::uint32_t key_count = 500'000;
constexpr std::uint64_t entry_bytes = 128;
constexpr std::uint64_t flush_entries = 8192;
constexpr std::uint64_t writes_a_second = 1000;

struct Entry {
  std::uint32_t key = 0;
  std::uint32_t sequence = 0;
};

/// Keys as seven digits, which sort as the numbers do.
std::string text_of(std::uint32_t key) {
  return std::to_string(1'000'000 + key);
}

struct Table {
  explicit Table(std::vector<Entry> all) : entries(std::move(all)) {
    smallest = text_of(entries.front().key);
    largest = text_of(entries.back().key);
    for (const Entry& entry : entries) {
      sequence = std::max(sequence, entry.sequence);
    }
  }
  [[nodiscard]] bool covers(std::uint32_t key) const {
    return entries.front().key <= key && key <= entries.back().key;
  }
  [[nodiscard]] bool holds(std::uint32_t key) const {
    const auto at = std::lower_bound(entries.begin(), entries.end(), key,
                                     [](const Entry& e, std::uint32_t k) { return e.key < k; });
    return at != entries.end() && at->key == key;
  }

  std::vector<Entry> entries;
  std::string smallest;
  std::string largest;
  std::uint32_t sequence = 0;  ///< the largest
  std::uint64_t number = 0;
  std::uint64_t oldest_seconds = UINT64_MAX;
  std::uint64_t newest_seconds = 0;
};
using Level = std::vector<std::shared_ptr<Table>>;

struct Figures {
  double present = 0;
  double absent = 0;
  double space = 0;
  unsigned samples = 0;
};

class Simulation {
 public:
  template <CompactionPolicy C>
  void run(const char* title, const options_of_t<C>& options) {
    C policy(options);
    std::vector<std::uint32_t> buffer;
    for (sequence_ = 1; sequence_ <= writes_total; ++sequence_) {
      buffer.push_back(below(key_count));
      if (buffer.size() == flush_entries) {
        flush(std::exchange(buffer, {}));
        while (const auto job = policy.pick(view(), now())) {
          execute(*job);
        }
        if (sequence_ > writes_total / 2) {
          sample();
        }
      }
    }
    print(title);
  }

 private:
  [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }
  [[nodiscard]] compaction::Conditions now() const {
    return {.compare = &comparator::Bytewise::compare,
            .unix_seconds = 1'000'000 + sequence_ / writes_a_second,
            .writes = sequence_};
  }
  [[nodiscard]] compaction::Levels view() const {
    compaction::Levels levels(compaction::level_count);
    for (std::size_t level = 0; level < levels.size(); ++level) {
      for (const auto& table : levels_[level]) {
        levels[level].push_back({.number = table->number,
                                 .size_bytes = table->entries.size() * entry_bytes,
                                 .smallest = table->smallest,
                                 .largest = table->largest,
                                 .entries = table->entries.size(),
                                 .largest_sequence = table->sequence,
                                 .oldest_seconds = table->oldest_seconds,
                                 .newest_seconds = table->newest_seconds});
      }
    }
    return levels;
  }
  [[nodiscard]] std::uint64_t entries_stored() const {
    std::uint64_t stored = 0;
    for (const Level& level : levels_) {
      for (const auto& table : level) {
        stored += table->entries.size();
      }
    }
    return stored;
  }

  /// Sorts by key and keeps the newest of each.
  static void keep_newest(std::vector<Entry>& entries) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.key, ~a.sequence) < std::pair(b.key, ~b.sequence);
    });
    entries.erase(std::unique(entries.begin(), entries.end(),
                              [](const Entry& a, const Entry& b) { return a.key == b.key; }),
                  entries.end());
  }
  void flush(const std::vector<std::uint32_t>& keys) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      entries.push_back({keys[i], static_cast<std::uint32_t>(sequence_ - keys.size() + i + 1)});
      written_[keys[i]] = true;
    }
    keep_newest(entries);
    flushed_ += entries.size();
    auto table = std::make_shared<Table>(std::move(entries));
    table->number = ++number_;
    table->oldest_seconds = table->newest_seconds = now().unix_seconds;
    levels_[0].insert(levels_[0].begin(), std::move(table));
  }

  /// Takes the inputs out of their levels.
  [[nodiscard]] Level take(const compaction::Job& job) {
    Level inputs;
    for (const compaction::Input& input : job.inputs) {
      std::erase_if(levels_[input.level], [&](const std::shared_ptr<Table>& table) {
        const bool taken =
            std::find(input.files.begin(), input.files.end(), table->number) != input.files.end();
        if (taken) {
          inputs.push_back(table);
        }
        return taken;
      });
    }
    return inputs;
  }
  void execute(const compaction::Job& job) {
    if (!compaction::check_job(view(), job, &comparator::Bytewise::compare)) {
      std::fputs("a wrong job\n", stderr);
      std::exit(1);
    }
    const std::uint64_t before = entries_stored();
    const Level inputs = take(job);
    if (job.action == compaction::Action::drop) {
      return;
    }
    Level& output = levels_[job.output_level];
    if (inputs.size() == 1 && job.inputs.front().level != job.output_level) {
      output.push_back(inputs.front());  // only changes its level
    } else {
      const std::uint64_t made = merge(inputs, job.output_file_bytes, output);
      rewritten_ += made;
      note_peak(before + made);
      ++jobs_;
    }
    std::sort(output.begin(), output.end(), [&](const auto& a, const auto& b) {
      return job.output_level == 0 ? a->sequence > b->sequence : a->smallest < b->smallest;
    });
  }
  [[nodiscard]] std::uint64_t merge(const Level& inputs, std::uint64_t file_bytes, Level& output) {
    std::vector<Entry> all;
    std::uint64_t oldest = UINT64_MAX;
    std::uint64_t newest = 0;
    for (const auto& input : inputs) {
      all.insert(all.end(), input->entries.begin(), input->entries.end());
      oldest = std::min(oldest, input->oldest_seconds);
      newest = std::max(newest, input->newest_seconds);
    }
    keep_newest(all);
    const std::uint64_t most = std::max<std::uint64_t>(1, file_bytes / entry_bytes);
    for (std::size_t from = 0; from < all.size();) {
      const std::size_t to = from + std::min<std::uint64_t>(most, all.size() - from);
      const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
      auto table = std::make_shared<Table>(std::vector<Entry>(at(from), at(to)));
      table->number = ++number_;
      table->oldest_seconds = oldest;
      table->newest_seconds = newest;
      output.push_back(std::move(table));
      from = to;
    }
    return all.size();
  }

  [[nodiscard]] std::uint64_t live() const {
    return static_cast<std::uint64_t>(std::count(written_.begin(), written_.end(), true));
  }
  void note_peak(std::uint64_t entries) {
    if (sequence_ > writes_total / 2) {
      peak_ = std::max(peak_, static_cast<double>(entries) / static_cast<double>(live()));
    }
  }
  /// Tables that a get looks at; found: whether one of them holds the key.
  [[nodiscard]] std::pair<unsigned, bool> look_up(std::uint32_t key, bool present) const {
    unsigned looked_at = 0;
    for (const Level& level : levels_) {
      for (const auto& table : level) {
        if (table->covers(key)) {
          ++looked_at;
          if (present && table->holds(key)) {
            return {looked_at, true};
          }
        }
      }
    }
    return {looked_at, false};
  }
  void sample() {
    constexpr unsigned gets = 200;
    unsigned found = 0;
    double present = 0;
    double absent = 0;
    for (unsigned i = 0; i < gets; ++i) {
      const std::uint32_t key = below(key_count);
      const auto [looked_at, is_there] = look_up(key, true);
      found += is_there ? 1U : 0U;
      present += is_there ? looked_at : 0U;
      absent += look_up(key, false).first;
    }
    figures_.present += present / std::max(1U, found);
    figures_.absent += absent / gets;
    note_peak(entries_stored());
    figures_.space += static_cast<double>(entries_stored()) / static_cast<double>(live());
    ++figures_.samples;
  }
  void print(const char* title) const {
    std::uint64_t tables = 0;
    for (const Level& level : levels_) {
      tables += level.size();
    }
    std::uint64_t kept = 0;
    for (std::uint32_t key = 0; key < key_count; ++key) {
      kept += written_[key] && look_up(key, true).second ? 1U : 0U;
    }
    const double n = figures_.samples;
    std::printf("| %s | %.2f | %.2f | %.1f | %.2f | %.2f | %llu | %llu | %.0f |\n", title,
                static_cast<double>(flushed_ + rewritten_) / static_cast<double>(flushed_),
                figures_.present / n, figures_.absent / n, figures_.space / n, peak_,
                static_cast<unsigned long long>(tables), static_cast<unsigned long long>(jobs_),
                100 * static_cast<double>(kept) / static_cast<double>(live()));
    std::fflush(stdout);
  }

  std::mt19937_64 random_{42};
  std::array<Level, compaction::level_count> levels_;
  std::vector<bool> written_ = std::vector<bool>(key_count);
  std::uint64_t sequence_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t flushed_ = 0;    ///< entries
  std::uint64_t rewritten_ = 0;  ///< ... by merges
  std::uint64_t jobs_ = 0;
  double peak_ = 0;
  Figures figures_;
};

template <CompactionPolicy C>
void row(const char* title, const options_of_t<C>& options) {
  Simulation().run<C>(title, options);
}

/// T stays where it is put.
compaction::LazyLeveled::Options lazy(unsigned ratio) {
  return {.ratio_min = ratio, .ratio_max = ratio, .run_bytes = 1_MiB, .file_bytes = 1_MiB};
}

}  // namespace

int main() {
  using namespace strata::compaction;
  const Leveled::Options leveled{.level1_bytes = 4_MiB, .file_bytes = 1_MiB};
  Paced<Leveled>::Options paced;
  static_cast<Leveled::Options&>(paced) = leveled;
  paced.writes_per_job = 100'000;
  paced.interval_max_seconds = 600;

  std::puts("| policy | write | present | absent | space | peak | tables | jobs | kept |");
  std::puts("|---|---|---|---|---|---|---|---|---|");
  row<Leveled>("`Leveled`", leveled);
  row<Paced<Leveled>>("`Paced<Leveled>`", paced);
  row<LazyLeveled>("`LazyLeveled`, T = 4", lazy(4));
  row<LazyLeveled>("`LazyLeveled`, T = 12", lazy(12));
  row<LazyLeveled>("`LazyLeveled`, T = 20", lazy(20));
  row<SizeTiered>("`SizeTiered`", {.file_bytes = 1_MiB});
  row<SizeTiered>("`SizeTiered`, 10 runs", {.runs_trigger = 10, .file_bytes = 1_MiB});
  row<TimeWindow>("`TimeWindow`", {.window_seconds = 250, .run_bytes = 1_MiB});
  row<TimeWindow>("`TimeWindow`, expiry",
                  {.window_seconds = 250, .ttl_seconds = 1000, .run_bytes = 1_MiB});
  row<Fifo>("`Fifo`", {.bytes_max = 128_MiB});
  row<Fifo>("`Fifo`, merged by 4",
            {.bytes_max = 128_MiB, .merge_width = 4, .merge_bytes_max = 64_MiB});
  row<Manual>("`Manual`", {});
}
