// SPDX-License-Identifier: BSL-1.0
#include <strata/table/table.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <catch2/catch.hpp>

#include <strata/table/format.hpp>

#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using table::BlockBased;

namespace {

struct Another {
  using policy_slot = table_format_slot;
  static constexpr std::string_view name = "another";
  static constexpr std::uint32_t format_version = 1;
  struct Options {
    std::size_t block_bytes = 1;
  };
};
struct Nameless : Another {
  static constexpr int name = 0;
};
struct WithoutBlockSize : Another {
  struct Options {};
};
struct OfAnotherSlot : Another {
  using policy_slot = cache_slot;
};

}  // namespace

TEST_CASE("a table format has a slot, a name, a version and a block size", "[table]") {
  STATIC_REQUIRE(TableFormatPolicy<BlockBased>);
  STATIC_REQUIRE(TableFormatPolicy<Another>);
  STATIC_REQUIRE_FALSE(TableFormatPolicy<Nameless>);
  STATIC_REQUIRE_FALSE(TableFormatPolicy<WithoutBlockSize>);
  STATIC_REQUIRE_FALSE(TableFormatPolicy<OfAnotherSlot>);
}

TEST_CASE("the names that manifests keep for ever are these", "[table]") {
  STATIC_REQUIRE(BlockBased::name == "block_based");
  STATIC_REQUIRE(BlockBased::format_version == 1);
  STATIC_REQUIRE(table::table_format_version == 1);
  STATIC_REQUIRE(index::Binary::name == "binary");
  STATIC_REQUIRE(index::Binary::format_version == 1);
}

TEST_CASE("the default format is the builder and the reader of blocks", "[table]") {
  STATIC_REQUIRE(std::is_same_v<BlockBased::builder<Full>, table::Builder<Full>>);
  STATIC_REQUIRE(std::is_same_v<BlockBased::reader<Full, Cache>, table::Reader<Full, Cache>>);
  CHECK(BlockBased::Options{}.block_bytes == OptionsOf<Full>{}.block_bytes);
}

TEST_CASE("a table of version 1 has the bytes that it always had", "[table]") {
  Entries entries;
  entries[{"apple", Trailer(3, EntryKind::put)}] = "red";
  entries[{"apple", Trailer(1, EntryKind::put)}] = "green";
  entries[{"apricot", Trailer(2, EntryKind::erase)}] = "";
  Table<Filtered> table(entries, small_blocks<Filtered>(), {{"b", "c", 4}});
  const std::string bytes = table.bytes();
  CHECK(bytes.size() == table.info.size_bytes);
  CHECK(checksum::Crc32c::compute(bytes) == 0x8a358e49);  // another sum is another version
}
