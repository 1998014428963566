// SPDX-License-Identifier: BSL-1.0
// The least program of a user: it includes, links and runs.
#include <strata/compression/lz4.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

int main() {
  auto db = strata::LsmTree<strata::io::Memory, strata::compression::Lz4>::open("/db");
  const bool stored = db && db->put("key", "value") && db->flush() && db->get("key") == "value";
  return stored && db->close() ? 0 : 1;
}
