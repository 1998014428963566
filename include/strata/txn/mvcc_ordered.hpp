// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `mvcc::index::Ordered`: a skip list of chains, for scans. One writer, readers without locks.
///
/// Node: | chain (key, versions) | height | next[0] ... next[height - 1] |, one allocation. A node
/// is linked from the bottom up and unlinked from the top down, and keeps its pointers when it
/// leaves, so that a reader that stands on it goes on. What such a reader misses was inserted after
/// its snapshot was taken. (Pugh, "Skip lists: a probabilistic alternative to balanced trees",
/// 1990.)

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/hash.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_version.hpp>

namespace strata::mvcc {

namespace detail {

template <class Chain>
class OrderedIndex {
  static constexpr std::size_t height_max = 14;  // each level has a quarter of the one below

  struct Node : Chain {
    using Link = std::atomic<Node*>;

    static Node* make(std::string_view key, std::size_t height) {
      void* const memory = ::operator new(sizeof(Node) + height * sizeof(Link));
      return new (memory) Node(key, height);
    }
    static void destroy(void* node) {
      static_cast<Node*>(node)->~Node();
      ::operator delete(node);
    }

    [[nodiscard]] Link& next(std::size_t level) noexcept {
      return reinterpret_cast<Link*>(this + 1)[level];
    }

    const std::size_t height;

   private:
    Node(std::string_view name, std::size_t levels) : Chain(name), height(levels) {
      for (std::size_t level = 0; level < levels; ++level) {
        new (&next(level)) Link(nullptr);
      }
    }
  };
  static_assert(alignof(std::atomic<Node*>) <= alignof(Node));

  using Path = std::array<Node*, height_max>;

 public:
  /// The key to go on from.
  using Cursor = std::string;

  OrderedIndex() : head_(Node::make({}, height_max)) {}
  OrderedIndex(const OrderedIndex&) = delete;
  OrderedIndex& operator=(const OrderedIndex&) = delete;
  ~OrderedIndex() {
    for (Node* node = head_; node != nullptr;) {
      Node* const next = node->next(0).load();
      Node::destroy(node);
      node = next;
    }
  }

  [[nodiscard]] Chain* find(std::string_view key) const noexcept {
    Node* const node = lower_bound(key, nullptr);
    return node != nullptr && node->key == key ? node : nullptr;
  }

  template <class Fn>
  void scan(std::string_view first, std::optional<std::string_view> last, Fn&& fn) const {
    for (Node* node = lower_bound(first, nullptr); node != nullptr; node = node->next(0).load()) {
      if ((last && node->key >= *last) || !fn(static_cast<Chain&>(*node))) {
        return;
      }
    }
  }

  Chain& find_or_insert(std::string_view key, Garbage&) {
    Path path;
    Node* const found = lower_bound(key, &path);
    if (found != nullptr && found->key == key) {
      return *found;
    }
    Node* const node = Node::make(key, random_height());
    for (std::size_t level = 0; level < node->height; ++level) {
      node->next(level).store(path[level]->next(level).load());
      path[level]->next(level).store(node);
    }
    return *node;
  }

  void erase(Chain& chain, Garbage& garbage) {
    Node& node = static_cast<Node&>(chain);
    Path path;
    lower_bound(node.key, &path);
    for (std::size_t level = node.height; level-- > 0;) {
      path[level]->next(level).store(node.next(level).load());
    }
    garbage.add(&node, &Node::destroy);
  }

  bool sweep(Cursor& cursor, std::size_t limit, std::vector<Chain*>& out) const {
    for (Node* node = lower_bound(cursor, nullptr); node != nullptr; node = node->next(0).load()) {
      if (out.size() == limit) {
        cursor = node->key;
        return true;
      }
      out.push_back(node);
    }
    return false;
  }

 private:
  /// The first node at or behind `key`. `path`: the last node before it on each level.
  Node* lower_bound(std::string_view key, Path* path) const noexcept {
    Node* before = head_;
    Node* node = nullptr;
    for (std::size_t level = height_max; level-- > 0;) {
      node = before->next(level).load();
      while (node != nullptr && node->key < key) {
        before = node;
        node = before->next(level).load();
      }
      if (path != nullptr) {
        (*path)[level] = before;
      }
    }
    return node;  // not loaded anew: another key may have come in between
  }

  [[nodiscard]] std::size_t random_height() noexcept {
    std::uint64_t bits = mix64(++inserts_);
    std::size_t height = 1;
    for (; height < height_max && (bits & 3) == 0; bits >>= 2) {
      ++height;
    }
    return height;
  }

  Node* const head_;
  std::uint64_t inserts_ = 0;
};

}  // namespace detail

namespace index {

/// Scans, and keys in order. The default.
struct Ordered {
  using policy_slot = index_slot;
  static constexpr std::string_view name = "ordered";
  static constexpr bool ordered = true;
  template <class Chain>
  using type = mvcc::detail::OrderedIndex<Chain>;
};

static_assert(IndexPolicy<Ordered>);

}  // namespace index
}  // namespace strata::mvcc
