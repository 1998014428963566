// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Random operations on a database and on a map beside it: the first difference, if there is one.

#include <cstdint>
#include <string>

#include "database.hpp"

namespace strata::matrix {

struct Outcome {
  std::uint64_t operations = 0;
  std::uint64_t compared = 0;
  std::string difference;  ///< empty: there was none
};

[[nodiscard]] Outcome run_operations(Database& database, std::uint64_t seed,
                                     std::uint64_t operations);

}  // namespace strata::matrix
