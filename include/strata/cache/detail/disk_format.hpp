// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The bytes of a disk level: records in segment files, and the index that a clean close leaves.
///
///     | record: 12 bytes, key, value                                           |
///     | crc32c u32, of the rest | key bytes u32 | value bytes u32 | key | value |
///
///     | index                                                                  |
///     | magic u64 | generation u64 | next segment u64                          |
///     | segments u64, for each: number u64 | bytes u64                         |
///     | entries u64, for each: hash u64 | segment u64 | offset u32 | bytes u32 |
///     | crc32c u32, of all before                                              |
///
/// (Tested by tests/cache/disk_level_test.cpp.)

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>

namespace strata::cache::detail {

inline constexpr std::size_t disk_record_header_bytes = 12;

/// Empty where key and value together are too long for a record.
[[nodiscard]] inline std::string encode_disk_record(std::string_view key, std::string_view value) {
  std::string record;
  if (key.size() > UINT32_MAX || value.size() > UINT32_MAX) {
    return record;
  }
  record.reserve(disk_record_header_bytes + key.size() + value.size());
  put_fixed(record, std::uint32_t{0});
  put_fixed(record, static_cast<std::uint32_t>(key.size()));
  put_fixed(record, static_cast<std::uint32_t>(value.size()));
  record.append(key).append(value);
  store_fixed(record.data(), checksum::Crc32c::compute(std::string_view(record).substr(4)));
  return record;
}

struct DiskRecord {
  std::string_view key;
  std::string_view value;
};

/// None where `bytes` are not exactly one record as it was written.
[[nodiscard]] inline std::optional<DiskRecord> decode_disk_record(std::string_view bytes) {
  Decoder decoder(bytes);
  std::uint32_t sum = 0;
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
  DiskRecord record;
  if (decoder.take_fixed(sum) && sum == checksum::Crc32c::compute(decoder.rest()) &&
      decoder.take_fixed(key_bytes) && decoder.take_fixed(value_bytes) &&
      decoder.take_bytes(key_bytes, record.key) && decoder.take_bytes(value_bytes, record.value) &&
      decoder.done()) {
    return record;
  }
  return std::nullopt;
}

struct DiskIndex {
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t segment = 0;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
  };

  std::uint64_t generation = 0;
  std::uint64_t next_segment = 1;
  std::vector<Segment> segments{};
  std::vector<Entry> entries{};
};

inline constexpr std::uint64_t disk_index_magic = 0x3144617461727473;  // "strataD1"

[[nodiscard]] inline std::string encode_disk_index(const DiskIndex& index) {
  std::string bytes;
  put_fixed(bytes, disk_index_magic);
  put_fixed(bytes, index.generation);
  put_fixed(bytes, index.next_segment);
  put_fixed(bytes, std::uint64_t{index.segments.size()});
  for (const DiskIndex::Segment& segment : index.segments) {
    put_fixed(bytes, segment.number);
    put_fixed(bytes, segment.bytes);
  }
  put_fixed(bytes, std::uint64_t{index.entries.size()});
  for (const DiskIndex::Entry& entry : index.entries) {
    put_fixed(bytes, entry.hash);
    put_fixed(bytes, entry.segment);
    put_fixed(bytes, entry.offset);
    put_fixed(bytes, entry.bytes);
  }
  put_fixed(bytes, checksum::Crc32c::compute(bytes));
  return bytes;
}

/// None where `bytes` are not an index as it was written.
[[nodiscard]] inline std::optional<DiskIndex> decode_disk_index(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
  if (checksum::Crc32c::compute(body) != load_fixed<std::uint32_t>(body.data() + body.size())) {
    return std::nullopt;
  }
  Decoder decoder(body);
  DiskIndex index;
  std::uint64_t magic = 0;
  std::uint64_t count = 0;
  if (!decoder.take_fixed(magic) || magic != disk_index_magic ||
      !decoder.take_fixed(index.generation) || !decoder.take_fixed(index.next_segment) ||
      !decoder.take_fixed(count)) {
    return std::nullopt;
  }
  for (; count > 0; --count) {
    DiskIndex::Segment& segment = index.segments.emplace_back();
    if (!decoder.take_fixed(segment.number) || !decoder.take_fixed(segment.bytes)) {
      return std::nullopt;
    }
  }
  if (!decoder.take_fixed(count)) {
    return std::nullopt;
  }
  for (; count > 0; --count) {
    DiskIndex::Entry& entry = index.entries.emplace_back();
    if (!decoder.take_fixed(entry.hash) || !decoder.take_fixed(entry.segment) ||
        !decoder.take_fixed(entry.offset) || !decoder.take_fixed(entry.bytes)) {
      return std::nullopt;
    }
  }
  return decoder.done() ? std::optional(std::move(index)) : std::nullopt;
}

}  // namespace strata::cache::detail
