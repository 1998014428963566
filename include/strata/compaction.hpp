// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What to merge next, compaction filters and merge operators.

#include <strata/compaction/concept.hpp>
#include <strata/compaction/expiry.hpp>
#include <strata/compaction/fifo.hpp>
#include <strata/compaction/filter.hpp>
#include <strata/compaction/filter_keep.hpp>
#include <strata/compaction/filter_ttl.hpp>
#include <strata/compaction/lazy_leveled.hpp>
#include <strata/compaction/leveled.hpp>
#include <strata/compaction/manual.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/compaction/paced.hpp>
#include <strata/compaction/read_write_mix.hpp>
#include <strata/compaction/retention.hpp>
#include <strata/compaction/runs.hpp>
#include <strata/compaction/size_tiered.hpp>
#include <strata/compaction/time_window.hpp>
#include <strata/compaction/tombstones.hpp>
