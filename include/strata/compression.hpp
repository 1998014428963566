// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compression of blocks. Links LZ4 (CMake target strata::lz4). Not strata/compression/zstd.hpp,
/// which needs a library of its own (strata::zstd).

#include <strata/compression/codec.hpp>
#include <strata/compression/concept.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/compression/per_level.hpp>
