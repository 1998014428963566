// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The record: what a log file is made of.
///
///     offset  size  field
///          0     4  header_crc        of the rest of the header and of the file's identity
///          4     4  payload_bytes
///          8     8  first_sequence    of the first operation in the payload
///         16     8  durable_sequence  everything up to here was durable when this was appended
///         24     4  count             operations in the payload; 0: a mark
///         28     4  payload_crc
///         32     -  payload, then zeros up to a multiple of 8
///
/// Records form a chain: each begins one after the last sequence of the record before it. Because
/// `header_crc` covers the identity of the file, a record that an earlier file left in recycled
/// blocks, or that came along with a copied file, is no record here. The payload's checksum stands
/// alone, so that writers compute it before they enter the critical section.
///
/// `durable_sequence` is what tells damage from a torn tail: if any later record says that a
/// missing one was durable, then the missing one was lost, not merely unfinished. A *mark* carries
/// nothing but that word; its `first_sequence` is the next sequence to come.
///
/// Plain functions on bytes; round trip: tests/wal/record_test.cpp.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>

namespace strata::wal {

inline constexpr std::size_t record_header_bytes = 32;
inline constexpr std::size_t record_alignment = 8;
inline constexpr std::uint64_t record_payload_bytes_max = UINT32_MAX;

/// Which file of which database a record belongs to.
struct FileIdentity {
  std::uint64_t database_id = 0;
  std::uint64_t file_id = 0;
};

struct RecordHeader {
  std::uint32_t payload_bytes = 0;
  Sequence first_sequence = 0;
  Sequence durable_sequence = 0;
  std::uint32_t count = 0;
  std::uint32_t payload_crc = 0;

  [[nodiscard]] bool is_mark() const noexcept { return count == 0; }
  /// Of a mark: the last sequence before it.
  [[nodiscard]] Sequence last_sequence() const noexcept { return first_sequence + count - 1; }
};

/// Zeros that follow `bytes` of a record.
[[nodiscard]] constexpr std::size_t padding_after(std::uint64_t bytes) noexcept {
  return static_cast<std::size_t>(-bytes % record_alignment);
}

/// The running checksum that every record header of the file starts from.
template <class Checksum>
[[nodiscard]] std::uint32_t record_seed(FileIdentity file) noexcept {
  char bytes[16];
  store_fixed(bytes, file.database_id);
  store_fixed(bytes + 8, file.file_id);
  return Checksum::compute({bytes, sizeof bytes});
}

/// Requires: room for `record_header_bytes` at `to`.
template <class Checksum>
void encode_record_header(const RecordHeader& header, std::uint32_t seed, char* to) noexcept {
  store_fixed(to + 4, header.payload_bytes);
  store_fixed(to + 8, header.first_sequence);
  store_fixed(to + 16, header.durable_sequence);
  store_fixed(to + 24, header.count);
  store_fixed(to + 28, header.payload_crc);
  store_fixed(to, Checksum::extend(seed, {to + 4, record_header_bytes - 4}));
}

/// None: not a header that a writer of this file made. Cheap to refuse, as scans for the next
/// valid record ask this for every eighth byte.
template <class Checksum>
[[nodiscard]] std::optional<RecordHeader> decode_record_header(const char* from,
                                                               std::uint32_t seed) noexcept {
  RecordHeader header;
  header.payload_bytes = load_fixed<std::uint32_t>(from + 4);
  header.first_sequence = load_fixed<std::uint64_t>(from + 8);
  header.durable_sequence = load_fixed<std::uint64_t>(from + 16);
  header.count = load_fixed<std::uint32_t>(from + 24);
  header.payload_crc = load_fixed<std::uint32_t>(from + 28);
  const bool plausible = header.first_sequence - 1 < sequence_max &&
                         header.durable_sequence < header.first_sequence &&
                         header.count <= sequence_max - header.first_sequence + 1 &&
                         (header.count != 0 || header.payload_bytes == 0);
  if (!plausible || load_fixed<std::uint32_t>(from) !=
                        Checksum::extend(seed, {from + 4, record_header_bytes - 4})) {
    return std::nullopt;
  }
  return header;
}

}  // namespace strata::wal
