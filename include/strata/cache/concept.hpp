// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The cache slot: values by key, in a budget of bytes, shared by all threads.
///
/// `P::template type<Key, Value, Hash>` is the cache, `C` below; `Hash` maps a `Key` to `uint64_t`;
/// neither it nor `==` of keys throws.
///
/// | expression                    | result        | promise                                    |
/// |-------------------------------|---------------|--------------------------------------------|
/// | `P::name`                     | `string_view` | shown in stats                             |
/// | `C(options)`                  | cache         | `options_of_t<P>`; neither copied nor moved |
/// | `c.find(key)`                 | `C::Handle`   | empty where absent; counts as a use        |
/// | `c.insert(key, value, bytes)` | `C::Handle`   | never empty; replaces; `bytes` is what     |
/// |                               |               | `value` weighs in the budget               |
/// | `c.erase(key)`, `c.clear()`   |               | later finds miss                           |
/// | `c.reserve(bytes)`            |               | signed: memory pinned elsewhere that counts |
/// |                               |               | in the budget; shrinks the room of entries |
/// | `c.used_bytes()`              | `size_t`      | entries, their overhead, and the reserve   |
/// | `c.capacity_bytes()`          | `size_t`      | the budget                                 |
/// | `c.set_capacity(bytes)`       |               | evicts at once where it shrinks            |
/// | `c.stats()`                   | `cache::Stats` | since construction; of every thread       |
///
/// A cache may say where an entry was found last, for those who ask for it again and have a place
/// to remember that:
///
/// | expression           | result      | promise                                                |
/// |----------------------|-------------|--------------------------------------------------------|
/// | `C::Hint()`          | hint        | knows nothing; of one cache from then on; any number of |
/// |                      |             | threads may use one                                    |
/// | `c.find(key, hint)`  | `C::Handle` | as `find(key)`; the hint of one key makes it faster    |
/// | `hint.prefetch()`    |             | asks the processor for what that will look at          |
///
/// A `Handle` pins one value: move-only, `explicit operator bool`, `*`, `->`. The value stays alive
/// and unchanged while a handle holds it, though it be evicted, erased or replaced meanwhile. A
/// value that alone exceeds the room is handed back pinned, but not kept. Handles must be gone
/// before their cache is.
///
/// Errors: none; what does not fit is not cached. Threads: everything is concurrent.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <strata/core/policy.hpp>

namespace strata {

namespace cache {

struct Stats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;  ///< for lack of room; neither erased nor replaced entries

  /// Of all look-ups; 0 before the first.
  [[nodiscard]] double hit_ratio() const noexcept {
    const std::uint64_t lookups = hits + misses;
    return lookups == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(lookups);
  }
};

namespace detail {

/// The least of what a cache is asked to hold: a value that can be moved, not copied.
struct ConceptValue {
  ConceptValue(ConceptValue&&) noexcept = default;
  ConceptValue& operator=(ConceptValue&&) noexcept = default;
};
struct ConceptHash {
  std::uint64_t operator()(const std::uint64_t& key) const noexcept { return key; }
};

template <class H, class Value>
concept Pin = std::movable<H> && !std::copyable<H> && requires(const H handle) {
  static_cast<bool>(handle);
  { *handle } -> std::same_as<const Value&>;
  { handle.operator->() } -> std::same_as<const Value*>;
};

template <class C, class Key, class Value, class Options>
concept Cache = std::constructible_from<C, const Options&> && Pin<typename C::Handle, Value> &&
    requires(C cache, const C constant, const Key& key, Value&& value, std::size_t bytes) {
  { cache.find(key) } -> std::same_as<typename C::Handle>;
  { cache.insert(key, std::move(value), bytes) } -> std::same_as<typename C::Handle>;
  cache.erase(key);
  cache.clear();
  cache.reserve(std::ptrdiff_t{1});
  cache.set_capacity(bytes);
  { constant.used_bytes() } -> std::same_as<std::size_t>;
  { constant.capacity_bytes() } -> std::same_as<std::size_t>;
  { constant.stats() } -> std::same_as<Stats>;
};

}  // namespace detail
}  // namespace cache

template <class P>
concept CachePolicy = std::same_as<typename P::policy_slot, cache_slot> && requires {
  { P::name } -> std::convertible_to<std::string_view>;
  typename P::template type<std::uint64_t, cache::detail::ConceptValue, cache::detail::ConceptHash>;
} && cache::detail::Cache<typename P::template type<std::uint64_t, cache::detail::ConceptValue,
                                                    cache::detail::ConceptHash>,
                          std::uint64_t, cache::detail::ConceptValue, options_of_t<P>>;

}  // namespace strata
