// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Archetypes of what a table is made of: filter, table index, compression, table format, value
/// separation.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compression/concept.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/index_concept.hpp>
#include <strata/table/table.hpp>
#include <strata/table/value_separation.hpp>

namespace strata::testing::archetype {

/// The hashes of all keys in order, after their count: a cut or lengthened filter shows.
struct Filter {
  using policy_slot = filter_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr std::uint32_t format_version = 1;

  class Builder {
   public:
    void add(std::string_view key) { hashes_.push_back(hash64(key)); }
    void finish(std::string& out) {
      std::sort(hashes_.begin(), hashes_.end());
      put_fixed(out, std::uint64_t{hashes_.size()});
      for (const std::uint64_t hash : hashes_) {
        put_fixed(out, hash);
      }
    }

   private:
    std::vector<std::uint64_t> hashes_;
  };

  [[nodiscard]] static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    const auto word = [&](std::size_t i) { return load_fixed<std::uint64_t>(&filter[i * 8]); };
    const std::size_t words = filter.size() / 8;
    if (words == 0 || filter.size() % 8 != 0 || word(0) != words - 1) {
      return true;
    }
    const std::uint64_t hash = hash64(key);
    std::size_t first = 1;
    for (std::size_t last = words; first < last;) {
      const std::size_t middle = (first + last) / 2;
      if (word(middle) < hash) {
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    return first < words && word(first) == hash;
  }
};

/// Separators one after the other, read into a vector.
struct TableIndex {
  using policy_slot = table_index_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr std::uint32_t format_version = 1;

  class Builder {
   public:
    void add(std::string_view separator, const table::Handle& handle) {
      put_string(bytes_, separator);
      put_fixed(bytes_, handle.offset);
      put_fixed(bytes_, handle.bytes);
    }
    void finish(std::string& out) { out += bytes_; }

   private:
    std::string bytes_;
  };

  template <class Comparator>
  class type {
   public:
    [[nodiscard]] static std::optional<type> open(std::unique_ptr<char[]> bytes, std::size_t size) {
      type index;
      Decoder decoder(std::string_view(bytes.get(), size));
      while (!decoder.done()) {
        std::string_view separator;
        table::Handle handle;
        if (!decoder.take_string(separator) || !decoder.take_fixed(handle.offset) ||
            !decoder.take_fixed(handle.bytes)) {
          return std::nullopt;
        }
        index.blocks_.push_back({std::string(separator), handle});
      }
      return index;
    }
    [[nodiscard]] std::uint32_t block_of(std::string_view key) const noexcept {
      const auto at = std::lower_bound(blocks_.begin(), blocks_.end(), key,
                                       [](const Block& block, std::string_view wanted) {
                                         return Comparator::compare(block.separator, wanted) < 0;
                                       });
      return static_cast<std::uint32_t>(at - blocks_.begin());
    }
    [[nodiscard]] table::Handle handle(std::uint32_t i) const noexcept { return blocks_[i].handle; }
    [[nodiscard]] std::uint32_t count() const noexcept {
      return static_cast<std::uint32_t>(blocks_.size());
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
      std::size_t sum = 0;
      for (const Block& block : blocks_) {
        sum += sizeof(Block) + block.separator.capacity();
      }
      return sum;
    }

   private:
    struct Block {
      std::string separator;
      table::Handle handle;
    };
    std::vector<Block> blocks_;
  };
};

/// Runs of one byte: how many of them, and which.
struct Compression {
  using policy_slot = compression_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr std::uint8_t id = 255;

  [[nodiscard]] static bool compress(std::string_view in, std::string& out) {
    out.clear();
    for (std::size_t at = 0; at < in.size();) {
      const std::size_t most = std::min<std::size_t>(in.size() - at, 255);
      std::size_t run = 1;
      while (run < most && in[at + run] == in[at]) {
        ++run;
      }
      out += {static_cast<char>(run), in[at]};
      at += run;
    }
    return out.size() < in.size();
  }
  [[nodiscard]] static Result<void> decompress(std::string_view in, std::size_t raw_bytes,
                                               char* to) {
    for (; in.size() >= 2; in.remove_prefix(2)) {
      const std::size_t run = static_cast<unsigned char>(in[0]);
      if (run > raw_bytes) {
        break;
      }
      to = std::fill_n(to, run, in[1]);
      raw_bytes -= run;
    }
    return in.empty() && raw_bytes == 0
               ? Result<void>()
               : fail(ErrorCode::corruption, "runs of bytes do not give what the block holds");
  }
};

/// The builder and reader of the default format, with the one knob that the concept asks for.
struct TableFormat {
  using policy_slot = table_format_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr std::uint32_t format_version = 1;
  struct Options {
    std::size_t block_bytes = 4_KiB;
  };
  template <class Spec>
  using builder = table::Builder<Spec>;
  template <class Spec, class BlockCache>
  using reader = table::Reader<Spec, BlockCache>;
};

/// Values from `threshold_bytes` on lie in value files: the engine does the rest.
struct ValueSeparation {
  using policy_slot = value_separation_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr std::uint32_t format_version = 1;
  static constexpr bool separates = true;
  struct Options {
    std::size_t threshold_bytes = 100;
    std::uint64_t file_bytes = 10'000;
    double garbage_ratio = 0.5;
  };
};

static_assert(FilterPolicy<Filter> && TableIndexPolicy<TableIndex>);
static_assert(CompressionPolicy<Compression> && TableFormatPolicy<TableFormat>);
static_assert(ValueSeparationPolicy<ValueSeparation>);

}  // namespace strata::testing::archetype
