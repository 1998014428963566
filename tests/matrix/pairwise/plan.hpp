// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What generate.py planned: which policies there are, which of them can not meet and why, and in
/// which compositions the others do.

#include <string>
#include <vector>

#include "database.hpp"

namespace strata::matrix {

struct Slot {
  std::string name;
  std::vector<std::string> models;
};
struct Excluded {
  std::vector<std::string> models;  ///< two that do not meet, or one that meets nobody
  std::string reason;
};

[[nodiscard]] std::vector<Entry> all_entries();
[[nodiscard]] std::vector<Slot> all_slots();
[[nodiscard]] std::vector<Excluded> excluded();

}  // namespace strata::matrix
