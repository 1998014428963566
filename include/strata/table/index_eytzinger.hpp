// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `index::Eytzinger`: a binary search that meets its next cache lines where it expects them.
///
/// The bytes are those of `index::Binary`, but for the column of key heads: it is stored in the
/// order of a breadth-first walk through the search tree, the children of node `k` being `2k` and
/// `2k + 1`. The first steps of all searches share a few cache lines, and the eight nodes that are
/// three steps below lie together, so they are asked for before they are needed (P.-V. Khuong,
/// P. Morin, "Array layouts for comparison-based searching", 2017). Nothing else is stored: place
/// and rank of a node follow from each other. Equal heads are told apart by the separators, which
/// lie in order.
///
/// Heads are the order of bytes, so a comparator of another order does not compile.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/policy.hpp>
#include <strata/table/block.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index_concept.hpp>
#include <strata/table/separators.hpp>

namespace strata {
namespace table {

/// The shape of a search tree of `count` nodes whose levels are full, but for the last, which is
/// filled from the left. A *rank* counts from 0 in key order, a *place* from 1 in level order.
class EytzingerTree {
 public:
  explicit EytzingerTree(std::uint64_t count) noexcept
      : count_(count),
        levels_(static_cast<unsigned>(std::bit_width(count))),
        last_level_(count == 0 ? 0 : count - ((std::uint64_t{1} << (levels_ - 1)) - 1)) {}

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Requires: `place` is in [1, count].
  [[nodiscard]] std::uint64_t rank_of(std::uint64_t place) const noexcept {
    const auto depth = static_cast<unsigned>(std::bit_width(place)) - 1;
    const std::uint64_t in_level = place - (std::uint64_t{1} << depth);
    // In a tree with a full last level, whose nodes would have the even ranks.
    const std::uint64_t full = ((2 * in_level + 1) << (levels_ - 1 - depth)) - 1;
    const std::uint64_t leaves_before = (full + 1) / 2;
    return full - (leaves_before > last_level_ ? leaves_before - last_level_ : 0);
  }
  /// Requires: `rank` is below count.
  [[nodiscard]] std::uint64_t place_of(std::uint64_t rank) const noexcept {
    const std::uint64_t full = rank < 2 * last_level_ ? rank : 2 * (rank - last_level_) + 1;
    const auto height = static_cast<unsigned>(std::countr_zero(full + 1));
    return (std::uint64_t{1} << (levels_ - 1 - height)) + ((full + 1) >> (height + 1));
  }
  /// From the place where a search left the tree, going right below nodes that are too small, to
  /// the rank that it found: of the last node where it went left.
  [[nodiscard]] std::uint64_t rank_left_at(std::uint64_t place) const noexcept {
    const std::uint64_t node = place >> (std::countr_one(place) + 1);
    return node == 0 ? count_ : rank_of(node);
  }

 private:
  std::uint64_t count_;
  unsigned levels_;
  std::uint64_t last_level_;  // nodes in it
};

}  // namespace table

namespace index {

struct Eytzinger {
  using policy_slot = table_index_slot;
  static constexpr std::string_view name = "eytzinger";
  static constexpr std::uint32_t format_version = 1;

  class Builder {
   public:
    void add(std::string_view separator, const table::Handle& handle) {
      separators_.add(separator, handle);
    }
    void finish(std::string& out) {
      const table::EytzingerTree tree(separators_.count());
      const std::size_t start = out.size();
      separators_.finish(out);
      char* const heads = out.data() + start + table::detail::block_header_bytes;
      const std::vector<char> in_order(heads, heads + tree.count() * 8);
      for (std::uint64_t rank = 0; rank < tree.count(); ++rank) {
        std::copy_n(in_order.data() + rank * 8, 8, heads + (tree.place_of(rank) - 1) * 8);
      }
    }

   private:
    table::SeparatorsBuilder separators_;
  };

  template <class Comparator>
  class type {
    static_assert(Comparator::is_bytewise,
                  "strata: index::Eytzinger needs keys in the order of bytes; give the family "
                  "index::Binary or index::Learned, which serve every comparator");

   public:
    [[nodiscard]] static std::optional<type> open(std::unique_ptr<char[]> bytes, std::size_t size) {
      auto block = table::parse_separators(std::move(bytes), size);
      return block ? std::optional<type>(type(std::move(*block))) : std::nullopt;
    }
    [[nodiscard]] std::uint32_t block_of(std::string_view key) const noexcept {
      return block_.lower_bound_by(
          key, table::before_all_versions, [this](std::uint64_t target) { return find(target); },
          [this](std::uint32_t rank) { return head_at(tree_.place_of(rank)); });
    }
    [[nodiscard]] table::Handle handle(std::uint32_t i) const noexcept {
      return table::handle_of(block_, i);
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return block_.count(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return block_.size_bytes(); }

   private:
    explicit type(table::Block block) noexcept : block_(std::move(block)), tree_(block_.count()) {}

    /// The block's column is in level order.
    [[nodiscard]] std::uint64_t head_at(std::uint64_t place) const noexcept {
      return block_.head(static_cast<std::uint32_t>(place - 1));
    }
    [[nodiscard]] std::uint32_t find(std::uint64_t target) const noexcept {
      const std::uint64_t count = tree_.count();
      std::uint64_t place = 1;
      while (place <= count) {
        // The eight heads below, which lie in two lines, as the column has no alignment.
        const std::uint64_t below = std::min(place * 8, count);
        block_.prefetch_head(static_cast<std::uint32_t>(below - 1));
        block_.prefetch_head(static_cast<std::uint32_t>(std::min(below + 7, count) - 1));
        place = 2 * place + (head_at(place) < target ? 1 : 0);
      }
      return static_cast<std::uint32_t>(tree_.rank_left_at(place));
    }

    table::Block block_;
    table::EytzingerTree tree_;
  };
};

static_assert(TableIndexPolicy<Eytzinger>);

}  // namespace index
}  // namespace strata
