// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Tiered: levels of cache in front of a source, the fast and small ones first.
///
///     Tiered cache(TieredOptions{}, MemoryLevel<>(...), *std::move(disk), RedisLevel(...));
///     auto page = cache.get(url, [&](std::string_view key) { return fetch(key); });
///
/// | expression             | result                     | promise                                |
/// |------------------------|----------------------------|----------------------------------------|
/// | `c.get(key, loader)`   | `Result<optional<string>>` | the first level that has it, or        |
/// |                        |                            | `loader(key)`, which returns the same; |
/// |                        |                            | none: the source has no such key       |
/// | `c.find(key)`          | `optional<string>`         | without the source                     |
/// | `c.insert(key, value)` |                            | what `key` is from now on              |
/// | `c.erase(key)`, `c.clear()` |                       | nothing older is found from now on     |
/// | `c.stats()`            | `TieredStats`              | of each level, and of them all         |
///
/// How often a key was used lately says where it is kept (a count-min sketch): hot keys in all
/// levels, warm ones from the second on, cold ones in the last alone. A hit further down is a use
/// like any other, so what becomes popular moves up. That a key is absent is not kept.
///
/// Coherence. `insert` and `erase` change the key in every level, and a `get` or `find` that began
/// before keeps nothing of what it read (strata/cache/detail/fill_guard.hpp): change the source
/// first and then the cache, and no old value stays. A level that could not erase a key, such as a
/// server that does not answer, is not asked for it again until it could. This holds among the
/// threads of one process; what other processes do to a shared level is theirs to make coherent.
///
/// Threads: everything is concurrent. Levels are read without a lock; a change of a key waits for
/// fills of the 1/64 of all keys that share its stripe. No lock is held while the loader runs.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <strata/cache/detail/doubts.hpp>
#include <strata/cache/detail/fill_guard.hpp>
#include <strata/cache/detail/frequency_sketch.hpp>
#include <strata/cache/level.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>

namespace strata::cache {

struct TieredOptions {
  /// Uses of late, this one included, from which on a key is kept in the second level, and in the
  /// first. 1: at once.
  unsigned warm_uses = 2;
  unsigned hot_uses = 3;  ///< at most 15
  /// Keys whose uses are counted, eight bytes each; about those that all levels hold.
  std::size_t counted_keys = 1 << 16;
};

template <std::size_t N>
struct TieredStats {
  std::array<LevelStats, N> levels{};
  std::uint64_t loads = 0;          ///< from the source, failed ones included
  std::uint64_t refused_fills = 0;  ///< the key was changed while it was read
};

template <Level... Levels>
class Tiered {
  static_assert(sizeof...(Levels) > 0, "strata: cache::Tiered needs at least one level");

 public:
  static constexpr std::size_t level_count = sizeof...(Levels);

  explicit Tiered(const TieredOptions& options, Levels... levels)
      : options_(options), levels_(std::move(levels)...) {
    sketch_.allow(std::max<std::size_t>(options.counted_keys, 1));
  }

  template <class Loader>
  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key, Loader&& loader) {
    const Fill fill = begin(key);
    if (auto found = find_in_levels(key, fill)) {
      return found;
    }
    loads_.fetch_add(1, std::memory_order_relaxed);
    Result<std::optional<std::string>> loaded = loader(key);
    if (loaded && *loaded) {
      keep(key, **loaded, fill, level_count);
    }
    return loaded;
  }

  [[nodiscard]] std::optional<std::string> find(std::string_view key) {
    return find_in_levels(key, begin(key));
  }

  void insert(std::string_view key, std::string_view value) {
    const std::uint64_t hash = hash64(key);
    const std::size_t top = top_level(hash);
    guard_.change(hash, [&] {
      erase_everywhere(key);
      insert_between(key, value, top, level_count);
    });
  }

  void erase(std::string_view key) {
    guard_.change(hash64(key), [&] { erase_everywhere(key); });
  }

