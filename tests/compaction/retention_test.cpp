// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/retention.hpp>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compaction/filter.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/core/comparator.hpp>

using strata::EntryKind;
using strata::RangeErase;
using strata::Sequence;
using strata::Trailer;
using Ranges = strata::RangeEraseSet<strata::comparator::Bytewise>;

namespace {

struct Entry {
  std::string key;
  Sequence sequence;
  EntryKind kind;
  std::string value;
  friend bool operator==(const Entry&, const Entry&) = default;
};
std::ostream& operator<<(std::ostream& out, const Entry& e) {
  return out << e.key << "@" << e.sequence << "/" << static_cast<int>(e.kind) << "=" << e.value;
}

struct Setting {
  std::vector<Sequence> snapshots{};
  Ranges ranges{};
  bool bottommost = false;
  bool zero = false;
};

template <class Merge = strata::merge::Append, class Filter = strata::compaction_filter::None>
std::vector<Entry> retain(const std::vector<Entry>& in, const Setting& setting = {},
                          const Filter& filter = {}) {
  std::vector<Entry> out;
  auto sink = [&](std::string_view key, Trailer trailer,
                  std::string_view value) -> strata::Result<void> {
    out.push_back({std::string(key), trailer.sequence(), trailer.kind(), std::string(value)});
    return {};
  };
  strata::compaction::Retention<strata::comparator::Bytewise, Merge, Filter, decltype(sink)>
      retention({.snapshots = setting.snapshots,
                 .range_erases = &setting.ranges,
                 .bottommost = setting.bottommost,
                 .zero_sequences = setting.zero},
                filter, sink);
  for (const Entry& entry : in) {
    REQUIRE(retention.add(entry.key, Trailer(entry.sequence, entry.kind), entry.value));
  }
  REQUIRE(retention.finish());
  return out;
}

constexpr auto put = EntryKind::put;
constexpr auto erase = EntryKind::erase;
constexpr auto merge_op = EntryKind::merge;

}  // namespace

TEST_CASE("without snapshots only the newest version of a key is kept") {
  CHECK(retain({{"a", 9, put, "new"}, {"a", 3, put, "old"}, {"b", 1, put, "b"}}) ==
        std::vector<Entry>{{"a", 9, put, "new"}, {"b", 1, put, "b"}});
}

TEST_CASE("each snapshot keeps the version that it sees") {
  const std::vector<Entry> in{
      {"a", 9, put, "9"}, {"a", 7, put, "7"}, {"a", 5, put, "5"}, {"a", 2, put, "2"}};
  CHECK(retain(in, {.snapshots = {6}}) == std::vector<Entry>{in[0], in[2]});
  CHECK(retain(in, {.snapshots = {2, 8}}) == std::vector<Entry>{in[0], in[1], in[3]});
}

TEST_CASE("a tombstone hides what is below, so it stays unless this is the bottom") {
  const std::vector<Entry> in{{"a", 9, erase, ""}, {"a", 3, put, "old"}};
  CHECK(retain(in) == std::vector<Entry>{in[0]});
  CHECK(retain(in, {.bottommost = true}).empty());
}

TEST_CASE("a tombstone at the bottom stays while a snapshot sees what it hides") {
  const std::vector<Entry> in{{"a", 9, erase, ""}, {"a", 3, put, "old"}};
  CHECK(retain(in, {.snapshots = {5}, .bottommost = true}) == in);
}

TEST_CASE("at the bottom, versions that all readers see lose their sequence") {
  CHECK(retain({{"a", 9, put, "v"}}, {.bottommost = true, .zero = true}) ==
        std::vector<Entry>{{"a", 0, put, "v"}});
  CHECK(retain({{"a", 9, put, "v"}}, {.snapshots = {5}, .bottommost = true, .zero = true}) ==
        std::vector<Entry>{{"a", 9, put, "v"}});
}

TEST_CASE("a range erase hides older versions of its stripe only") {
  const std::vector<Entry> in{{"k", 8, put, "new"}, {"k", 3, put, "old"}};
  CHECK(retain(in, {.ranges = Ranges({{"a", "z", 5}})}) == std::vector<Entry>{in[0]});
  CHECK(retain(in, {.ranges = Ranges({{"a", "z", 9}})}).empty());
  CHECK(retain(in, {.snapshots = {4}, .ranges = Ranges({{"a", "z", 9}})}) ==
        std::vector<Entry>{in[1]});
}

TEST_CASE("merge operands fold over their base") {
  CHECK(retain({{"a", 9, merge_op, "c"}, {"a", 8, merge_op, "b"}, {"a", 2, put, "a"}}) ==
        std::vector<Entry>{{"a", 9, put, "abc"}});
  CHECK(retain({{"a", 9, merge_op, "c"}, {"a", 2, erase, ""}}) ==
        std::vector<Entry>{{"a", 9, put, "c"}});
}

