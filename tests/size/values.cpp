// SPDX-License-Identifier: BSL-1.0
// A family whose values lie in its tables: no code of value files is in the object.
// absent: strata::table::ValueFile
// absent: strata::lsm::ValueOutput
// absent: strata::lsm::ValueFiles
#include <string>

#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

#ifdef COMPOSED
using Db = strata::LsmTree<strata::io::Memory, strata::executor::Inline,
                           strata::value_separation::ValueLog>;
#else
using Db = strata::LsmTree<strata::io::Memory, strata::executor::Inline>;
#endif

bool use(const std::string& path) {
  auto db = Db::open(path);
  return db && db->put("k", "v") && db->compact() && db->get("k") && db->cursor().status() &&
         db->verify();
}
