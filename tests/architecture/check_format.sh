#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Every source is as clang-format leaves it. `./dev format` mends it.
set -euo pipefail
find include tests examples benchmarks \( -name '*.hpp' -o -name '*.cpp' \) -print0 |
  xargs -0 clang-format --dry-run --Werror
