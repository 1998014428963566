// SPDX-License-Identifier: BSL-1.0
#include <strata/table/properties.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>

#include "info.hpp"
#include "specs.hpp"

using namespace strata;
using table::Properties;
using table::TableInfo;
using table_test::check_same;
using table_test::Full;
using table_test::Plain;

namespace {

TableInfo example() {
  TableInfo info;
  info.smallest = std::string("\0a", 2);
  info.largest = "z\xff";
  info.largest_exclusive = true;
  info.smallest_sequence = 1;
  info.largest_sequence = 300;
  info.entries = 5;
  info.tombstones = 2;
  info.range_erases = 70'000;
  info.raw_bytes = 8;
  return info;
}
Result<Properties> decoded(std::string_view bytes) {
  return table::decode_properties(bytes, "db/12.table");
}

struct Unversioned {
  static constexpr std::string_view name = "plain";
};
struct Versioned {
  static constexpr std::string_view name = "plain";
  static constexpr std::uint32_t format_version = 12;
};

}  // namespace

TEST_CASE("properties are read as they were written", "[table]") {
  const auto properties = decoded(table::encode_properties<Full>(example(), 9, 5));
  REQUIRE(properties);
  check_same(properties->info, example());
  CHECK(properties->blocks == 9);
  CHECK(properties->family == 5);
  CHECK(properties->comparator == "bytewise");
  CHECK(properties->filter == "bloom/" + std::to_string(filter::Bloom::format_version));
  CHECK(properties->index == "binary/1");
  CHECK(properties->compression == "lz4");
}

TEST_CASE("properties keep nothing and the largest numbers", "[table]") {
  TableInfo info;
  SECTION("nothing") {}
  SECTION("largest") {
    info.smallest = std::string(64 << 10, '\0');
    info.largest = std::string(64 << 10, '\xff');
    info.largest_exclusive = true;
    for (std::uint64_t* number : {&info.smallest_sequence, &info.largest_sequence, &info.entries,
                                  &info.tombstones, &info.range_erases, &info.raw_bytes}) {
      *number = UINT64_MAX;
    }
  }
  const auto properties = decoded(table::encode_properties<Plain>(info, info.entries, 0));
  REQUIRE(properties);
  check_same(properties->info, info);
  CHECK(properties->blocks == info.entries);
}

TEST_CASE("properties of a later version are skipped where they are unknown", "[table]") {
  std::string bytes;
  put_string(bytes, "of a later version");
  put_string(bytes, "\xff\xff");
  bytes += table::encode_properties<Full>(example(), 9, 5);
  put_string(bytes, "");
  put_string(bytes, "no name");
  const auto properties = decoded(bytes);
  REQUIRE(properties);
  check_same(properties->info, example());
}

TEST_CASE("properties without any are those of an empty table of no policy", "[table]") {
  const auto properties = decoded("");
  REQUIRE(properties);
  check_same(properties->info, {});
  CHECK(properties->comparator.empty());
}

TEST_CASE("a property that is no number where one is wanted is damage", "[table]") {
  for (const std::string& value :
       {std::string(), std::string("\x80"), std::string("\1\1"), std::string(11, '\xff')}) {
    std::string bytes;
    put_string(bytes, "entries");
    put_string(bytes, value);
    put_string(bytes, "blocks");
    put_string(bytes, "\1");
    const auto properties = decoded(bytes);
    REQUIRE_FALSE(properties);
    CHECK(properties.error().code() == ErrorCode::corruption);
    CHECK(properties.error().message() == "db/12.table: the properties are damaged");
  }
}

TEST_CASE("properties that are cut off are damage, or those before the cut", "[table]") {
  const std::string bytes = table::encode_properties<Full>(example(), 9, 5);
  std::size_t whole = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto properties = decoded(std::string_view(bytes).substr(0, length));
    if (properties) {
      ++whole;
      CHECK(properties->compression.empty());
    } else {
      CHECK(properties.error().code() == ErrorCode::corruption);
    }
  }
  CHECK(whole == 15);  // between two properties, and before the first
}

TEST_CASE("properties with a flipped bit are damage, or read within their bytes", "[table]") {
  std::string bytes = table::encode_properties<Full>(example(), 9, 5);
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const auto properties = decoded(bytes);
    if (!properties) {
      ++refused;
      CHECK(properties.error().code() == ErrorCode::corruption);
    }
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
  CHECK(refused > 0);
}

TEST_CASE("a policy's stored name has its version, where it has one", "[table]") {
  CHECK(table::stored_name<Unversioned>() == "plain");
  CHECK(table::stored_name<Versioned>() == "plain/12");
}
