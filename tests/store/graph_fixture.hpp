// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A graph store on a fresh database of some kind (databases.hpp).

#include <string>
#include <vector>

#include <strata/store/graph.hpp>
#include <strata/txn/key_locks.hpp>

#include "databases.hpp"

namespace graph_tests {

using Databases = databases::all<"graph">;
using Ids = std::vector<std::string>;

template <class Holder>
struct GraphOn {
  using Db = typename Holder::Db;
  Holder holder;
  strata::txn::KeyLocks locks;
  strata::store::Graph<Db> graph{holder.db, locks};
};

}  // namespace graph_tests