  void clear() {
    guard_.change_all([&] {
      for_each_level([](auto& level, detail::Doubts& doubts, std::size_t) {
        if (!doubts.clear(level)) {
          doubts.add_all();
        }
      });
    });
  }

  template <std::size_t I>
  [[nodiscard]] auto& level() noexcept {
    return std::get<I>(levels_);
  }

  [[nodiscard]] TieredStats<level_count> stats() const {
    TieredStats<level_count> stats;
    std::apply([&](const auto&... level) { stats.levels = {level.stats()...}; }, levels_);
    stats.loads = loads_.load(std::memory_order_relaxed);
    stats.refused_fills = refused_.load(std::memory_order_relaxed);
    return stats;
  }

 private:
  /// What is known before anything is read.
  struct Fill {
    std::uint64_t hash;
    detail::FillGuard::Version version;
    std::size_t top;  ///< the first level to keep it
  };

  [[nodiscard]] Fill begin(std::string_view key) {
    const std::uint64_t hash = hash64(key);
    return {hash, guard_.begin(hash), top_level(hash)};
  }

  [[nodiscard]] std::size_t top_level(std::uint64_t hash) {
    const std::lock_guard lock(sketch_mutex_);
    sketch_.record(hash, std::max<std::size_t>(options_.counted_keys, 1));
    const unsigned uses = sketch_.frequency(hash);
    if (uses >= options_.hot_uses) {
      return 0;
    }
    return uses >= options_.warm_uses ? std::min<std::size_t>(1, level_count - 1) : level_count - 1;
  }

  template <class Visit>
  void for_each_level(Visit&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::get<I>(levels_), doubts_[I], I), ...);
    }
    (std::make_index_sequence<level_count>());
  }

  [[nodiscard]] std::optional<std::string> find_in_levels(std::string_view key, const Fill& fill) {
    std::optional<std::string> found;
    std::size_t found_in = 0;
    for_each_level([&](auto& level, const detail::Doubts& doubts, std::size_t i) {
      if (!found && !doubts.about(key)) {
        found = level.find(key);
        found_in = i;
      }
    });
    if (found && fill.top < found_in) {
      keep(key, *found, fill, found_in);
    }
    return found;
  }

  /// In the levels from the top one of `fill` to that before `end`.
  void keep(std::string_view key, std::string_view value, const Fill& fill, std::size_t end) {
    const bool kept =
        guard_.fill(fill.hash, fill.version, [&] { insert_between(key, value, fill.top, end); });
    if (!kept) {
      refused_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// Requires: the lock of the stripe of `key`.
  void insert_between(std::string_view key, std::string_view value, std::size_t first,
                      std::size_t end) {
    for_each_level([&](auto& level, detail::Doubts& doubts, std::size_t i) {
      if (i >= first && i < end && is_certain(level, doubts, key)) {
        (void)level.insert(key, value);
      }
    });
  }

  /// Tries to settle a doubt about `key`; says whether there is none.
  template <class L>
  static bool is_certain(L& level, detail::Doubts& doubts, std::string_view key) {
    if (!doubts.about(key)) {
      return true;
    }
    if (doubts.about_all()) {
      return doubts.clear(level);
    }
    if (!level.erase(key)) {
      return false;
    }
    doubts.settle(key);
    return true;
  }

  /// Requires: the lock of the stripe of `key`.
  void erase_everywhere(std::string_view key) {
    for_each_level([&](auto& level, detail::Doubts& doubts, std::size_t) {
      if (!level.erase(key)) {
        doubts.add(key);
      } else {
        doubts.settle(key);
      }
    });
  }

  detail::FillGuard guard_;  // first, for it is aligned to cache lines
  const TieredOptions options_;
  std::tuple<Levels...> levels_;
  std::array<detail::Doubts, level_count> doubts_;
  std::mutex sketch_mutex_;
  detail::FrequencySketch sketch_;
  std::atomic<std::uint64_t> loads_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace strata::cache
