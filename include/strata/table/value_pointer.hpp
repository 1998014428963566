// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where a value lies that is not in its table: what an entry of kind `value_pointer` holds.
///
///     file number u64 | offset u64 | bytes u32
///
/// All pointers have one length, which a block then stores once. `ValueShare` is what one table
/// takes of a value file: the sum of such shares tells how much of the file is garbage.
///
/// Tested through the value file: tests/table/value_file_test.cpp.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>

namespace strata::table {

inline constexpr std::size_t value_pointer_bytes = 20;
/// Beside each value in its file: a checksum.
inline constexpr std::size_t value_frame_bytes = 4;

struct ValuePointer {
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;  ///< of the value

  /// What the value takes in its file.
  [[nodiscard]] std::uint64_t stored_bytes() const noexcept {
    return std::uint64_t{bytes} + value_frame_bytes;
  }
  friend bool operator==(const ValuePointer&, const ValuePointer&) = default;
};

using EncodedValuePointer = std::array<char, value_pointer_bytes>;

[[nodiscard]] inline EncodedValuePointer encode_value_pointer(const ValuePointer& pointer) {
  EncodedValuePointer out;
  store_fixed(out.data(), pointer.file);
  store_fixed(out.data() + 8, pointer.offset);
  store_fixed(out.data() + 16, pointer.bytes);
  return out;
}

/// None: `bytes` are no pointer.
[[nodiscard]] inline std::optional<ValuePointer> decode_value_pointer(std::string_view bytes) {
  if (bytes.size() != value_pointer_bytes) {
    return std::nullopt;
  }
  return ValuePointer{.file = load_fixed<std::uint64_t>(bytes.data()),
                      .offset = load_fixed<std::uint64_t>(bytes.data() + 8),
                      .bytes = load_fixed<std::uint32_t>(bytes.data() + 16)};
}

/// What a table refers to in one value file, checksums included.
struct ValueShare {
  std::uint64_t file = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const ValueShare&, const ValueShare&) = default;
};

/// Sorted by file, each once.
using ValueShares = std::vector<ValueShare>;

inline void add_share(ValueShares& shares, const ValueShare& share) {
  const auto at =
      std::lower_bound(shares.begin(), shares.end(), share.file,
                       [](const ValueShare& s, std::uint64_t file) { return s.file < file; });
  if (at != shares.end() && at->file == share.file) {
    at->bytes += share.bytes;
  } else {
    shares.insert(at, share);
  }
}

/// (file varint, bytes varint) *
[[nodiscard]] inline std::string encode_shares(const ValueShares& shares) {
  std::string out;
  for (const ValueShare& share : shares) {
    put_varint(out, share.file);
    put_varint(out, share.bytes);
  }
  return out;
}
/// Appends to `shares`. False: `bytes` are no shares, or not sorted, each file once.
[[nodiscard]] inline bool decode_shares(std::string_view bytes, ValueShares& shares) {
  Decoder decoder(bytes);
  while (!decoder.done()) {
    ValueShare share;
    if (!decoder.take_varint(share.file) || !decoder.take_varint(share.bytes) ||
        (!shares.empty() && share.file <= shares.back().file)) {
      return false;
    }
    shares.push_back(share);
  }
  return true;
}

/// The bytes that `shares` take of `file`; 0 if none.
[[nodiscard]] inline std::uint64_t share_of(const ValueShares& shares, std::uint64_t file) {
  const auto at =
      std::lower_bound(shares.begin(), shares.end(), file,
                       [](const ValueShare& s, std::uint64_t number) { return s.file < number; });
  return at != shares.end() && at->file == file ? at->bytes : 0;
}

}  // namespace strata::table
