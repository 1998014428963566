// SPDX-License-Identifier: BSL-1.0
// A compaction policy of the user's own: nothing of the default one is in the object.
// absent: strata::compaction::Leveled
#include <optional>
#include <string>

#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

struct Own {
  using policy_slot = strata::compaction_slot;
  static constexpr std::string_view name = "own";
  struct Options {};
  explicit Own(Options) {}
  static std::optional<strata::compaction::Job> pick(const strata::compaction::Levels&,
                                                     const strata::compaction::Conditions&) {
    return std::nullopt;
  }
  static strata::compaction::Pressure pressure(const strata::compaction::Levels&) { return {}; }
};

#ifdef COMPOSED
using Db = strata::LsmTree<strata::io::Memory>;
#else
using Db = strata::LsmTree<strata::io::Memory, Own>;
#endif

bool use(const std::string& path) {
  auto db = Db::open(path);
  return db && db->put("k", "v") && db->flush() && db->compact() && db->get("k");
}
