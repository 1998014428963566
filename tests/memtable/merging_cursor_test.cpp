// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/merging_cursor.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <random>
#include <strata/core/comparator.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace strata;

namespace {

using Entries = std::vector<std::pair<std::string, Trailer>>;

/// A sorted list, and a count of the steps taken in it.
class Child {
 public:
  explicit Child(const Entries& entries) : entries_(&entries), at_(entries.size()) {}
  [[nodiscard]] bool valid() const { return at_ < entries_->size(); }
  [[nodiscard]] std::string_view key() const { return (*entries_)[at_].first; }
  [[nodiscard]] Trailer trailer() const { return (*entries_)[at_].second; }
  [[nodiscard]] std::string_view value() const { return key(); }
  void seek_to_first() { at_ = 0; }
  void seek_to_last() { at_ = entries_->size() - 1; }
  void seek(std::string_view key, Sequence sequence) {
    for (at_ = 0; valid() && (this->key() < key ||
                              (this->key() == key && trailer() > Trailer::seek(sequence)));) {
      ++at_;
    }
  }
  void seek_for_prev(std::string_view key) {
    for (at_ = entries_->size() - 1; valid() && this->key() > key;) {
      --at_;
    }
  }
  void next() { ++at_; }
  void prev() { --at_; }

 private:
  const Entries* entries_;
  std::size_t at_;
};

using Cursor = memtable::detail::MergingCursor<comparator::Bytewise, Child>;

std::vector<Child> children_of(const std::vector<Entries>& lists) {
  std::vector<Child> children;
  for (const Entries& entries : lists) {
    children.emplace_back(entries);
  }
  return children;
}

bool sorts_before(const Entries::value_type& a, const Entries::value_type& b) {
  return a.first < b.first || (a.first == b.first && a.second > b.second);
}

}  // namespace

TEST_CASE("A merge of nothing is empty") {
  const auto lists = GENERATE(std::vector<Entries>{}, std::vector<Entries>(3));
  Cursor cursor(children_of(lists));
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_first();
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_last();
  CHECK_FALSE(cursor.valid());
}

TEST_CASE("A merge walks like one sorted list, whichever way and however the entries are spread") {
  const auto seed = GENERATE(range(1U, 20U));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::vector<Entries> lists(1 + random() % 9);
  Entries all;
  for (Sequence sequence = 1; sequence <= 200; ++sequence) {
    all.emplace_back(std::to_string(random() % 60), Trailer(sequence, EntryKind::put));
    lists[random() % lists.size()].push_back(all.back());
  }
  std::sort(all.begin(), all.end(), sorts_before);
  for (Entries& entries : lists) {
    std::sort(entries.begin(), entries.end(), sorts_before);
  }
  Cursor cursor(children_of(lists));
  for (int walk = 0; walk < 50; ++walk) {
    std::size_t at = random() % all.size();
    const auto key = all[at].first;
    if (random() % 2 == 0) {
      cursor.seek(key, all[at].second.sequence());
    } else {
      cursor.seek_for_prev(key);
      while (at + 1 < all.size() && all[at + 1].first == key) {
        ++at;
      }
    }
    for (int step = 0; step < 40; ++step) {
      REQUIRE(cursor.valid());
      REQUIRE(cursor.key() == all[at].first);
      REQUIRE(cursor.trailer() == all[at].second);
      REQUIRE(cursor.value() == all[at].first);
      const bool forward = random() % 2 == 0;
      if (at == (forward ? all.size() - 1 : 0)) {
        break;
      }
      forward ? cursor.next() : cursor.prev();
      at = forward ? at + 1 : at - 1;
    }
  }
}
