// SPDX-License-Identifier: BSL-1.0
#pragma once

/// One cursor over the entries of many: a heap of the children that stand, the next to come on top.
///
/// `Child` has the functions of a memtable's cursor. While the cursor goes forward all children but
/// the top stand behind its entry, while it goes backward all stand before it; where it turns they
/// cross over. A table may have grown since a child went where it stands, so crossing takes as many
/// steps as there are entries in the way, mostly one.
///
/// Heads of keys are kept in the heap: most comparisons look at no entry (D. E. Knuth, "The Art of
/// Computer Programming", volume 3, section 5.4.1, on merging with a heap).

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

template <class Comparator, class Child>
class MergingCursor {
 public:
  /// Stands nowhere.
  explicit MergingCursor(std::vector<Child> children) : children_(std::move(children)) {
    heap_.reserve(children_.size());
  }

  [[nodiscard]] bool valid() const noexcept { return !heap_.empty(); }
  [[nodiscard]] std::string_view key() const noexcept { return top().key(); }
  [[nodiscard]] Trailer trailer() const noexcept { return top().trailer(); }
  [[nodiscard]] std::string_view value() const noexcept { return top().value(); }

  void seek_to_first() {
    stand_all(true, [](Child& child) { child.seek_to_first(); });
  }
  void seek_to_last() {
    stand_all(false, [](Child& child) { child.seek_to_last(); });
  }
  void seek(std::string_view key, Sequence sequence = sequence_max) {
    stand_all(true, [&](Child& child) { child.seek(key, sequence); });
  }
  void seek_for_prev(std::string_view key) {
    stand_all(false, [&](Child& child) { child.seek_for_prev(key); });
  }

  void next() {
    if (!is_forward_) {
      turn(true);
    }
    Child& child = top();
    child.next();
    replace_top();
  }
  void prev() {
    if (is_forward_) {
      turn(false);
    }
    Child& child = top();
    child.prev();
    replace_top();
  }

 private:
  struct Standing {
    std::uint64_t head;  ///< of the child's key
    std::size_t child;
  };

  [[nodiscard]] Child& top() noexcept { return children_[heap_.front().child]; }
  [[nodiscard]] const Child& top() const noexcept { return children_[heap_.front().child]; }
  [[nodiscard]] Standing standing(std::size_t child) const noexcept {
    return {Place<Comparator>::head_of(children_[child].key()), child};
  }

  /// Whether the entry of `a` sorts before that of `b`. No two children have the same entry.
  [[nodiscard]] static bool is_before(const Child& a, const Child& b) noexcept {
    const int order = Comparator::compare(a.key(), b.key());
    return order < 0 || (order == 0 && a.trailer() > b.trailer());
  }
  /// Whether `a` comes before `b` in the direction of the cursor.
  [[nodiscard]] bool comes_before(const Standing& a, const Standing& b) const noexcept {
    if (a.head != b.head) {
      return (a.head < b.head) == is_forward_;
    }
    return is_before(children_[a.child], children_[b.child]) == is_forward_;
  }

  template <class Stand>
  void stand_all(bool is_forward, const Stand& stand) {
    is_forward_ = is_forward;
    for (Child& child : children_) {
      stand(child);
    }
    build_heap();
  }
  void build_heap() {
    heap_.clear();
    for (std::size_t child = 0; child < children_.size(); ++child) {
      if (children_[child].valid()) {
        heap_.push_back(standing(child));
      }
    }
    for (std::size_t at = heap_.size() / 2; at-- > 0;) {
      sift_down(at);
    }
  }
  /// After the child on top went on.
  void replace_top() noexcept {
    if (top().valid()) {
      heap_.front() = standing(heap_.front().child);
    } else {
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    sift_down(0);
  }
  void sift_down(std::size_t at) noexcept {
    for (std::size_t down = 2 * at + 1; down < heap_.size(); down = 2 * at + 1) {
      if (down + 1 < heap_.size() && comes_before(heap_[down + 1], heap_[down])) {
        ++down;
      }
      if (!comes_before(heap_[down], heap_[at])) {
        return;
      }
      std::swap(heap_[at], heap_[down]);
      at = down;
    }
  }

  /// All children but the top's cross over its entry, which stays on top.
  void turn(bool is_forward) {
    const std::size_t standing_child = heap_.front().child;
    const Child& here = children_[standing_child];
    is_forward_ = is_forward;
    for (std::size_t i = 0; i < children_.size(); ++i) {
      Child& child = children_[i];
      if (i == standing_child) {
        continue;
      }
      if (!child.valid()) {
        is_forward ? child.seek_to_first() : child.seek_to_last();
      }
      while (child.valid() && is_before(child, here) == is_forward) {
        is_forward ? child.next() : child.prev();
      }
    }
    build_heap();
  }

  std::vector<Child> children_;
  std::vector<Standing> heap_;
  bool is_forward_ = true;
};

}  // namespace strata::memtable::detail
