// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A homogeneous ribbon filter: the fewest bits for a rate of false positives (Dillinger,
/// Hübschle-Schneider, Sanders, Walzer: "Fast Succinct Retrieval and Approximate Membership using
/// Ribbon", 2022; Dillinger, Walzer: "Ribbon filter", 2021).
///
/// A key is a linear equation over 128 neighbouring rows of a matrix of bits, the sum of some of
/// which is zero in every column; a matrix that solves the equations of all keys is the filter.
/// An absent key's sum is random: each column halves the chance that it passes. With all right
/// sides zero any set of equations has a solution, so there is nothing to retry and no key to
/// lose, whatever the hashes; rows that the equations leave free are random. 2^-columns holds with
/// 5 % more rows than keys, so ten bits a key let 0.14 % through, where a Bloom filter needs 13.6.
///
/// 128 rows are a block, column by column, 16 bytes each, bit b of them row b. To spend a fraction
/// of a column, the blocks after the first `narrow` have one column more. Rows are rounded up to
/// blocks: a filter of less than a thousand keys is larger than asked, that of one key 160 bytes.
///
///     offset  size   content
///     0       n      the blocks, n = 16 (blocks * columns + blocks - narrow)
///     n       4      blocks, little-endian
///     n + 4   4      narrow, little-endian
///     n + 8   1      columns
///     n + 9   3      "SRF"
///
/// The tail tells a cut, a grown or a foreign filter from a sound one: those answer "maybe". It
/// can not tell a flipped bit: whoever stores a filter covers it with a checksum.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/hashed_keys.hpp>

namespace strata::filter {

struct Ribbon {
  using policy_slot = filter_slot;
  struct Options {
    /// Memory and file bytes against wasted reads: 10 let 0.14 % through, 7.3 let 0.8 %.
    /// Taken between 1 and 60.
    double bits_per_key = 10;
  };
  static constexpr std::string_view name = "ribbon";
  static constexpr std::uint32_t format_version = 1;

  class Builder;

  [[nodiscard]] static std::uint64_t hash(std::string_view key) noexcept { return hash64(key); }

  [[nodiscard]] static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return may_contain_hash(filter, hash(key));
  }

  [[nodiscard]] static bool may_contain_hash(std::string_view filter, std::uint64_t hash) noexcept {
    if (filter.size() < tail_bytes) {
      return true;
    }
    const std::size_t bytes = filter.size() - tail_bytes;
    const char* const tail = filter.data() + bytes;
    const auto word = load_fixed<std::uint32_t>(tail + 8);
    const Shape shape{load_fixed<std::uint32_t>(tail), load_fixed<std::uint32_t>(tail + 4),
                      word & 0xff};
    if (word >> 8 != mark || shape.blocks == 0 || shape.narrow > shape.blocks ||
        shape.offset(shape.blocks) != bytes) {
      return true;
    }
    const Equation equation(hash, shape);
    const std::uint64_t block = equation.start / width;
    const auto shift = static_cast<unsigned>(equation.start % width);
    // The last start is the first row of the last block: where there is a shift, there is a next.
    const Row here = equation.row << shift;
    const Row there = shift == 0 ? 0 : equation.row >> (width - shift);
    const char* first = filter.data() + shape.offset(block);
    const char* second = shift == 0 ? first : filter.data() + shape.offset(block + 1);
    for (std::uint64_t left = shape.columns_of(block); left > 0; --left) {
      if (parity((load(first) & here) ^ (load(second) & there)) != 0) {
        return false;
      }
      first += sizeof(Row);
      second += sizeof(Row);
    }
    return true;
  }

 private:
  __extension__ using Row = unsigned __int128;

  static constexpr unsigned width = 128;
  static constexpr std::size_t tail_bytes = 12;
  static constexpr std::uint32_t mark = 'S' | 'R' << 8 | 'F' << 16;

  struct Shape {
    std::uint64_t blocks;
    std::uint64_t narrow;
    std::uint64_t columns;

    [[nodiscard]] std::uint64_t columns_of(std::uint64_t block) const noexcept {
      return columns + (block < narrow ? 0 : 1);
    }
    [[nodiscard]] std::uint64_t offset(std::uint64_t block) const noexcept {
      return sizeof(Row) * (block * columns + (block > narrow ? block - narrow : 0));
    }
    [[nodiscard]] std::uint64_t starts() const noexcept { return (blocks - 1) * width + 1; }
  };

  /// The sum of the rows `start + i` with bit i set in `row` is zero; bit 0 is.
  struct Equation {
    Equation(std::uint64_t hash, const Shape& shape) noexcept
        : start(map_to(hash, shape.starts())),
          row(Row{mix64(hash ^ 0x9e3779b97f4a7c15)} << 64 | mix64(hash) | 1) {}
    std::uint64_t start;
    Row row;
  };

