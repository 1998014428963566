// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Filters that say which tables can not hold a key, or no key of a range.

#include <strata/filter/binary_fuse.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/filter/both.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/none.hpp>
#include <strata/filter/prefix.hpp>
#include <strata/filter/prefix_extractor.hpp>
#include <strata/filter/range.hpp>
#include <strata/filter/ribbon.hpp>
