// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether a batch fits a database, found out before anything of it is logged.
///
/// Tested through the engine: tests/lsm/engine_test.cpp.

#include <cstdint>
#include <string>
#include <tuple>

#include <strata/core/error.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::lsm {

/// Bit i: family i (of the first 64) has a merge operator.
template <class Composition>
[[nodiscard]] constexpr std::uint64_t families_with_merge() noexcept {
  return []<class... F>(std::tuple<F...>*) {
    std::uint64_t mask = 0;
    std::uint64_t bit = 1;
    ((mask |= F::Merge::name != "none" ? bit : 0, bit <<= 1), ...);
    return mask;
  }(static_cast<typename Composition::FamilyTuple*>(nullptr));
}

/// Errors: `invalid_argument` for a key or value beyond the limits or an unknown family,
/// `unsupported` for a merge that the family has no operator for.
template <class Composition>
[[nodiscard]] Result<void> check_batch(const WriteBatch& batch, bool has_dynamic = false) {
  if (auto within = batch.check_limits(); !within) [[unlikely]] {
    return within;
  }
  if (batch.family_most().value >= Composition::family_count && !has_dynamic) [[unlikely]] {
    return fail(ErrorCode::invalid_argument, "the batch writes to family number ",
                std::to_string(batch.family_most().value), "; this database has ",
                std::to_string(Composition::family_count),
                ", take ids from family<\"name\">().id()");
  }
  if ((batch.merged_families() & ~families_with_merge<Composition>()) != 0) [[unlikely]] {
    return fail(ErrorCode::unsupported,
                "the batch merges into a family without a merge operator; compose one, for "
                "example strata::merge::Add");
  }
  return {};
}

}  // namespace strata::lsm
