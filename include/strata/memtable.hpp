// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Sorted tables in memory that many threads read while they grow.

#include <strata/memtable/art.hpp>
#include <strata/memtable/art_cursor.hpp>
#include <strata/memtable/art_key.hpp>
#include <strata/memtable/art_node.hpp>
#include <strata/memtable/art_node_kinds.hpp>
#include <strata/memtable/art_search_simd.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/hash_index.hpp>
#include <strata/memtable/merging_cursor.hpp>
#include <strata/memtable/partitioned.hpp>
#include <strata/memtable/permutation.hpp>
#include <strata/memtable/record.hpp>
#include <strata/memtable/shared_arena.hpp>
#include <strata/memtable/skip_list.hpp>
#include <strata/memtable/sorted_runs.hpp>
#include <strata/memtable/split_ordered_list.hpp>
#include <strata/memtable/vector.hpp>
