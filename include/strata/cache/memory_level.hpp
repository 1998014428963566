// SPDX-License-Identifier: BSL-1.0
#pragma once

/// MemoryLevel: a cache of any policy as a level of a tiered one. Its budget counts keys and values
/// by their length, and the cache's own overhead where that is counted. Threads: as the policy.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/level.hpp>
#include <strata/cache/s3_fifo.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

template <CachePolicy P = S3Fifo>
class MemoryLevel {
 public:
  explicit MemoryLevel(const options_of_t<P>& options = {})
      : cache_(std::make_unique<Cache>(options)) {}

  [[nodiscard]] std::optional<std::string> find(std::string_view key) {
    if (const auto handle = cache_->find(std::string(key))) {
      return *handle;
    }
    return std::nullopt;
  }
  bool insert(std::string_view key, std::string_view value) {
    (void)cache_->insert(std::string(key), std::string(value), key.size() + value.size());
    return true;
  }
  bool erase(std::string_view key) {
    cache_->erase(std::string(key));
    return true;
  }
  bool clear() {
    cache_->clear();
    return true;
  }
  [[nodiscard]] LevelStats stats() const {
    const Stats stats = cache_->stats();
    return {.hits = stats.hits,
            .misses = stats.misses,
            .inserts = stats.inserts,
            .evictions = stats.evictions};
  }

 private:
  struct Hash {
    std::uint64_t operator()(const std::string& key) const noexcept { return hash64(key); }
  };
  using Cache = typename P::template type<std::string, std::string, Hash>;

  std::unique_ptr<Cache> cache_;
};

static_assert(Level<MemoryLevel<>>);

}  // namespace strata::cache
