// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How a file of records begins: log segments, and the manifest, which is a log of edits.
///
///     offset  size  field
///          0     8  magic
///          8     4  format_version
///         12     4  incompatible flags      unknown bits: this version must not read the file
///         16     4  read-only flags         unknown bits: it may read, not append
///         20     4  compatible flags        unknown bits: no matter
///         24     8  database_id             random, the same in every file of a database
///         32     8  file_id                 the number in the file's name
///         40     8  predecessor_id          0: the chain of records begins here
///         48     8  last_sequence           of the predecessor: where the chain goes on
///         56     8  durable_sequence        everything up to here was durable already
///         64     4  zero
///         68     4  crc                     of the 68 bytes before
///
/// `last_sequence` says where the file before ends, whatever else it may hold: a writer that
/// abandoned a torn file goes on in a new one (RocksDB #6316, #12918). Magic, version, flags and
/// crc stay where they are in every later version, so that each version recognises the others.
///
/// Plain functions on bytes; round trip: tests/wal/log_header_test.cpp.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/wal/record.hpp>

namespace strata::wal {

inline constexpr std::size_t log_header_bytes = 72;
inline constexpr std::uint32_t log_format_version = 1;

/// Eight characters that tell what kind of file this is.
struct Magic {
  char text[9];
};
inline constexpr Magic segment_magic{"STRATAwl"};

struct LogHeader {
  FileIdentity file;
  std::uint64_t predecessor_id = 0;
  Sequence last_sequence = 0;
  Sequence durable_sequence = 0;
  std::uint32_t read_only_flags = 0;
  std::uint32_t compatible_flags = 0;
};

template <class Checksum>
[[nodiscard]] std::string encode_log_header(const LogHeader& header, const Magic& magic) {
  std::string bytes(magic.text, 8);
  put_fixed(bytes, log_format_version);
  put_fixed(bytes, std::uint32_t{0});
  put_fixed(bytes, header.read_only_flags);
  put_fixed(bytes, header.compatible_flags);
  put_fixed(bytes, header.file.database_id);
  put_fixed(bytes, header.file.file_id);
  put_fixed(bytes, header.predecessor_id);
  put_fixed(bytes, header.last_sequence);
  put_fixed(bytes, header.durable_sequence);
  put_fixed(bytes, std::uint32_t{0});
  put_fixed(bytes, Checksum::compute(bytes));
  return bytes;
}

/// Errors: `corruption` if these are not the first bytes that a writer of `magic` files made,
/// `newer_format` if they are and must not be read by this version.
template <class Checksum>
[[nodiscard]] Result<LogHeader> decode_log_header(std::string_view bytes, const Magic& magic,
                                                  std::string_view path) {
  if (bytes.size() < log_header_bytes || std::memcmp(bytes.data(), magic.text, 8) != 0 ||
      load_fixed<std::uint32_t>(bytes.data() + log_header_bytes - 4) !=
          Checksum::compute(bytes.substr(0, log_header_bytes - 4))) {
    return fail(ErrorCode::corruption, path, ": offset 0: the file's header is damaged");
  }
  const auto version = load_fixed<std::uint32_t>(bytes.data() + 8);
  const auto incompatible_flags = load_fixed<std::uint32_t>(bytes.data() + 12);
  if (version > log_format_version || incompatible_flags != 0) {
    return fail(ErrorCode::newer_format, path, ": written by a later version (format ",
                std::to_string(version), ", flags ", std::to_string(incompatible_flags),
                "); open it with that one");
  }
  LogHeader header;
  header.read_only_flags = load_fixed<std::uint32_t>(bytes.data() + 16);
  header.compatible_flags = load_fixed<std::uint32_t>(bytes.data() + 20);
  header.file.database_id = load_fixed<std::uint64_t>(bytes.data() + 24);
  header.file.file_id = load_fixed<std::uint64_t>(bytes.data() + 32);
  header.predecessor_id = load_fixed<std::uint64_t>(bytes.data() + 40);
  header.last_sequence = load_fixed<std::uint64_t>(bytes.data() + 48);
  header.durable_sequence = load_fixed<std::uint64_t>(bytes.data() + 56);
  return header;
}

}  // namespace strata::wal
