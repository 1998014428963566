// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What every floor uses: bytes, `Result` and `Error`, checksums, hashes, clocks, policy slots.

#include <strata/core/arena.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/clock.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/durability.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/epoch.hpp>
#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/core/thread_hint.hpp>
