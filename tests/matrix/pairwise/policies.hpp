// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Every policy that generate.py names.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <strata/cache.hpp>
#include <strata/compaction.hpp>
#include <strata/compression.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/filter.hpp>
#include <strata/io/aead_openssl.hpp>
#include <strata/io/encrypted.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/rate_limited.hpp>
#include <strata/io/simulated.hpp>
#include <strata/memtable.hpp>
#include <strata/observe.hpp>
#include <strata/table.hpp>
#include <strata/table/value_separation.hpp>
#include <strata/testing/archetypes/keys.hpp>
#include <strata/testing/archetypes/table.hpp>
#include <strata/wal.hpp>

#include "database.hpp"

namespace strata::matrix {

// Filters that are asked, and forget nothing, so that answers stay those of the map.
struct Always {
  bool operator()(std::string_view, std::string_view) const { return true; }
};
struct Never {
  std::optional<std::uint64_t> operator()(std::string_view, std::string_view) const { return {}; }
};

}  // namespace strata::matrix
