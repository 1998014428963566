// SPDX-License-Identifier: BSL-1.0
/// Blocks from 256 bytes to 1 MiB, with each codec.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/compression/per_level.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;

namespace {

template <class C>
using Of = Spec<io::Memory, filter::Bloom, C>;

/// Three megabytes of records with fields that repeat, and some large values that do not.
const Entries& records() {
  static const Entries entries = [] {
    std::mt19937_64 random(23);
    Entries made;
    for (std::size_t i = 0; i < 12'000; ++i) {
      std::string value = "{\"identifier\": " + std::to_string(random()) +
                          ", \"temperature\": " + std::to_string(random() % 1000) +
                          std::string(i % 350, '.') + "}";
      if (i % 1'500 == 7) {
        value.resize(100'000);
        for (char& c : value) {
          c = static_cast<char>(random());
        }
      }
      made[{"key" + std::to_string(1'000'000 + i), Trailer(i + 1, EntryKind::put)}] = value;
    }
    return made;
  }();
  return entries;
}

template <class S>
std::optional<std::string> get(const ReaderOf<S>& reader, std::string_view key) {
  std::optional<std::string> found;
  REQUIRE(reader.get(key, sequence_max, filter::Probe<typename S::Filter>(key), {},
                     [&](Trailer, std::string_view value) {
                       found.emplace(value);
                       return false;
                     }));
  return found;
}

template <class C>
void check(std::size_t block_bytes, const options_of_t<C>& codec, bool compresses) {
  using S = Of<C>;
  OptionsOf<S> options;
  options.block_bytes = block_bytes;
  options.compression = codec;
  options.level = 6;
  Table<S> table(records(), options);
  CHECK((table.info.size_bytes < table.info.raw_bytes) == compresses);
  // As many blocks as their size says, and the large values have one each at most.
  CHECK(table.reader->properties().blocks <= table.info.raw_bytes * 5 / 4 / block_bytes + 20);
  CHECK(table.reader->properties().blocks >= table.info.raw_bytes / (block_bytes + 101'000));
  REQUIRE(table.reader->verify());
  REQUIRE(scanned<S>(*table.reader).value() == records());
  for (std::size_t i = 7; i < 12'000; i += 500) {
    const std::string key = "key" + std::to_string(1'000'000 + i);
    REQUIRE(get<S>(*table.reader, key) == records().at({key, Trailer(i + 1, EntryKind::put)}));
    REQUIRE(get<S>(*table.reader, key + "?") == std::nullopt);
  }
}

}  // namespace

TEST_CASE("blocks of any size are written, read, scanned and verified with each codec", "[table]") {
  const std::size_t block_bytes = GENERATE(std::size_t{256}, 4_KiB, 64_KiB, 1_MiB);
  CAPTURE(block_bytes);
  using compression::Lz4;
  using compression::None;
  using compression::Zstd;
  check<None>(block_bytes, {}, false);
  check<Lz4>(block_bytes, {}, true);
  check<Zstd>(block_bytes, {.level = 1}, true);
  check<Zstd>(block_bytes, {.level = 1, .dictionary_bytes = 4_KiB}, true);
  check<compression::PerLevel<None, Zstd>>(
      block_bytes, {.upper = {}, .lower = {.level = -1, .dictionary_bytes = 1_KiB}}, true);
}
