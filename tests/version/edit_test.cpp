// SPDX-License-Identifier: BSL-1.0
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/version/edit.hpp>

namespace {

using namespace strata;
using version::VersionEdit;

version::FileMetadata some_file(std::uint64_t number) {
  version::FileMetadata file;
  file.number = number;
  file.size_bytes = 1 << 20;
  file.smallest = std::string("a\0b", 3);
  file.largest = "\xff\xff";
  file.largest_exclusive = number % 2 == 0;
  file.smallest_sequence = 1;
  file.largest_sequence = sequence_max;
  file.entries = 1000;
  file.tombstones = 7;
  file.range_erases = 1;
  file.raw_bytes = 3 << 20;
  file.values = {{5, 1'000}, {1ULL << 40, 7}};
  file.oldest_seconds = 1'700'000'000;
  file.newest_seconds = 1'700'003'600;
  return file;
}

VersionEdit full_edit() {
  VersionEdit edit;
  edit.database_id = UINT64_MAX;
  edit.fingerprint = "bytewise,block-1";
  edit.next_file_number = 300;
  edit.last_sequence = 12345;
  edit.first_log_segment = 9;
  version::FamilyEdit first;
  first.family = 0;
  first.created = version::FamilyDescriptor{"default", ""};
  first.added = {{0, some_file(1)}, {6, some_file(2)}};
  first.deleted = {{0, 5}, {3, UINT64_MAX}};
  first.flushed_through = 0;
  first.added_values = {{5, 1'032}, {1ULL << 40, 39}};
  version::FamilyEdit second;
  second.family = UINT32_MAX;
  second.dropped = true;
  edit.families = {first, second};
  return edit;
}

/// A field as encode_edit writes it.
std::string field(std::uint64_t tag, std::string_view bytes) {
  std::string out;
  put_varint(out, tag);
  put_string(out, bytes);
  return out;
}

}  // namespace

TEST_CASE("an edit decodes to what was encoded", "[version][edit]") {
  for (const VersionEdit& edit : {VersionEdit(), full_edit()}) {
    const auto decoded = version::decode_edit(version::encode_edit(edit));
    REQUIRE(decoded);
    CHECK(*decoded == edit);
  }
}

TEST_CASE("unknown odd fields are skipped, unknown even ones are of a later version",
          "[version][edit]") {
  const std::string bytes = version::encode_edit(full_edit());
  const auto skipped = version::decode_edit(bytes + field(1001, "what a later version added"));
  REQUIRE(skipped);
  CHECK(*skipped == full_edit());
  for (const std::uint64_t tag : {1000ULL, 256ULL + 2, 1ULL << 40}) {
    CHECK(version::decode_edit(bytes + field(tag, "x")).error().code() == ErrorCode::newer_format);
  }
  // Within a family and within a file too.
  CHECK(version::decode_edit(field(12, field(2, "\x01") + field(101, "x"))));
  CHECK(version::decode_edit(field(12, field(100, "x"))).error().code() == ErrorCode::newer_format);
  CHECK(version::decode_edit(field(12, field(12, field(100, "x")))).error().code() ==
        ErrorCode::newer_format);
}

TEST_CASE("an edit that is cut anywhere is refused or lacks whole fields", "[version][edit]") {
  const std::string bytes = version::encode_edit(full_edit());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = version::decode_edit(std::string_view(bytes).substr(0, size));
    if (decoded) {
      CHECK(version::encode_edit(*decoded) == bytes.substr(0, size));
    } else {
      CHECK(decoded.error().code() == ErrorCode::corruption);
    }
  }
}

TEST_CASE("wrong bytes make an error, never a crash or a large allocation", "[version][edit]") {
  const std::string whole = version::encode_edit(full_edit());
  std::mt19937_64 random(20261121);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int flips = 1 + round % 4; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto decoded = version::decode_edit(bytes);
    if (decoded) {
      CHECK(version::decode_edit(version::encode_edit(*decoded)) == *decoded);
    }
  }
}

TEST_CASE("numbers out of range are refused", "[version][edit]") {
  std::string big;
  put_varint(big, std::uint64_t{1} << 32);
  CHECK_FALSE(version::decode_edit(field(12, field(2, big))));                // family id
  CHECK_FALSE(version::decode_edit(field(12, field(12, field(2, "\x07")))));  // level 7
  CHECK_FALSE(version::decode_edit(field(12, field(10, "\x07\x01"))));
  CHECK_FALSE(version::decode_edit(field(6, "\x01\x01")));  // more than a number
}
