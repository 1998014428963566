// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which leading bytes of a key are its prefix, for `filter::Prefix`.
///
/// | expression        | result                  | promise                                        |
/// |-------------------|-------------------------|------------------------------------------------|
/// | `E::name`         | `string_view`           | stored with every filter; never reused         |
/// | `E::extract(key)` | `optional<string_view>` | leading bytes of `key`; or none                |
///
/// The law: if `extract(key)` is `p`, then `extract` of every string that starts with `p` is `p`.
/// The keys of a prefix are then all strings that start with it, and neighbours in byte order.
/// All functions are pure and concurrent.

#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>

#include <strata/filter/composed_name.hpp>

namespace strata {

template <class E>
concept PrefixExtractor = requires(std::string_view key) {
  { E::name } -> std::convertible_to<std::string_view>;
  { E::extract(key) }
  noexcept->std::same_as<std::optional<std::string_view>>;
};

namespace prefix {

namespace detail {
inline constexpr std::string_view fixed = "fixed:";
inline constexpr std::string_view delimited = "delimited:";
}  // namespace detail

/// The first `Bytes` bytes; shorter keys have no prefix.
template <std::size_t Bytes>
struct Fixed {
  static_assert(Bytes > 0, "strata: prefix::Fixed<0> would put all keys into one prefix");
  static constexpr std::string_view name =
      filter::joined_name<detail::fixed, filter::number_name<unsigned{Bytes}>>;
  [[nodiscard]] static std::optional<std::string_view> extract(std::string_view key) noexcept {
    return key.size() < Bytes ? std::nullopt : std::optional(key.substr(0, Bytes));
  }
};

/// Up to and with the first `Delimiter`: "user/" of "user/anna/1". Keys without it have no prefix.
template <char Delimiter>
struct Delimited {
  /// With the delimiter as a number, whatever the byte.
  static constexpr std::string_view name =
      filter::joined_name<detail::delimited,
                          filter::number_name<unsigned{static_cast<unsigned char>(Delimiter)}>>;
  [[nodiscard]] static std::optional<std::string_view> extract(std::string_view key) noexcept {
    const std::size_t at = key.find(Delimiter);
    return at == std::string_view::npos ? std::nullopt : std::optional(key.substr(0, at + 1));
  }
};

/// The lack of one.
struct None {};

static_assert(PrefixExtractor<Fixed<4>> && PrefixExtractor<Delimited<'/'>>);
static_assert(!PrefixExtractor<None>);

}  // namespace prefix
}  // namespace strata
