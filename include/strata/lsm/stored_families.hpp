// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The families that a manifest names, matched with those of the composition that opens it.
///
/// A directory belongs to the composition that made it, as far as bytes on disk go. Composed
/// families match by number and name, so new ones may be composed behind the others; families made
/// at run time come back if the composition takes any. The order of keys is in no manifest: the
/// composition knows it.
///
/// Threads: none. Tested through opens and repairs: tests/lsm/recovery_test.cpp,
/// tests/lsm/dynamic_family_test.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/version/manifest.hpp>

namespace strata::lsm {

template <class Tree>
[[nodiscard]] version::FamilyState& family_of(version::State& state, const Tree& tree) {
  return *state.find_family(tree.id().value);
}

/// Gives `state` the families of the composition that it does not have yet, and all of them their
/// order of keys.
template <class Core>
void complete_families(Core& core, version::State& state) {
  for (std::uint32_t i = 0; i < Core::family_count; ++i) {
    if (state.find_family(i) == nullptr) {
      version::FamilyState family;
      family.id = i;
      family.name = core.family_name(i);
      family.fingerprint = core.family_fingerprint(i);
      state.families.push_back(std::move(family));
    }
  }
  core.for_each_tree([&](auto& tree) {
    using Tree = std::remove_reference_t<decltype(tree)>;
    family_of(state, tree).compare = &Tree::Comparator::compare;
  });
}

namespace detail {

/// What may differ without harm is brought up to date.
[[nodiscard]] inline Result<void> check_family_fingerprint(const std::string& path,
                                                           version::FamilyState& family,
                                                           const std::string& ours) {
  if (may_go_on_as(family.fingerprint, ours)) {
    family.fingerprint = ours;
    return {};
  }
  return fail(ErrorCode::incompatible_format, path, ": family '", family.name, "' was written by [",
              family.fingerprint, "], opened as [", ours,
              "]; open it with the policies that wrote it");
}

template <class Core>
[[nodiscard]] Result<void> check_composed_family(const Core& core, version::FamilyState& family) {
  const std::size_t i = family.id;
  if (i >= Core::family_count || family.name != core.family_name(i)) {
    return fail(ErrorCode::incompatible_format, core.path(), ": family number ", std::to_string(i),
                " is '", family.name,
                "' on disk; compose the same families in the same order, new ones last");
  }
  return check_family_fingerprint(core.path(), family, core.family_fingerprint(i));
}

template <class Core>
[[nodiscard]] Result<void> check_dynamic_family(Core& core, version::FamilyState& family) {
  if constexpr (Core::has_dynamic) {
    auto same = check_family_fingerprint(core.path(), family, core.dynamic_fingerprint());
    if (same) {
      core.add_dynamic_family({family.id}, family.name);
    }
    return same;
  } else {
    return fail(ErrorCode::incompatible_format, core.path(), ": family '", family.name,
                "' was made at run time; compose DynamicFamilies<...> to open it");
  }
}

}  // namespace detail

/// Gives `core` the families that were made at run time. Error: `incompatible_format`, by name,
/// where another composition wrote `state`.
template <class Core>
[[nodiscard]] Result<void> check_families(Core& core, version::State& state) {
  if (state.fingerprint != core.fingerprint()) {
    return fail(ErrorCode::incompatible_format, core.path(), ": written by [", state.fingerprint,
                "], opened as [", core.fingerprint(),
                "]; open it with the composition that wrote it");
  }
  for (auto& family : state.families) {
    auto known = family.id >= first_dynamic_family ? detail::check_dynamic_family(core, family)
                                                   : detail::check_composed_family(core, family);
    if (!known) {
      return known;
    }
  }
  core.set_next_family_id(state.next_family_id);
  return {};
}

}  // namespace strata::lsm