  [[nodiscard]] static Row load(const char* from) noexcept {
    return Row{load_fixed<std::uint64_t>(from + 8)} << 64 | load_fixed<std::uint64_t>(from);
  }
  [[nodiscard]] static unsigned parity(Row row) noexcept {
    return static_cast<unsigned>(__builtin_parityll(static_cast<std::uint64_t>(row) ^
                                                    static_cast<std::uint64_t>(row >> 64)));
  }
};

/// Takes 8 bytes a key, and 25 while `finish` runs.
class Ribbon::Builder {
 public:
  Builder() : Builder(Options{}) {}
  explicit Builder(const Options& options) : options_(options) {}

  void add(std::string_view key) { add_hash(hash(key)); }
  void add_hash(std::uint64_t hash) { hashes_.add(hash); }

  void finish(std::string& out) {
    hashes_.sort_unique();  // for the cache: equations of neighbours meet
    const Shape shape = shape_of(hashes_.size(), options_.bits_per_key);
    solve(shape, triangle(shape), out);
    put_fixed(out, static_cast<std::uint32_t>(shape.blocks));
    put_fixed(out, static_cast<std::uint32_t>(shape.narrow));
    put_fixed(out, mark << 8 | static_cast<std::uint32_t>(shape.columns));
  }

 private:
  static constexpr std::size_t columns_max = 60;

  [[nodiscard]] static Shape shape_of(std::size_t keys, double wanted) noexcept {
    const double per_key = wanted > 1 ? std::min(wanted, double{columns_max}) : 1;
    // More rows than keys, so that hardly any absent key's equation follows from those of keys:
    // the paper's share of them, with the columns bounded by the bits a key, and a few for the
    // filters for which a share is nothing.
    const double rows_per_key = 1 + (4 + per_key / 4) / width;
    const double rows = static_cast<double>(keys) * rows_per_key + per_key;
    const double exact_blocks = rows / width + 0.999;
    const auto blocks = static_cast<std::uint64_t>(std::clamp(exact_blocks, 1.0, 4294967295.0));
    const double exact_columns = static_cast<double>(blocks) * per_key / rows_per_key;
    const auto columns =
        std::max(std::uint64_t{1}, static_cast<std::uint64_t>(exact_columns + 0.5));
    return {blocks, blocks - columns % blocks, columns / blocks};
  }

  /// Equation i of the result starts at row i: Gauss's elimination, which never has to look
  /// further than the width. An equation that follows from others vanishes.
  [[nodiscard]] std::vector<Row> triangle(const Shape& shape) const {
    std::vector<Row> rows(shape.blocks * width);
    for (const std::uint64_t hash : hashes_) {
      auto [at, row] = Equation(hash, shape);
      while (row != 0 && rows[at] != 0) {
        row ^= rows[at];
        const unsigned zeros = trailing_zeros(row);
        row >>= zeros;
        at += zeros;
      }
      if (row != 0) {
        rows[at] = row;
      }
    }
    return rows;
  }

  /// From the last row to the first, all columns at once: a row follows from the 127 after it.
  static void solve(const Shape& shape, const std::vector<Row>& rows, std::string& out) {
    const std::size_t begin = out.size();
    out.resize(begin + shape.offset(shape.blocks));
    std::array<Row, columns_max + 1> window{};  // of a column: bit i is row at + i
    for (std::uint64_t block = shape.blocks; block-- > 0;) {
      const std::uint64_t columns = shape.columns_of(block);
      for (std::uint64_t at = (block + 1) * width; at-- > block * width;) {
        const Row row = rows[at];
        const std::uint64_t free = row == 0 ? mix64((at + 1) * 0x9e3779b97f4a7c15) : 0;
        for (std::uint64_t column = 0; column < columns; ++column) {
          const Row next = window[column] << 1;
          window[column] = next | parity(row & next) | (free >> column & 1);
        }
      }
      char* to = out.data() + begin + shape.offset(block);
      for (std::uint64_t column = 0; column < columns; ++column, to += sizeof(Row)) {
        store_fixed(to, static_cast<std::uint64_t>(window[column]));
        store_fixed(to + 8, static_cast<std::uint64_t>(window[column] >> 64));
      }
    }
  }

  [[nodiscard]] static unsigned trailing_zeros(Row row) noexcept {
    const auto low = static_cast<std::uint64_t>(row);
    if (low != 0) {
      return static_cast<unsigned>(std::countr_zero(low));
    }
    // Of zero all 127 that can be shifted away.
    const auto high = static_cast<std::uint64_t>(row >> 64);
    return std::min(64U + static_cast<unsigned>(std::countr_zero(high)), width - 1);
  }

  Options options_;
  HashedKeys hashes_;
};

static_assert(HashedFilterPolicy<Ribbon>);

}  // namespace strata::filter
