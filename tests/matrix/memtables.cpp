// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>

#include "matrix.hpp"

namespace strata::matrix {

namespace {

/// In the order of bytes, which all of them can, and between threads.
template <class... Memtables>
void add_all(Rows& rows) {
  using testing::memtable_conformance_of;
  using testing::memtable_thread_conformance;
  (add<Memtables>(rows,
                  together({memtable_conformance_of<Memtables, comparator::Bytewise>({}, 1),
                            memtable_thread_conformance<Memtables>({}, {.entries_each = 2000})})),
   ...);
}

}  // namespace

void add_memtables(Rows& rows) {
  using namespace memtable;
  add_all<Art, BTree, HashIndex, Partitioned<SkipList, 4>, SkipList, Vector>(rows);
}

}  // namespace strata::matrix
