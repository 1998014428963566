// SPDX-License-Identifier: BSL-1.0
// expect-g++: ignoring return value of 'tl::unexpected
// expect-clang++: ignoring return value of function declared with 'nodiscard'
// An error that is made and dropped: `return` was forgotten.
#include <strata/core/error.hpp>

strata::Result<void> check(bool good) {
#ifdef WRONG
  if (!good) strata::fail(strata::ErrorCode::invalid_argument, "not good");
#else
  if (!good) return strata::fail(strata::ErrorCode::invalid_argument, "not good");
#endif
  return {};
}

int main() {
  return check(true) ? 0 : 1;
}
