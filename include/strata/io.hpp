// SPDX-License-Identifier: BSL-1.0
#pragma once

/// File systems: the operating system's, one in memory, one that loses power on order; and one over
/// another that limits how fast it is written to. Rooms that need a library are included by name.

#include <strata/io/aead.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/faults.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/rate_limit.hpp>
#include <strata/io/rate_limited.hpp>
#include <strata/io/simulated.hpp>
