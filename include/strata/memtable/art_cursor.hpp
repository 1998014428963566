// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How readers go through an adaptive radix tree: a way down, and a cursor that remembers it.
///
/// A descent looks at the symbols at which nodes branch and at no others, so what it comes to may
/// differ from the key before the last of them: one comparison tells where. Nodes above that
/// position are on the key's own path, and all below it are on the same side of the key.
///
/// A cursor keeps the last nodes of its path and the symbols it took there. Nodes never lose a
/// child, and those that were replaced have all that was there when the cursor came; so it goes on
/// from where it stands, in either direction, and asks nobody. A path may be as long as a key:
/// where a cursor climbs above what it keeps, it comes down from the root again. Tested by
/// tests/memtable/art_test.cpp.

#include <array>
#include <cstddef>
#include <string_view>

#include <strata/core/entry.hpp>
#include <strata/memtable/art_key.hpp>
#include <strata/memtable/art_node.hpp>
#include <strata/memtable/art_node_kinds.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

/// Where a key leaves the tree.
struct ArtParting {
  std::size_t depth;   ///< the first position where it differs from `near`; `ArtKey::none`: nowhere
  const Record* near;  ///< an entry that no other shares more symbols with; null: the tree's root
};

[[nodiscard]] inline ArtParting part(const ArtNode& root, const ArtKey& key) noexcept {
  const ArtNode* node = &root;
  bool is_sure = true;  // that the key has come to `node` by its own path
  for (;;) {
    const std::size_t depth = node->depth();
    const ArtChild child = node->find(key.symbol(depth));
    if (!child && is_sure) {
      return {depth, node->sample()};
    }
    if (!child || child.is_record()) {
      const Record& near = child ? child.record() : *node->sample();
      return {key.mismatch(ArtKey(near)), &near};
    }
    node = &child.node();
    is_sure = is_sure && node->surely_begins(key, depth + 1);
  }
}

/// The last nodes of a way down, each with the symbol where it went on.
class ArtPath {
 public:
  struct Step {
    const ArtNode* node;
    unsigned symbol;
  };

  void clear() noexcept { kept_ = 0; }
  [[nodiscard]] bool empty() const noexcept { return kept_ == 0; }
  [[nodiscard]] Step& top() noexcept { return steps_[top_]; }
  void push(Step step) noexcept {
    top_ = (top_ + 1) % steps_.size();
    steps_[top_] = step;
    kept_ = kept_ < steps_.size() ? kept_ + 1 : kept_;
  }
  void pop() noexcept {
    top_ = (top_ + steps_.size() - 1) % steps_.size();
    --kept_;
  }

 private:
  std::array<Step, 16> steps_;
  std::size_t top_ = 0;
  std::size_t kept_ = 0;
};

class ArtCursor {
 public:
  explicit ArtCursor(ArtNode& root) noexcept : root_(&root) {}

  [[nodiscard]] bool valid() const noexcept { return record_ != nullptr; }
  [[nodiscard]] std::string_view key() const noexcept { return record_->key(); }
  [[nodiscard]] Trailer trailer() const noexcept { return record_->trailer; }
  [[nodiscard]] std::string_view value() const noexcept { return record_->value(); }

  [[nodiscard]] const Record& record() const noexcept { return *record_; }

  void seek_to_first() noexcept { go_to_edge<true>(); }
  void seek_to_last() noexcept { go_to_edge<false>(); }
  void seek(std::string_view key, Sequence sequence = sequence_max) noexcept {
    go_to<true>(ArtKey(key, Trailer::seek(sequence)));
  }
  void seek_for_prev(std::string_view key) noexcept {
    // The least trailer: behind all versions of the key.
    go_to<false>(ArtKey(key, Trailer()));
  }
  void next() noexcept { step<true>(ArtKey(*record_)); }
  void prev() noexcept { step<false>(ArtKey(*record_)); }

 private:
  /// Down the path of `key` through all nodes above `depth`. Returns what comes then.
  ArtChild descend(const ArtKey& key, std::size_t depth) noexcept {
    path_.clear();
    ArtNode* node = root_;
    while (node->depth() < depth) {
      const unsigned symbol = key.symbol(node->depth());
      path_.push({node, symbol});
      const ArtChild child = node->find(symbol);
      if (child.is_record()) {
        return child;
      }
      node = &child.node();
    }
    return ArtChild(*node);
  }

  /// To the entry at `key`, or else to the next one in the direction.
  template <bool forward>
  void go_to(const ArtKey& key) noexcept {
    const auto [depth, near] = part(*root_, key);
    const ArtChild child = descend(key, depth);
    if (depth == ArtKey::none) {
      record_ = near;
    } else if (!child.is_record() && child.node().depth() == depth) {
      path_.push({&child.node(), key.symbol(depth)});
      step<forward>(key);
    } else if ((key.symbol(depth) < ArtKey(*near).symbol(depth)) == forward) {
      enter<forward>(child);
    } else {
      step<forward>(key);
    }
  }
  template <bool forward>
  void go_to_edge() noexcept {
    path_.clear();
    const ArtBranch branch = forward ? root_->first_from(0) : root_->last_below(symbol_count);
    path_.push({root_, branch.symbol});
    record_ = nullptr;
    if (branch.child) {
      enter<forward>(branch.child);
    }
  }

  /// To the first or last entry of `child`, which the top of the path leads to.
  template <bool forward>
  void enter(ArtChild child) noexcept {
    while (!child.is_record()) {
      const ArtNode& node = child.node();
      const ArtBranch branch = forward ? node.first_from(0) : node.last_below(symbol_count);
      path_.push({&node, branch.symbol});
      child = branch.child;
    }
    record_ = &child.record();
  }
  /// To the neighbour of what the path leads to, which is where `key` is or would be.
  template <bool forward>
  void step(const ArtKey& key) noexcept {
    for (;;) {
      ArtPath::Step& top = path_.top();
      const ArtBranch branch =
          forward ? top.node->first_from(top.symbol + 1) : top.node->last_below(top.symbol);
      if (branch.child) {
        top.symbol = branch.symbol;
        enter<forward>(branch.child);
        return;
      }
      const std::size_t depth = top.node->depth();
      if (depth == root_->depth()) {
        record_ = nullptr;
        return;
      }
      path_.pop();
      if (path_.empty()) {
        descend(key, depth);
      }
    }
  }

  static constexpr unsigned symbol_count = ArtKey::symbol_count;

  ArtNode* root_;
  const Record* record_ = nullptr;
  ArtPath path_;
};

}  // namespace strata::memtable::detail
