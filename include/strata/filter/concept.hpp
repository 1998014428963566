// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The filter slot: a few bits per key that say "not here" without a read.
///
/// A filter may only be wrong by saying "maybe".
///
/// | expression              | result        | promise                                  |
/// |-------------------------|---------------|------------------------------------------|
/// | `F::name`               | `string_view` | in the manifest for ever; never reused   |
/// | `F::format_version`     | `uint32_t`    | bump when the bytes change               |
/// | `F::Builder()`          | builder       | or `F::Builder(options)`, see below      |
/// | `builder.add(key)`      |               | any order, duplicates allowed            |
/// | `builder.finish(out)`   |               | appends; the builder is spent            |
/// | `F::may_contain(f, k)`  | `bool`        | no false negative; damaged `f`: `true`   |
///
/// Optional: `F::Options`, then `F::Builder(const F::Options&)`. Optional, all three or none, for
/// filters that see a key through one 64-bit hash (`HashedFilterPolicy`): an engine that asks a
/// filter of every level hashes once.
///
/// | expression                   | result     | promise                                      |
/// |------------------------------|------------|----------------------------------------------|
/// | `F::hash(key)`               | `uint64_t` | part of the format                           |
/// | `builder.add_hash(h)`        |            | `add(key)` with `h == F::hash(key)`          |
/// | `F::may_contain_hash(f, h)`  | `bool`     | `may_contain(f, key)` with `h == hash(key)`  |
///
/// Optional, for filters that need more than one hash of a key: `F::Probe(key)` with
/// `probe.may_be_in(f)`, both `noexcept`, which is `may_contain(f, key)`. The key outlives it.
///
/// Optional, for filters that can tell that no key lies between two (`RangeFilterPolicy`). They
/// are asked for families whose keys are in the order of their bytes, and only about ranges that
/// have both bounds:
///
/// | expression                                 | result | promise                              |
/// |--------------------------------------------|--------|--------------------------------------|
/// | `F::may_contain_range(f, first, last)`     | `bool` | `true` if a key was added that is at |
/// |                                            |        | or after `first` and before `last`   |
///
/// An empty `f` is what a filter policy without bytes writes; every policy answers `true` to it.
/// Threads: `may_contain` and `hash` are concurrent; a builder belongs to one thread.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/policy.hpp>

namespace strata {

template <class F>
concept FilterPolicy = std::same_as<typename F::policy_slot, filter_slot> &&
    requires(typename F::Builder builder, std::string_view key, std::string& out) {
  { F::name } -> std::convertible_to<std::string_view>;
  { F::format_version } -> std::convertible_to<std::uint32_t>;
  builder.add(key);
  builder.finish(out);
  { F::may_contain(key, key) }
  noexcept->std::same_as<bool>;
};

template <class F>
concept HashedFilterPolicy = FilterPolicy<F> &&
    requires(typename F::Builder builder, std::string_view bytes, std::uint64_t hash) {
  { F::hash(bytes) }
  noexcept->std::same_as<std::uint64_t>;
  builder.add_hash(hash);
  { F::may_contain_hash(bytes, hash) }
  noexcept->std::same_as<bool>;
};

template <class F>
concept RangeFilterPolicy = FilterPolicy<F> && requires(std::string_view bytes) {
  { F::may_contain_range(bytes, bytes, bytes) }
  noexcept->std::same_as<bool>;
};

namespace filter {

/// A builder of `F` with its options, where it has some.
template <FilterPolicy F>
[[nodiscard]] typename F::Builder make_builder(const options_of_t<F>& options = {}) {
  if constexpr (std::constructible_from<typename F::Builder, const options_of_t<F>&>) {
    return typename F::Builder(options);
  } else {
    return typename F::Builder();
  }
}

/// A key as the filters of many tables see it: hashed once where the policy can.
template <FilterPolicy F>
class Probe {
 public:
  explicit Probe(std::string_view key) noexcept : key_(key) {
    if constexpr (HashedFilterPolicy<F>) {
      hash_ = F::hash(key);
    }
  }
  [[nodiscard]] bool may_be_in(std::string_view filter) const noexcept {
    if constexpr (HashedFilterPolicy<F>) {
      return F::may_contain_hash(filter, hash_);
    } else {
      return F::may_contain(filter, key_);
    }
  }

 private:
  std::string_view key_;
  std::uint64_t hash_ = 0;
};

/// Of a filter that brings its own.
template <FilterPolicy F>
requires requires {
  typename F::Probe;
}
class Probe<F> : public F::Probe {
 public:
  using F::Probe::Probe;
};

}  // namespace filter
}  // namespace strata
