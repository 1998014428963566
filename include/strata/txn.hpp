// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Units of work: staged writes, the view of them, locks on keys. A multi-version store in memory.

#include <strata/txn/key_locks.hpp>
#include <strata/txn/mvcc_store.hpp>
#include <strata/txn/overlay.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>
