// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compression of blocks. Links LZ4 (CMake target strata::lz4).

#include <strata/compression/concept.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