TEST_CASE("operands without a base are combined, and become a value at the bottom") {
  const std::vector<Entry> in{{"a", 9, merge_op, "c"}, {"a", 8, merge_op, "b"}};
  CHECK(retain(in) == std::vector<Entry>{{"a", 9, merge_op, "bc"}});
  CHECK(retain(in, {.bottommost = true}) == std::vector<Entry>{{"a", 9, put, "bc"}});
}

TEST_CASE("a snapshot between operands keeps them apart") {
  const std::vector<Entry> in{{"a", 9, merge_op, "c"}, {"a", 4, merge_op, "b"}, {"a", 2, put, "a"}};
  CHECK(retain(in, {.snapshots = {5}}) ==
        std::vector<Entry>{{"a", 9, merge_op, "c"}, {"a", 4, put, "ab"}});
}

TEST_CASE("a malformed operand is kept with all it could apply to") {
  const std::vector<Entry> in{{"a", 9, merge_op, "short"}, {"a", 2, put, "12345678"}};
  CHECK(retain<strata::merge::Add>(in) == in);
}

namespace {
struct DropX {
  using policy_slot = strata::compaction_filter_slot;
  static constexpr std::string_view name = "drop_x";
  [[nodiscard]] static bool keep(std::string_view, std::string_view value) { return value != "x"; }
};
static_assert(strata::CompactionFilterPolicy<DropX>);
}  // namespace

TEST_CASE("what a filter rejects becomes a tombstone, and nothing at the bottom") {
  const std::vector<Entry> in{{"a", 9, put, "x"}, {"b", 8, put, "y"}};
  CHECK(retain<strata::merge::None>(in, {}, DropX{}) ==
        std::vector<Entry>{{"a", 9, erase, ""}, in[1]});
  CHECK(retain<strata::merge::None>(in, {.bottommost = true}, DropX{}) ==
        std::vector<Entry>{in[1]});
}

TEST_CASE("a filter is asked only for what no snapshot sees") {
  const std::vector<Entry> in{{"a", 9, put, "x"}, {"a", 5, put, "x"}};
  for (const bool bottommost : {false, true}) {
    CHECK(retain<strata::merge::None>(in, {.snapshots = {5}, .bottommost = bottommost}, DropX{}) ==
          std::vector<Entry>{{"a", 9, erase, ""}, {"a", 5, put, "x"}});
    CHECK(retain<strata::merge::None>(in, {.snapshots = {5, 9}, .bottommost = bottommost},
                                      DropX{}) == in);
  }
}

namespace {

/// The answer of a reader at `sequence` to a table of entries; what Retention must not change.
std::optional<std::string> answer(const std::vector<Entry>& entries, const Ranges& ranges,
                                  const std::string& key, Sequence sequence) {
  std::vector<std::string> operands;
  std::string base;
  bool has_base = false;
  for (const Entry& e : entries) {
    if (e.key != key || e.sequence > sequence) {
      continue;
    }
    if (e.kind == erase || ranges.newest_covering(key, sequence) > e.sequence) {
      break;
    }
    if (e.kind == merge_op) {
      operands.push_back(e.value);
      continue;
    }
    base = e.value;
    has_base = true;
    break;
  }
  if (!has_base && operands.empty()) {
    return std::nullopt;
  }
  for (auto it = operands.rbegin(); it != operands.rend(); ++it) {
    base += *it;
  }
  return base;
}

}  // namespace

TEST_CASE("no reader, at any live snapshot or now, gets another answer") {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    CAPTURE(round);
    std::vector<Entry> in;
    for (const char* key : {"a", "b", "c"}) {
      for (Sequence s = 20; s > 0; --s) {
        if (random() % 3 == 0) {
          const auto kind = static_cast<EntryKind>(random() % 3);
          in.push_back(
              {key, s * 3 + static_cast<Sequence>(key[0] - 'a'), kind,
               kind == erase ? "" : std::string(1, static_cast<char>('a' + random() % 26))});
        }
      }
    }
    Setting setting;
    for (std::size_t i = 0, n = random() % 4; i < n; ++i) {
      setting.snapshots.push_back(random() % 70);
    }
    std::sort(setting.snapshots.begin(), setting.snapshots.end());
    setting.snapshots.erase(std::unique(setting.snapshots.begin(), setting.snapshots.end()),
                            setting.snapshots.end());
    if (random() % 2 == 0) {
      setting.ranges = Ranges({{"a", "c", random() % 70 + 1}});
    }
    setting.bottommost = random() % 2 == 0;
    setting.zero = setting.bottommost && setting.ranges.empty();
    const auto out = retain(in, setting);
    auto readers = setting.snapshots;
    readers.push_back(strata::sequence_max);
    for (const Sequence reader : readers) {
      for (const char* key : {"a", "b", "c"}) {
        CHECK(answer(out, setting.ranges, key, reader) == answer(in, setting.ranges, key, reader));
      }
    }
  }
}
