// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The file format of sorted tables: blocks, their index, builder and reader.

#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>
#include <strata/table/block_hash.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index.hpp>
#include <strata/table/index_concept.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>
#include <strata/table/partitions.hpp>
#include <strata/table/piecewise_linear.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/reader.hpp>
#include <strata/table/separators.hpp>
#include <strata/table/table.hpp>
#include <strata/table/value_file.hpp>
#include <strata/table/value_pointer.hpp>
#include <strata/table/value_separation.hpp>
