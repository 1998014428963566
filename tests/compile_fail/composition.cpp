// SPDX-License-Identifier: BSL-1.0
// What is wrong with a composition is one sentence that says what to do.
// expect: strata: two policies for the cache slot; give one
// expect 2: strata: Database<...> takes families and policies of database slots
// expect 3: strata: a Family takes policies of family slots only
// expect 4: strata: Database<...> takes families and policies of database slots
// explain 4: wrap types without a policy_slot as strata::as<slot, T>
// expect 5: strata: the cache slot needs a CachePolicy; see strata/cache/concept.hpp
// expect 6: strata: this database has no family of that name
// expect 7: strata: two policies for the compression slot; give one
// expect 8: strata: this database has no family of that name
// expect 9: strata: filter::Prefix needs a prefix extractor: filter::Prefix<F, prefix::Fixed<8>>
#include <string>
#include <string_view>

#include <strata/cache/lru.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/filter/prefix.hpp>
#include <strata/lsm_tree.hpp>

#ifndef WRONG
#define WRONG 0
#endif

using namespace strata;

/// Says that it is a cache, and is none.
struct NoCache {
  using policy_slot = cache_slot;
  static constexpr std::string_view name = "no_cache";
};

#if WRONG == 1
using Db = Database<Family<"a">, cache::Lru, cache::S3Fifo>;
#elif WRONG == 2
using Db = Database<Family<"a">, memtable::BTree>;
#elif WRONG == 3
using Db = Database<Family<"a", cache::Lru> >;
#elif WRONG == 4
using Db = Database<Family<"a">, std::string>;
#elif WRONG == 5
using Db = Database<Family<"a">, NoCache>;
#elif WRONG == 7
using Db = Database<Family<"a", compression::None, compression::Lz4> >;
#elif WRONG == 9
using Db = Database<Family<"a", filter::Prefix<filter::Bloom> > >;
#else
using Db = Database<Family<"a">, cache::Lru>;
#endif

int main() {
  auto db = Db::open("db");
#if WRONG == 6
  return db->family<"b">().get("k").has_value() ? 0 : 1;
#elif WRONG == 8
  Db::Options options;
  options.family<"b">();
  return 0;
#else
  return db->family<"a">().get("k").has_value() ? 0 : 1;
#endif
}
