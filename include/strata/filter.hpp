// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Filters that say which tables can not hold a key.

#include <strata/filter/binary_fuse.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/none.hpp>
#include <strata/filter/ribbon.hpp>
