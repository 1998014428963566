// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The five stores, each a template over the database. Needs Boost.JSON, FlatBuffers and
/// OpenSSL (CMake targets strata::json, strata::flatbuffers, strata::openssl).

#include <strata/store/document_store.hpp>
#include <strata/store/graph.hpp>
#include <strata/store/key_value.hpp>
#include <strata/store/object_store.hpp>
#include <strata/store/time_series.hpp>
