// SPDX-License-Identifier: BSL-1.0
#pragma once

/// File systems: the operating system's, one in memory, one that loses power on order.

#include <strata/io/concept.hpp>
#include <strata/io/faults.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/simulated.hpp>
