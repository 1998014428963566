// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/leveled.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>

using namespace strata;
using compaction::FileView;
using compaction::Job;
using compaction::level_count;
using compaction::Leveled;
using compaction::Levels;
using Numbers = std::vector<std::uint64_t>;

namespace {

int compare(std::string_view a, std::string_view b) noexcept {
  return comparator::Bytewise::compare(a, b);
}

/// Keys of made-up tables: three digits.
std::string_view key(unsigned number) {
  static const std::deque<std::string> keys = [] {
    std::deque<std::string> all;
    for (unsigned i = 0; i < 1000; ++i) {
      all.push_back(std::to_string(1000 + i).substr(1));
    }
    return all;
  }();
  return keys.at(number);
}

FileView file(std::uint64_t number, unsigned first, unsigned last, std::uint64_t bytes = 100) {
  return {.number = number, .size_bytes = bytes, .smallest = key(first), .largest = key(last)};
}

Leveled::Options small_levels() {
  return {.level0_trigger = 4,
          .level0_slowdown = 8,
          .level0_stop = 12,
          .level1_bytes = 1000,
          .multiplier = 10,
          .file_bytes = 200};
}

Levels empty_levels() {
  return Levels(level_count);
}

Numbers sorted(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

TEST_CASE("nothing is picked from a tree within its targets") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  CHECK_FALSE(picker.pick(levels, compare));
  levels[0] = {file(3, 0, 9), file(2, 0, 9), file(1, 0, 9)};
  levels[1] = {file(4, 0, 9, 999)};
  CHECK_FALSE(picker.pick(levels, compare));
}

TEST_CASE("at its trigger all of level 0 goes, with what it overlaps below") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[0] = {file(9, 30, 39), file(8, 10, 12), file(7, 35, 50), file(6, 11, 11)};
  levels[1] = {file(1, 0, 9), file(2, 12, 20), file(3, 21, 29), file(4, 50, 60), file(5, 61, 70)};
  const auto job = picker.pick(levels, compare);
  REQUIRE(job);
  CHECK(job->level == 0);
  CHECK(job->output_level == 1);
  CHECK(job->output_file_bytes == 200);
  CHECK(sorted(job->upper) == Numbers{6, 7, 8, 9});
  // 21..29 lies between them: a range that is rewritten has no hole, or outputs would overlap it.
  CHECK(sorted(job->lower) == Numbers{2, 3, 4});
}

TEST_CASE("level 0 waits while one of its tables, or one it needs, is in another job") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[0] = {file(9, 0, 9), file(8, 0, 9), file(7, 0, 9), file(6, 0, 9)};
  levels[1] = {file(1, 0, 9)};
  REQUIRE(picker.pick(levels, compare));
  SECTION("of level 0") {
    levels[0][2].busy = true;
  }
  SECTION("of level 1") {
    levels[1][0].busy = true;
  }
  CHECK_FALSE(picker.pick(levels, compare));
}

TEST_CASE("of a level that is too large, the table with the least to rewrite per byte goes") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[1] = {file(1, 0, 9, 500), file(2, 10, 19, 500), file(3, 20, 29, 100)};
  levels[2] = {file(4, 0, 4), file(5, 5, 9), file(6, 10, 19), file(7, 25, 30)};
  auto job = picker.pick(levels, compare);
  REQUIRE(job);
  CHECK(job->level == 1);
  CHECK(job->output_level == 2);
  CHECK(job->upper == Numbers{2});  // 100 bytes for 500, against 200 for 500 and 100 for 100
  CHECK(job->lower == Numbers{6});

  SECTION("one that is free, and whose overlap is free") {
    levels[1][1].busy = true;
    CHECK(picker.pick(levels, compare) == std::nullopt);  // 600 free bytes: within the target
    levels[1][0].size_bytes = 900;
    job = picker.pick(levels, compare);
    REQUIRE(job);
    CHECK(job->upper == Numbers{1});
    levels[2][1].busy = true;
    job = picker.pick(levels, compare);
    REQUIRE(job);
    CHECK(job->upper == Numbers{3});
  }
  SECTION("of two alike, the one with more tombstones") {
    levels[2].clear();
    levels[1][2].tombstones = 5;
    job = picker.pick(levels, compare);
    REQUIRE(job);
    CHECK(job->upper == Numbers{3});
    CHECK(job->lower.empty());
  }
  SECTION("an end that is exclusive overlaps nothing") {
    levels[2] = {file(4, 0, 10, 4000), file(6, 12, 40, 4000)};
    levels[2][0].largest_exclusive = true;
    levels[1][1] = file(2, 10, 12, 500);
    levels[1][1].largest_exclusive = true;
    job = picker.pick(levels, compare);
    REQUIRE(job);
    CHECK(job->upper == Numbers{2});
    CHECK(job->lower.empty());
  }
}

