// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Filters that say which tables can not hold a key.

#include <strata/filter/bloom.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/none.hpp>
