// SPDX-License-Identifier: BSL-1.0
#pragma once

/// ReadAhead: a cache of any policy that learns which keys are asked for in sequence, forwards,
/// backwards or in strides, and loads what comes next before it is asked for.
///
///     ReadAhead<S3Fifo>::type<std::uint64_t, Block, Hash> cache({.cache = {...}});
///     auto block = cache.get(number, [&](std::uint64_t n) { return read_block(n); });
///
/// | expression               | result             | promise                                     |
/// |--------------------------|--------------------|---------------------------------------------|
/// | `c.get(key, loader)`     | `Result<Handle>`   | found or loaded; then loads what is         |
/// |                          |                    | predicted, on this thread                   |
/// | `c.find(key)`            | `Handle`           | the cache alone; learns nothing             |
/// | `c.observe(key, found)`  | `Predicted`        | learns alone; for those who prefetch by     |
/// |                          |                    | other means, such as a thread of their own  |
/// | `c.prefetch(key, predicted, loader)` |        | what `get` does with a prediction           |
/// | `c.insert`, `c.erase`, `c.clear` |            | a load under way keeps nothing then         |
/// | `c.stats()`, `c.read_ahead()` | `Stats`, `ReadAheadStats` |                                 |
///
/// `loader(key)` returns `Result<Loaded<Value>>`. Its error is `get`'s; an error while reading
/// ahead ends the sequence, for there its end may be, and is not reported. `KeyPosition<Key>` says
/// what sequence a key may belong to and where in it it is; integers are positions of one group.
///
/// Why not ahead of every miss: random requests would pay for it. How sequences are told apart, and
/// when they are believed: strata/cache/detail/streams.hpp. Threads: everything is concurrent; what
/// is learned has one lock, which is not held while the loader runs.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/fill_guard.hpp>
#include <strata/cache/detail/streams.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

/// To be specialised for keys that are not integers: `group(key)`, `position(key)`, and the key
/// `at(like, position)` of the group of `like`.
template <class Key>
struct KeyPosition;

template <std::integral Key>
struct KeyPosition<Key> {
  static std::uint64_t group(Key) noexcept { return 0; }
  static std::uint64_t position(Key key) noexcept { return static_cast<std::uint64_t>(key); }
  static Key at(Key, std::uint64_t position) noexcept { return static_cast<Key>(position); }
};

/// What a loader returns: a value, and what it weighs in the budget.
template <class Value>
struct Loaded {
  Value value;
  std::size_t bytes = 0;
};

template <CachePolicy P>
struct ReadAhead {
  struct Options {
    options_of_t<P> cache{};
    /// Keys to be ahead of a sequence, at first and at most; 64 is the most there can be. The
    /// cache should have room for `window_max` of each of `streams_max`.
    std::uint32_t window_min = 2;
    std::uint32_t window_max = 32;
    /// The longest distance of two keys in sequence. As little as is needed: a long one finds
    /// sequences in random keys that lie close together.
    std::uint64_t stride_max = 1 << 20;
    std::uint32_t streams_max = 16;  ///< sequences followed at once
  };

  template <class Key, class Value, class Hash, class Position = KeyPosition<Key>>
  class type {
    using Cache = typename P::template type<Key, Value, Hash>;

   public:
    using Handle = typename Cache::Handle;

    explicit type(const Options& options)
        : cache_(options.cache),
          streams_({.window_min = options.window_min,
                    .window_max = options.window_max,
                    .stride_max = options.stride_max,
                    .streams_max = options.streams_max}) {}

    template <class Loader>
    [[nodiscard]] Result<Handle> get(const Key& key, Loader&& loader) {
      Handle handle = cache_.find(key);
      const Predicted predicted = observe(key, static_cast<bool>(handle));
      if (!handle) {
        auto loaded = load(key, loader);
        if (!loaded) {
          return loaded;
        }
        handle = std::move(*loaded);
      }
      prefetch(key, predicted, loader);
      return handle;
    }

    [[nodiscard]] Handle find(const Key& key) { return cache_.find(key); }

    [[nodiscard]] Predicted observe(const Key& key, bool found = true) {
      const std::lock_guard lock(streams_mutex_);
      return streams_.observe(Position::group(key), Position::position(key), found);
    }

    /// `like` is of the group that `predicted` is of.
    template <class Loader>
    void prefetch(const Key& like, const Predicted& predicted, Loader&& loader) {
      for (std::uint32_t i = 0; i < predicted.size(); ++i) {
        const Key key = Position::at(like, predicted[i]);
        const bool exists = Position::position(key) == predicted[i];  // a narrow key wraps around
        if (!exists || (!cache_.find(key) && !load(key, loader))) {
          const std::uint64_t end = predicted.first + predicted.count * predicted.stride;
          const std::lock_guard lock(streams_mutex_);
          streams_.cut(Position::group(like), end, predicted.count - i);
          return;
        }
      }
    }

    Handle insert(const Key& key, Value&& value, std::size_t bytes) {
      Handle handle;
      fills_.change(Hash{}(key), [&] { handle = cache_.insert(key, std::move(value), bytes); });
      return handle;
    }
    void erase(const Key& key) {
      fills_.change(Hash{}(key), [&] { cache_.erase(key); });
    }
    void clear() {
      fills_.change_all([&] { cache_.clear(); });
    }

    [[nodiscard]] Stats stats() const { return cache_.stats(); }
    [[nodiscard]] ReadAheadStats read_ahead() const {
      const std::lock_guard lock(streams_mutex_);
      return streams_.stats();
    }

   private:
    /// Loads and keeps, unless the key was changed meanwhile: then the value is the caller's only.
    template <class Loader>
    [[nodiscard]] Result<Handle> load(const Key& key, Loader& loader) {
      const std::uint64_t hash = Hash{}(key);
      const auto version = fills_.begin(hash);
      Result<Loaded<Value>> loaded = loader(key);
      if (!loaded) {
        return propagate(std::move(loaded));
      }
      Handle handle;
      const bool kept = fills_.fill(hash, version, [&] {
        handle = cache_.insert(key, std::move(loaded->value), loaded->bytes);
      });
      if (!kept) {
        constexpr std::size_t too_large_to_keep = SIZE_MAX;
        handle = cache_.insert(key, std::move(loaded->value), too_large_to_keep);
      }
      return handle;
    }

    Cache cache_;
    detail::FillGuard fills_;
    mutable std::mutex streams_mutex_;
    detail::Streams streams_;
  };
};

}  // namespace strata::cache
