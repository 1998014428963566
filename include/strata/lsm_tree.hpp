// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The engine: `strata::LsmTree<Policies...>` and `strata::Database<Family<...>...>`.
/// Scans as ranges are in <strata/lsm/scan.hpp>, which costs a range-v3 include.

#include <strata/lsm/engine.hpp>
