// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Metrics policies.

#include <strata/observe/concept.hpp>
#include <strata/observe/counters.hpp>
#include <strata/observe/histogram.hpp>
#include <strata/observe/none.hpp>
#include <strata/observe/timer.hpp>
