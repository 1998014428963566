// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A level of a tiered cache: bytes by key, in memory, on disk or on another machine.
///
/// | expression             | result             | promise                                        |
/// |------------------------|--------------------|------------------------------------------------|
/// | `l.find(key)`          | `optional<string>` | none where it is absent, damaged or can not be |
/// |                        |                    | asked for; "" is a value                       |
/// | `l.insert(key, value)` | `bool`             | replaces; false: not kept                      |
/// | `l.erase(key)`         | `bool`             | false: it may still be there                   |
/// | `l.clear()`            | `bool`             | false: some may still be there                 |
/// | `l.stats()`            | `LevelStats`       | since construction; of every thread            |
///
/// No level fails its caller: what goes wrong is a miss and is counted. Only `erase` and `clear`
/// tell, as what they could not remove must not be believed again (strata/cache/tiered.hpp).
/// Threads: everything is concurrent.
///
/// A `Codec<T>` makes bytes of a `T` and back: `C::encode(value)` is a `string`, `C::decode(bytes)`
/// an `optional<T>`, which is none for bytes that it did not make.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::cache {

struct LevelStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;  ///< damage and errors are misses too
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;
  std::uint64_t errors = 0;   ///< of the device or the server
  std::uint64_t damaged = 0;  ///< values that were not what was written

  /// Of all look-ups; 0 before the first.
  [[nodiscard]] double hit_ratio() const noexcept {
    const std::uint64_t lookups = hits + misses;
    return lookups == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(lookups);
  }
};

template <class L>
concept Level = std::movable<L> &&
    requires(L level, const L constant, std::string_view key, std::string_view value) {
  { level.find(key) } -> std::same_as<std::optional<std::string>>;
  { level.insert(key, value) } -> std::same_as<bool>;
  { level.erase(key) } -> std::same_as<bool>;
  { level.clear() } -> std::same_as<bool>;
  { constant.stats() } -> std::same_as<LevelStats>;
};

template <class C, class T>
concept Codec = requires(const T& value, std::string_view bytes) {
  { C::encode(value) } -> std::same_as<std::string>;
  { C::decode(bytes) } -> std::same_as<std::optional<T>>;
};

/// Strings as they are.
struct RawCodec {
  [[nodiscard]] static std::string encode(std::string_view value) { return std::string(value); }
  [[nodiscard]] static std::optional<std::string> decode(std::string_view bytes) {
    return std::string(bytes);
  }
};
static_assert(Codec<RawCodec, std::string>);

namespace detail {

/// What levels count, from every thread.
struct LevelCounters {
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> misses{0};
  std::atomic<std::uint64_t> inserts{0};
  std::atomic<std::uint64_t> evictions{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> damaged{0};

  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }
  [[nodiscard]] LevelStats read() const noexcept {
    return {.hits = hits.load(std::memory_order_relaxed),
            .misses = misses.load(std::memory_order_relaxed),
            .inserts = inserts.load(std::memory_order_relaxed),
            .evictions = evictions.load(std::memory_order_relaxed),
            .errors = errors.load(std::memory_order_relaxed),
            .damaged = damaged.load(std::memory_order_relaxed)};
  }
};

}  // namespace detail
}  // namespace strata::cache
