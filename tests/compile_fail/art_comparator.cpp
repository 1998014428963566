// SPDX-License-Identifier: BSL-1.0
// A radix tree has one order, that of bytes: a family with another one needs another memtable.
// expect: strata: memtable::Art sorts keys by their bytes
#include <string_view>

#include <strata/lsm_tree.hpp>
#include <strata/memtable/art.hpp>

using namespace strata;

#ifdef WRONG
using Db = LsmTree<memtable::Art, comparator::ReverseBytewise>;
#else
using Db = LsmTree<memtable::Art, comparator::Bytewise>;
#endif

int main() {
  auto db = Db::open("db");
  return db->put("key", "value") ? 0 : 1;
}
