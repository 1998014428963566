// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Eviction policies, each a concurrent cache of any key and value by itself, and what goes around
/// them: shards, read-ahead, tiers. Not strata/cache/redis_level.hpp, which needs a library.

#include <strata/cache/adaptive_score.hpp>
#include <strata/cache/arc.hpp>
#include <strata/cache/clock.hpp>
#include <strata/cache/concept.hpp>
#include <strata/cache/disk_level.hpp>
#include <strata/cache/level.hpp>
#include <strata/cache/lru.hpp>
#include <strata/cache/memory_level.hpp>
#include <strata/cache/none.hpp>
#include <strata/cache/read_ahead.hpp>
#include <strata/cache/s3_fifo.hpp>
#include <strata/cache/sharded.hpp>
#include <strata/cache/sieve.hpp>
#include <strata/cache/tiered.hpp>
#include <strata/cache/typed.hpp>
#include <strata/cache/w_tiny_lfu.hpp>
