// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The bytes of a table file, beside its blocks.
///
///     dictionary, framed              bytes of the compression policy, where data blocks need one
///     data block, framed *            table/block.hpp
///     filter, framed                  bytes of the filter policy; or table/partitions.hpp
///     index, framed                   bytes of the index policy, table/index_concept.hpp
///     range erases, framed            (first, last: strings, sequence u64) *
///     properties, framed              (name, value: strings) *; the dictionary's handle is there
///     footer, 88 bytes
///
///     frame:  payload | codec u8 | raw bytes u32 | checksum u32
///     footer: magic u64 | version u32 | incompatible flags u32 | file number u64
///             | handles of filter, index, range erases, properties: (offset u64, bytes u32) * 4
///             | compatible flags u32 | zero u32 | checksum u32 | zero u32
///
/// The checksum of a frame covers payload, codec and raw size, and the file number and offset: a
/// block that was moved within its file or between files is damage, not data. A reader that meets
/// an unknown version or incompatible flag refuses with `newer_format`; compatible flags say what
/// may be ignored.

#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>

namespace strata::table {

inline constexpr std::uint64_t table_magic = 0x4c42546174617274;  // "trataTBL"
inline constexpr std::uint32_t table_format_version = 1;
/// Incompatible flags that this version reads.
inline constexpr std::uint32_t hashed_blocks = 1;    ///< data blocks may have hash tables
inline constexpr std::uint32_t partitioned = 2;      ///< table/partitions.hpp
inline constexpr std::uint32_t with_dictionary = 4;  ///< data blocks need the dictionary
inline constexpr std::uint32_t known_features = hashed_blocks | partitioned | with_dictionary;
inline constexpr std::size_t frame_bytes = 9;
inline constexpr std::size_t footer_bytes = 88;

/// Where a framed section lies: `bytes` of payload at `offset`, the frame's trailer behind it.
struct Handle {
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;
};

struct Footer {
  std::uint64_t file_number = 0;
  Handle filter;
  Handle index;
  Handle range_erases;
  Handle properties;
  std::uint32_t features = 0;  ///< incompatible flags
};

/// Sums the payload with what says where it must lie.
template <class Checksum>
[[nodiscard]] std::uint32_t frame_checksum(std::string_view payload_codec_and_size,
                                           std::uint64_t file_number, std::uint64_t offset) {
  char place[16];
  store_fixed(place, file_number);
  store_fixed(place + 8, offset);
  return Checksum::extend(Checksum::compute(payload_codec_and_size), {place, sizeof place});
}

/// Appends the trailer of a frame to `out`, whose last `payload_bytes` are the payload.
template <class Checksum>
void close_frame(std::string& out, std::size_t payload_bytes, std::uint8_t codec,
                 std::uint32_t raw_bytes, std::uint64_t file_number, std::uint64_t offset) {
  const std::size_t start = out.size() - payload_bytes;
  put_fixed(out, codec);
  put_fixed(out, raw_bytes);
  put_fixed(out,
            frame_checksum<Checksum>(std::string_view(out).substr(start), file_number, offset));
}

template <class Checksum>
[[nodiscard]] bool frame_is_whole(std::string_view frame, std::uint64_t file_number,
                                  std::uint64_t offset) {
  const std::string_view summed = frame.substr(0, frame.size() - 4);
  return load_fixed<std::uint32_t>(frame.data() + summed.size()) ==
         frame_checksum<Checksum>(summed, file_number, offset);
}

template <class Checksum>
[[nodiscard]] std::string encode_footer(const Footer& footer) {
  std::string out;
  put_fixed(out, table_magic);
  put_fixed(out, table_format_version);
  put_fixed(out, footer.features);
  put_fixed(out, footer.file_number);
  for (const Handle& handle :
       {footer.filter, footer.index, footer.range_erases, footer.properties}) {
    put_fixed(out, handle.offset);
    put_fixed(out, handle.bytes);
  }
  put_fixed(out, std::uint32_t{0});
  put_fixed(out, std::uint32_t{0});
  put_fixed(out, Checksum::compute(out));
  put_fixed(out, std::uint32_t{0});
  return out;
}

/// `bytes`: the last `footer_bytes` of the file at `path`, which has `file_bytes`.
template <class Checksum>
[[nodiscard]] Result<Footer> decode_footer(std::string_view bytes, std::uint64_t file_bytes,
                                           std::string_view path) {
  if (bytes.size() != footer_bytes || load_fixed<std::uint64_t>(bytes.data()) != table_magic) {
    return fail(ErrorCode::corruption, path,
                ": no table, or cut off: it has no footer in its last ",
                std::to_string(footer_bytes), " of ", std::to_string(file_bytes), " bytes");
  }
  if (load_fixed<std::uint32_t>(bytes.data() + footer_bytes - 8) !=
          Checksum::compute(bytes.substr(0, footer_bytes - 8)) ||
      load_fixed<std::uint32_t>(bytes.data() + footer_bytes - 4) != 0) {
    return fail(ErrorCode::corruption, path, ": the footer at offset ",
                std::to_string(file_bytes - footer_bytes), " is damaged");
  }
  if (load_fixed<std::uint32_t>(bytes.data() + 8) > table_format_version ||
      (load_fixed<std::uint32_t>(bytes.data() + 12) & ~known_features) != 0) {
    return fail(ErrorCode::newer_format, path,
                ": written by a later version of strata; open it with that one");
  }
  Decoder decoder(bytes.substr(16));
  Footer footer;
  footer.features = load_fixed<std::uint32_t>(bytes.data() + 12);
  bool whole = decoder.take_fixed(footer.file_number);
  for (Handle* handle : {&footer.filter, &footer.index, &footer.range_erases, &footer.properties}) {
    whole = whole && decoder.take_fixed(handle->offset) && decoder.take_fixed(handle->bytes) &&
            handle->offset <= file_bytes &&
            handle->bytes + frame_bytes + footer_bytes <= file_bytes - handle->offset;
  }
  if (!whole) {
    return fail(ErrorCode::corruption, path, ": the footer names sections outside of the file");
  }
  return footer;
}

}  // namespace strata::table
