// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An object store with a bucket "b", on a fresh database of some kind (databases.hpp).

#include <cstddef>
#include <cstdint>

#include <catch2/catch.hpp>

#include <strata/store/object_store.hpp>
#include <strata/txn/key_locks.hpp>

#include "databases.hpp"

namespace object_tests {

template <class Holder>
struct ObjectsOn : Holder {
  strata::txn::KeyLocks locks;
  strata::store::Objects<typename Holder::Db> objects{this->db, locks};

  ObjectsOn() { REQUIRE(objects.create_bucket("b")); }

  /// How many keys there are of which `is_counted(kind)`.
  template <class Predicate>
  std::size_t count(Predicate is_counted) {
    std::size_t counted = 0;
    auto cursor = this->db.template family<"objects">().cursor(strata::ReadOptions{});
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      counted += is_counted(static_cast<std::uint8_t>(cursor.key()[0])) ? 1 : 0;
    }
    return counted;
  }
};

}  // namespace object_tests
