// SPDX-License-Identifier: BSL-1.0
#pragma once

/// File systems: the operating system's, with and without its page cache, one in memory, one that
/// loses power on order; and one over another that limits how fast it is written to. Those that
/// need a library are included by name: `io/encrypted.hpp`, `io/uring.hpp`.

#include <strata/io/aead.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/direct.hpp>
#include <strata/io/faults.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/rate_limit.hpp>
#include <strata/io/rate_limited.hpp>
#include <strata/io/read_many.hpp>
#include <strata/io/simulated.hpp>
