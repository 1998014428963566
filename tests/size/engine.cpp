// SPDX-License-Identifier: BSL-1.0
// An engine without cache, filter, threads and metrics: no code of any of them is in the object.
// absent: strata::cache::detail::Sharded<
// absent: strata::filter::.*Bloom
// absent: pthread_create|std::thread::_M_start_thread
// absent: strata::metrics::Counters
// absent: strata::merge::Add
// absent: LZ4_compress
#include <string>

#include <strata/cache/none.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/filter/none.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/observe/none.hpp>

#ifdef COMPOSED
using Db = strata::LsmTree<strata::io::Memory, strata::merge::Add, strata::compression::Lz4>;
#else
using Db = strata::LsmTree<strata::io::Memory, strata::cache::None, strata::filter::None,
                           strata::executor::Inline, strata::metrics::None, strata::clock::Frozen>;
#endif

bool use(const std::string& path) {
  auto db = Db::open(path);
  return db && db->put("k", "v") && db->compact() && db->get("k");
}
