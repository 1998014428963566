// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `index::Learned`: lines fitted to the key heads say where a separator is, within a proven error,
/// and a binary search over that little window says it exactly.
///
///     separators   a block, as index::Binary has it
///     model        table/piecewise_linear.hpp over its column of heads; absent where keys defeat
///     it u32 bytes of the model
///
/// The model has at most a segment for every `separators_per_segment` separators. Where that does
/// not hold `error` (heads that jump about, runs of equal heads), where there are few separators,
/// or where they are not in the order of bytes, none is written and the index is index::Binary:
/// same answers, four bytes more. A comparator of another order never asks the model.

#include <algorithm>
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
#include <strata/table/piecewise_linear.hpp>
#include <strata/table/separators.hpp>

namespace strata::index {

struct Learned {
  using policy_slot = table_index_slot;
  static constexpr std::string_view name = "learned";
  static constexpr std::uint32_t format_version = 1;

  static constexpr std::uint32_t error = 32;
  static constexpr std::size_t separators_per_segment = 16;
  /// Below, a search is a few steps within a few cache lines.
  static constexpr std::size_t separators_least = 256;

  class Builder {
   public:
    void add(std::string_view separator, const table::Handle& handle) {
      separators_.add(separator, handle);
    }
    void finish(std::string& out) {
      const std::size_t count = separators_.count();
      const std::size_t start = out.size();
      separators_.finish(out);
      const std::size_t model_at = out.size();
      if (count >= separators_least) {
        const std::vector<std::uint64_t> heads =
            heads_at(out.data() + start + table::detail::block_header_bytes, count);
        (void)(std::is_sorted(heads.begin(), heads.end()) &&
               table::PiecewiseLinearFit(heads, error).write(count / separators_per_segment, out));
      }
      put_fixed(out, static_cast<std::uint32_t>(out.size() - model_at));
    }

   private:
    [[nodiscard]] static std::vector<std::uint64_t> heads_at(const char* column,
                                                             std::size_t count) {
      std::vector<std::uint64_t> heads(count);
      for (std::size_t i = 0; i < count; ++i) {
        heads[i] = load_fixed<std::uint64_t>(column + i * 8);
      }
      return heads;
    }

    table::SeparatorsBuilder separators_;
  };

  template <class Comparator>
  class type {
   public:
    [[nodiscard]] static std::optional<type> open(std::unique_ptr<char[]> bytes, std::size_t size) {
      if (size < 4) {
        return std::nullopt;
      }
      const std::size_t model_bytes = load_fixed<std::uint32_t>(bytes.get() + size - 4);
      if (model_bytes > size - 4) {
        return std::nullopt;
      }
      const std::size_t block_bytes = size - 4 - model_bytes;
      const std::string_view model(bytes.get() + block_bytes, model_bytes);  // stays in the block
      auto block = table::parse_separators(std::move(bytes), block_bytes);
      if (!block) {
        return std::nullopt;
      }
      type index(std::move(*block), size);
      if (!model.empty()) {
        index.model_ = table::PiecewiseLinear::parse(model, index.count());
        if (!index.model_) {
          return std::nullopt;
        }
      }
      return index;
    }
    [[nodiscard]] std::uint32_t block_of(std::string_view key) const noexcept {
      if constexpr (Comparator::is_bytewise) {
        if (model_) {
          return block_.lower_bound_by(
              key, table::before_all_versions, [this](std::uint64_t head) { return find(head); },
              [this](std::uint32_t i) { return block_.head(i); });
        }
      }
      return block_.template lower_bound<Comparator>(key, table::before_all_versions);
    }
    [[nodiscard]] table::Handle handle(std::uint32_t i) const noexcept {
      return table::handle_of(block_, i);
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return block_.count(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return size_bytes_; }
    /// 0 where keys defeated the model, or there is no need of one.
    [[nodiscard]] std::uint32_t segments() const noexcept {
      return model_ ? model_->segments() : 0;
    }

   private:
    type(table::Block block, std::size_t size_bytes) noexcept
        : block_(std::move(block)), size_bytes_(size_bytes) {}

    [[nodiscard]] std::uint32_t find(std::uint64_t head) const noexcept {
      const auto window = model_->window(head);
      return block_.first_head_not_below(head, window.from, window.to);
    }

    table::Block block_;
    std::optional<table::PiecewiseLinear> model_;
    std::size_t size_bytes_;
  };
};

static_assert(TableIndexPolicy<Learned>);

}  // namespace strata::index
