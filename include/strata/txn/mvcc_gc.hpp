// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Who trims version chains: `gc::Vacuum`, `gc::Cooperative`, `gc::None`.
///
/// | policy        | `store.vacuum()`     | a commit trims the chains it wrote to |
/// |---------------|----------------------|---------------------------------------|
/// | `Vacuum`      | yes                  | no                                    |
/// | `Cooperative` | yes, for what is left | yes                                  |
/// | `None`        | does not compile     | no                                    |
///
/// Tested with every composition: tests/txn/mvcc_store_test.cpp and tests/txn/mvcc_gc_test.cpp.

#include <string_view>

#include <strata/txn/mvcc_concept.hpp>

namespace strata::mvcc::gc {

/// Commits stay short; somebody calls `store.vacuum()` now and then, from any thread. The default.
struct Vacuum {
  using policy_slot = gc_slot;
  static constexpr std::string_view name = "vacuum";
  static constexpr bool vacuums = true;
  static constexpr bool trims_on_commit = false;
};

/// Writers clean where they pass, so that keys written often stay short without anybody's call.
/// What a long snapshot kept of a key that is not written again is left for `vacuum()`.
struct Cooperative {
  using policy_slot = gc_slot;
  static constexpr std::string_view name = "cooperative";
  static constexpr bool vacuums = true;
  static constexpr bool trims_on_commit = true;
};

/// All versions stay until the store goes: for short lives and bulk loads.
struct None {
  using policy_slot = gc_slot;
  static constexpr std::string_view name = "none";
  static constexpr bool vacuums = false;
  static constexpr bool trims_on_commit = false;
};

static_assert(GcPolicy<Vacuum>);
static_assert(GcPolicy<Cooperative>);
static_assert(GcPolicy<None>);

}  // namespace strata::mvcc::gc
