// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Blocks made and read in tests.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>

#include "entries.hpp"

namespace table_test {

inline std::string encoded(const Entries& entries, bool hashed = false) {
  table::BlockBuilder builder(hashed);
  for (const auto& [version, value] : entries) {
    builder.add(version.key, version.trailer, value);
  }
  std::string bytes;
  builder.finish(bytes);
  return bytes;
}

/// In an allocation of just that size, so that a sanitizer sees a read behind it.
inline std::optional<table::Block> parsed(std::string_view bytes) {
  std::unique_ptr<char[]> own(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), own.get());
  return table::Block::parse(std::move(own), bytes.size());
}

inline table::Block block_of(const Entries& entries, bool hashed = false) {
  auto block = parsed(encoded(entries, hashed));
  REQUIRE(block);
  return std::move(*block);
}

inline std::string key_of(const table::Block& block, std::uint32_t i) {
  std::string key;
  block.append_key(i, key);
  return key;
}

inline Entries contents(const table::Block& block) {
  Entries entries;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    entries[{key_of(block, i), block.trailer(i)}] = std::string(block.value(i));
  }
  return entries;
}

}  // namespace table_test
