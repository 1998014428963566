// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What is wrong with options, said of the first field that is; and how a policy takes new ones
/// while its database is open.
///
///     return OptionCheck("Leveled").expect(o.file_bytes > 0, "file_bytes", "give at least
///     1").done();

#include <cmath>
#include <string_view>
#include <type_traits>

#include <strata/core/error.hpp>

namespace strata::compaction {

class OptionCheck {
 public:
  explicit constexpr OptionCheck(std::string_view policy) : policy_(policy) {}

  /// `demand`: what to do where `good` is false.
  constexpr OptionCheck& expect(bool good, std::string_view field, std::string_view demand) {
    if (!good && field_.empty()) {
      field_ = field;
      demand_ = demand;
    }
    return *this;
  }
  constexpr OptionCheck& share(double value, std::string_view field) {
    return expect(value >= 0 && value <= 1, field, "give a share, from 0 to 1");
  }
  /// Errors: invalid_argument.
  [[nodiscard]] Result<void> done() const {
    return field_.empty() ? Result<void>()
                          : fail(ErrorCode::invalid_argument, "compaction::", policy_,
                                 "::Options::", field_, ": ", demand_, "; nothing was changed");
  }

 private:
  std::string_view policy_;
  std::string_view field_;
  std::string_view demand_;
};

/// Errors: those of `C::check`, for the policies that have one.
template <class C>
[[nodiscard]] Result<void> check_options(const typename C::Options& options) {
  if constexpr (requires { C::check(options); }) {
    return C::check(options);
  } else {
    return {};
  }
}

/// From the next pick on. A policy without `set_options` begins anew.
template <class C>
void change_options(C& policy, const typename C::Options& options) {
  if constexpr (requires { policy.set_options(options); }) {
    policy.set_options(options);
  } else {
    static_assert(std::is_move_assignable_v<C>,
                  "strata: a compaction policy whose options change while a database is open needs "
                  "set_options(options), or to be assignable");
    policy = C(options);
  }
}

}  // namespace strata::compaction
