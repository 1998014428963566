// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Families that are made and dropped while the database is open.
///
///     using Db = strata::Database<Family<"catalogue">, DynamicFamilies<compression::Lz4>>;
///     auto tenant = db.create_family("tenant 42");      // or open_family
///     auto done = tenant->put("key", "value");
///     auto gone = db.drop_family("tenant 42");
///
/// Making and dropping are edits of the manifest, in commit order: durable when the call returns.
/// A batch may write to any families, dynamic ones by `family->id()`. Dropping costs no time that
/// depends on the data: its tables are unlinked when the last cursor lets go of them. What is still
/// in the log for a dropped family is skipped by recovery, as its number is never used again.

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/version/edit.hpp>

namespace strata::lsm {

namespace detail {

/// No power loss keeps the edit and loses what was committed before it.
template <class Core>
[[nodiscard]] Result<void> append_in_commit_order(Core& core, version::VersionEdit edit) {
  if (auto synced = core.committer().sync_log(); !synced) {
    return synced;
  }
  return core.background().between_edits(
      [&] { return core.append_edit(std::move(edit), std::nullopt); });
}

}  // namespace detail

/// Errors: already_exists, invalid_argument (no name), and those of every write.
template <class Core>
[[nodiscard]] Result<std::shared_ptr<typename Core::DynamicTree>> create_family(
    Core& core, std::string_view name) {
  std::shared_ptr<typename Core::DynamicTree> made;
  auto done = core.committer().exclusively([&]() -> Result<void> {
    if (auto writable = core.check_writable(); !writable) {
      return writable;
    }
    if (name.empty() || core.has_family(name)) {
      return fail(name.empty() ? ErrorCode::invalid_argument : ErrorCode::already_exists,
                  core.path(), ": ", name.empty() ? "a family needs a name" : "there is a family '",
                  name, name.empty() ? "" : "' already; open it");
    }
    const FamilyId id = core.take_family_id();
    version::FamilyEdit family;
    family.family = id.value;
    family.created = version::FamilyDescriptor{std::string(name), core.dynamic_fingerprint(),
                                               &Core::DynamicTree::Comparator::compare};
    family.flushed_through = core.visible().load();  // the log holds nothing of it yet
    version::VersionEdit edit;
    edit.next_family_id = id.value + 1;
    edit.families.push_back(std::move(family));
    auto appended = detail::append_in_commit_order(core, std::move(edit));
    if (appended) {
      made = core.add_dynamic_family(id, std::string(name));
    }
    return appended;
  });
  return done ? Result<std::shared_ptr<typename Core::DynamicTree>>(std::move(made))
              : propagate(std::move(done));
}

/// Errors: not_found, and those of every write.
template <class Core>
[[nodiscard]] Result<void> drop_family(Core& core, std::string_view name) {
  const typename std::remove_reference_t<decltype(core.background())>::Pause no_compaction(
      core.background());
  return core.committer().exclusively([&]() -> Result<void> {
    if (auto writable = core.check_writable(); !writable) {
      return writable;
    }
    const auto tree = core.dynamic_trees().find(name);
    if (!tree) {
      return fail(ErrorCode::not_found, core.path(), ": there is no dynamic family '", name, "'");
    }
    // A flush that runs would name tables of a family that is gone.
    core.background().wait([&] { return !tree->flushing; });
    {
      const std::lock_guard lock(core.background().mutex());
      if (tree->flushing) {
        return fail(ErrorCode::read_only, core.path(), ": '", name,
                    "' is being flushed and can not be dropped; free space, or reopen");
      }
      tree->dropped = true;
    }
    version::VersionEdit edit;
    auto& family = edit.families.emplace_back();
    family.family = tree->id().value;
    family.dropped = true;
    auto appended = detail::append_in_commit_order(core, std::move(edit));
    if (!appended) {
      tree->dropped = false;
      return appended;
    }
    core.dynamic_trees().remove(tree->id());
    tree->version()->mark_obsolete();
    return {};
  });
}

}  // namespace strata::lsm
