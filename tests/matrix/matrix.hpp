// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Every model of every slot, each with what its conformance kit found. A slot is a function that
/// adds a row for each of its models, told by their types; check_matrix.py sees to it that no model
/// is missing.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/testing/conformance.hpp>

namespace strata::matrix {

struct Row {
  std::string slot;
  std::string model;  ///< as it is spelled in code
  testing::Conformance found;
};
using Rows = std::vector<Row>;

/// The name of a type within strata, as the compiler spells it.
template <class T>
[[nodiscard]] std::string name_of() {
  std::string name = __PRETTY_FUNCTION__;
  name = name.substr(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  for (const std::string_view noise :
       {"strata::", "matrix::", "{anonymous}::", "(anonymous namespace)::"}) {
    for (auto at = name.find(noise); at != std::string::npos; at = name.find(noise)) {
      name.erase(at, noise.size());
    }
  }
  return name;
}

/// What several kits, or one under several seeds, found together.
[[nodiscard]] inline testing::Conformance together(
    std::initializer_list<testing::Conformance> parts) {
  testing::Conformance all;
  for (const testing::Conformance& part : parts) {
    all.add(part);
  }
  return all;
}

template <class Model>
void add(Rows& rows, testing::Conformance found) {
  std::string slot = name_of<typename Model::policy_slot>();
  slot.resize(slot.size() - std::string_view("_slot").size());
  rows.push_back({std::move(slot), name_of<Model>(), std::move(found)});
}

void add_basics(Rows& rows);  ///< comparator, checksum, clock, metrics, executor
void add_caches(Rows& rows);
void add_compactions(Rows& rows);  ///< compaction, compaction_filter, merge
void add_engines(Rows& rows);      ///< value_separation: what only an engine can show
void add_memtables(Rows& rows);
void add_storage(Rows& rows);  ///< file_system, wal, encryption
void add_tables(Rows& rows);   ///< filter, table_index, compression, table_format

}  // namespace strata::matrix
