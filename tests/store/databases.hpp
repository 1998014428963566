// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The databases that the tests of transactions and stores run on. Each holder makes a fresh, empty
/// database and gives it out as `db`.

#include <tuple>

#include <strata/testing/map_database.hpp>

namespace databases {

template <strata::FixedString... Families>
struct OnMap {
  using Db = strata::testing::MapDatabase<Families...>;
  Db db;
};

/// For `TEMPLATE_LIST_TEST_CASE`.
template <strata::FixedString... Families>
using all = std::tuple<OnMap<Families...>>;

}  // namespace databases
