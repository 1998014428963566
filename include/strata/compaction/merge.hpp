// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Merge operators: read-modify-write without the read.
///
/// `db.merge(key, operand)` logs the operand; readers and compactions fold operands into the
/// value. An operator is a policy of `merge_slot`:
///
/// | expression                         | promise                                                |
/// |------------------------------------|--------------------------------------------------------|
/// | `M::name`                          | in the manifest; never reused                          |
/// | `M::full(key, base, operand, out)` | `bool`: out = base with operand applied. Base is null  |
/// |                                    | where the key is absent. False: one is malformed       |
/// | `M::combine(key, older, newer,     | `bool`: out = one operand equal to both. False: they   |
/// |             out)`                  | can not be combined, both are kept                     |
///
/// `combine` must be associative and agree with `full`. A malformed operand surfaces as
/// `corruption` on read; nothing is dropped. Threads: stateless, so any.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/policy.hpp>

namespace strata {

template <class M>
concept MergePolicy = std::same_as<typename M::policy_slot, merge_slot> &&
    requires(std::string_view bytes, const std::string_view* base, std::string& out) {
  { M::name } -> std::convertible_to<std::string_view>;
  { M::full(bytes, base, bytes, out) } -> std::same_as<bool>;
  { M::combine(bytes, bytes, bytes, out) } -> std::same_as<bool>;
};

namespace merge {

/// The default: merging is refused with `unsupported` before anything is logged.
struct None {
  using policy_slot = merge_slot;
  static constexpr std::string_view name = "none";
  static bool full(std::string_view, const std::string_view*, std::string_view, std::string&) {
    return false;
  }
  static bool combine(std::string_view, std::string_view, std::string_view, std::string&) {
    return false;
  }
};

namespace detail {

/// Operators on 64-bit little-endian integers; an absent base is the operand itself.
template <class Integer, class Fold>
struct Numeric {
  using policy_slot = merge_slot;
  static bool full(std::string_view key, const std::string_view* base, std::string_view operand,
                   std::string& out) {
    if (base != nullptr) {
      return combine(key, *base, operand, out);
    }
    out.assign(operand);
    return operand.size() == sizeof(Integer);
  }
  static bool combine(std::string_view, std::string_view older, std::string_view newer,
                      std::string& out) {
    if (older.size() != sizeof(Integer) || newer.size() != sizeof(Integer)) {
      return false;
    }
    const Integer folded =
        Fold{}(load_fixed<Integer>(older.data()), load_fixed<Integer>(newer.data()));
    out.clear();
    put_fixed(out, folded);
    return true;
  }
};

/// Two's complement: overflow wraps, as documented for counters.
struct WrappingAdd {
  std::int64_t operator()(std::int64_t a, std::int64_t b) const noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
};
struct Larger {
  std::int64_t operator()(std::int64_t a, std::int64_t b) const noexcept { return std::max(a, b); }
};
struct Smaller {
  std::int64_t operator()(std::int64_t a, std::int64_t b) const noexcept { return std::min(a, b); }
};

}  // namespace detail

/// Sum of 64-bit little-endian signed integers; wraps on overflow.
struct Add : detail::Numeric<std::int64_t, detail::WrappingAdd> {
  static constexpr std::string_view name = "add_i64";
};
/// Largest of 64-bit little-endian signed integers.
struct Max : detail::Numeric<std::int64_t, detail::Larger> {
  static constexpr std::string_view name = "max_i64";
};
/// Smallest of 64-bit little-endian signed integers.
struct Min : detail::Numeric<std::int64_t, detail::Smaller> {
  static constexpr std::string_view name = "min_i64";
};

/// Bytes one after the other.
struct Append {
  using policy_slot = merge_slot;
  static constexpr std::string_view name = "append";
  static bool full(std::string_view, const std::string_view* base, std::string_view operand,
                   std::string& out) {
    out.assign(base != nullptr ? *base : std::string_view{});
    out.append(operand);
    return true;
  }
  static bool combine(std::string_view, std::string_view older, std::string_view newer,
                      std::string& out) {
    out.assign(older);
    out.append(newer);
    return true;
  }
};

/// A set of byte strings, kept as sorted, distinct, length-prefixed members. An operand is such a
/// set; `SetUnion::encode` makes one.
struct SetUnion {
  using policy_slot = merge_slot;
  static constexpr std::string_view name = "set_union";

  static std::string encode(std::vector<std::string_view> members) {
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    std::string out;
    for (const std::string_view member : members) {
      put_string(out, member);
    }
    return out;
  }
  /// False: `bytes` is no set.
  static bool decode(std::string_view bytes, std::vector<std::string_view>& members) {
    Decoder decoder(bytes);
    while (!decoder.done()) {
      std::string_view member;
      if (!decoder.take_string(member)) {
        return false;
      }
      members.push_back(member);
    }
    return true;
  }
  static bool full(std::string_view key, const std::string_view* base, std::string_view operand,
                   std::string& out) {
    return combine(key, base != nullptr ? *base : std::string_view{}, operand, out);
  }
  static bool combine(std::string_view, std::string_view older, std::string_view newer,
                      std::string& out) {
    std::vector<std::string_view> members;
    if (!decode(older, members) || !decode(newer, members)) {
      return false;
    }
    out = encode(std::move(members));
    return true;
  }
};

static_assert(MergePolicy<None> && MergePolicy<Add> && MergePolicy<Max> && MergePolicy<Min> &&
              MergePolicy<Append> && MergePolicy<SetUnion>);

}  // namespace merge
}  // namespace strata
