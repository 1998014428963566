// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Everything a database or a family shows to a cursor, as a map to compare with.

#include <map>
#include <string>

#include <catch2/catch.hpp>

#include <strata/lsm/options.hpp>

namespace strata::tests {

using Content = std::map<std::string, std::string>;

Content content(const auto& db, const Snapshot* snapshot = nullptr) {
  Content all;
  auto cursor = db.cursor(ReadOptions{.snapshot = snapshot});
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    all.emplace(cursor.key(), cursor.value());
  }
  REQUIRE(cursor.status());
  return all;
}

}  // namespace strata::tests
