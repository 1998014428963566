// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The default composition: what most users need. `strata::PersistenceManager<>`, the engine below
/// it, and scans as ranges. Needs Boost.JSON, FlatBuffers and OpenSSL (CMake targets strata::json,
/// strata::flatbuffers, strata::openssl).

#include <strata/lsm/scan.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/manager/persistence_manager.hpp>
#include <strata/version.hpp>