TEST_CASE("the level that is furthest over its target goes first") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  for (std::uint64_t number = 1; number <= 6; ++number) {
    levels[0].push_back(file(number, 0, 9));  // 1.5 times
  }
  levels[1] = {file(10, 0, 9, 1'200)};
  levels[2] = {file(20, 0, 9, 20'000)};
  const auto job = picker.pick(levels, compare);
  REQUIRE(job);
  CHECK(job->level == 2);
  levels[2][0].busy = true;  // the next one, then: level 0 with what is below it
  const auto next = picker.pick(levels, compare);
  REQUIRE(next);
  CHECK(next->level == 0);
}

TEST_CASE("the last level takes what comes: nothing is picked from it") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[level_count - 1] = {file(1, 0, 9, UINT64_MAX / 2)};
  CHECK_FALSE(picker.pick(levels, compare));
}

TEST_CASE("pressure rises evenly from the slow-down to the stop") {
  const Leveled picker(small_levels());
  Levels levels = empty_levels();
  double last = 0;
  for (unsigned tables = 0; tables < 20; ++tables) {
    const double pressure = picker.pressure(levels).value;
    CAPTURE(tables);
    CHECK(pressure == Approx(tables < 8 ? 0.0 : 1 + std::min(1.0, (tables - 8) / 4.0)));
    CHECK(pressure >= last);
    last = pressure;
    levels[0].push_back(file(tables + 1, 0, 9));
  }
  CHECK(last == 2);
}

namespace {

/// A tree of made-up tables: flushes, and jobs that run at once and end in any order.
class Tree {
 public:
  explicit Tree(unsigned seed) : random_(seed) {}

  void flush() {
    const unsigned first = below(1000);
    const unsigned last = first + below(1000 - first);
    levels[0].insert(levels[0].begin(), file(++number_, first, last, 100 + below(200)));
  }
  /// Checks what a job promises, then takes its inputs.
  void start(const Job& job) {
    REQUIRE(job.output_level == job.level + 1);
    REQUIRE_FALSE(job.upper.empty());
    take(job.level, job.upper);
    take(job.output_level, job.lower);
    for (const Job& other : running_) {
      REQUIRE_FALSE((other.output_level == job.output_level && ranges_meet(other, job)));
    }
    check_closed(job);
    running_.push_back(job);
  }
  /// Some job ends: one table, of all bytes and keys of its inputs, as wide as they are.
  void finish() {
    if (running_.empty()) {
      return;
    }
    const std::size_t at = below(static_cast<unsigned>(running_.size()));
    const Job job = running_[at];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(at));
    const auto [first, last] = range_of(job);
    std::uint64_t bytes = 0;
    bytes += remove(job.level, job.upper);
    bytes += remove(job.output_level, job.lower);
    auto& out = levels[job.output_level];
    const FileView made{
        .number = ++number_, .size_bytes = bytes, .smallest = first, .largest = last};
    out.insert(std::find_if(out.begin(), out.end(),
                            [&](const FileView& f) { return f.smallest > made.smallest; }),
               made);
    for (std::size_t i = 1; i < out.size(); ++i) {
      REQUIRE(out[i - 1].largest < out[i].smallest);
    }
  }
  [[nodiscard]] bool is_idle() const { return running_.empty(); }

  Levels levels = empty_levels();

 private:
  unsigned below(unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_);
  }
  FileView& find(unsigned level, std::uint64_t number) {
    const auto at = std::find_if(levels[level].begin(), levels[level].end(),
                                 [&](const FileView& f) { return f.number == number; });
    REQUIRE(at != levels[level].end());
    return *at;
  }
  void take(unsigned level, const Numbers& numbers) {
    for (const std::uint64_t number : numbers) {
      FileView& input = find(level, number);
      REQUIRE_FALSE(input.busy);
      input.busy = true;
    }
  }
  std::uint64_t remove(unsigned level, const Numbers& numbers) {
    std::uint64_t bytes = 0;
    for (const std::uint64_t number : numbers) {
      bytes += find(level, number).size_bytes;
      std::erase_if(levels[level], [&](const FileView& f) { return f.number == number; });
    }
    return bytes;
  }
  std::pair<std::string_view, std::string_view> range_of(const Job& job) {
    compaction::KeyRange range;
    for (const std::uint64_t number : job.upper) {
      range.widen(find(job.level, number), compare);
    }
    for (const std::uint64_t number : job.lower) {
      range.widen(find(job.output_level, number), compare);
    }
    return {range.smallest, range.largest};
  }
  bool ranges_meet(const Job& a, const Job& b) {
    const auto [a_first, a_last] = range_of(a);
    const auto [b_first, b_last] = range_of(b);
    return a_first <= b_last && b_first <= a_last;
  }
  /// Nothing older or newer of a key that moves stays where the order would be lost.
  void check_closed(const Job& job) {
    const auto [first, last] = range_of(job);
    for (const FileView& f : levels[job.output_level]) {
      const bool is_input =
          std::find(job.lower.begin(), job.lower.end(), f.number) != job.lower.end();
      REQUIRE((is_input || f.largest < first || last < f.smallest));
    }
    for (const FileView& f : levels[0]) {
      const bool is_input =
          std::find(job.upper.begin(), job.upper.end(), f.number) != job.upper.end();
      REQUIRE((job.level != 0 || is_input));
    }
  }

  std::mt19937 random_;
  std::uint64_t number_ = 0;
  std::vector<Job> running_;
};

}  // namespace

TEST_CASE("jobs that run side by side never share an input, and the tree comes to rest") {
  const auto seed = Catch::rngSeed();
  for (unsigned run = 0; run < 50; ++run) {
    CAPTURE(seed, run);
    Tree tree(seed + run);
    Leveled picker(small_levels());
    std::mt19937 random(seed + run);
    unsigned jobs = 0;
    for (int step = 0; step < 300; ++step) {
      const auto what = random() % 3;
      if (what == 0) {
        tree.flush();
      } else if (what == 1) {
        tree.finish();
      } else if (const auto job = picker.pick(tree.levels, compare)) {
        tree.start(*job);
        ++jobs;
      }
    }
    for (;;) {
      if (const auto job = picker.pick(tree.levels, compare)) {
        tree.start(*job);
        REQUIRE(++jobs < 2000);
      } else if (!tree.is_idle()) {
        tree.finish();
      } else {
        break;
      }
    }
    CHECK(jobs > 10);
    CHECK(tree.levels[0].size() < 4);
  }
}
