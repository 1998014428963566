// SPDX-License-Identifier: BSL-1.0
// The least program of a user: it includes, links and runs.
#include <strata/core/checksum.hpp>
#include <strata/core/error.hpp>
#include <strata/version.hpp>

int main() {
  const strata::Result<int> result = STRATA_VERSION_MAJOR;
  return result.value();
}
