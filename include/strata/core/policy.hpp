// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The grammar of composition: slots, and policies that fill them.
///
/// A *slot* is a tag type: what a component is for. A *policy* names the slot it fills in
/// `policy_slot` and itself in `name`. `select_t<slot, Default, Policies...>` picks the policy
/// of a slot out of a list in any order; what is wrong with a list is said in one sentence by
/// `check_policies`. Types that know nothing of strata enter as `as<slot, T>`.

#include <concepts>
#include <string_view>
#include <type_traits>

namespace strata {

// Slots of a database.
struct file_system_slot {};
struct wal_slot {};
struct cache_slot {};
struct clock_slot {};
struct metrics_slot {};
struct checksum_slot {};
struct encryption_slot {};
struct executor_slot {};

// Slots of a family.
struct memtable_slot {};
struct table_format_slot {};
struct table_index_slot {};
struct filter_slot {};
struct compression_slot {};
struct compaction_slot {};
struct compaction_filter_slot {};
struct merge_slot {};
struct comparator_slot {};
struct value_separation_slot {};

/// Whether `P` is a policy for some slot.
template <class P>
concept Policy = requires {
  typename P::policy_slot;
};

template <class P, class Slot>
concept PolicyFor = Policy<P> && std::same_as<typename P::policy_slot, Slot>;

/// Lets a type without a slot fill one: `as<merge_slot, MyOperator>`.
template <class Slot, class T>
struct as : T {
  using T::T;
  using policy_slot = Slot;
};

namespace detail {

template <class Slot, class Default, class... Policies>
struct select {
  using type = Default;
};

template <class Slot, class Default, class First, class... Rest>
struct select<Slot, Default, First, Rest...>
    : std::conditional_t<PolicyFor<First, Slot>, std::type_identity<First>,
                         select<Slot, Default, Rest...>> {};

}  // namespace detail

/// The first of `Policies` that fills `Slot`, else `Default`. Compile time: linear.
template <class Slot, class Default, class... Policies>
using select_t = typename detail::select<Slot, Default, Policies...>::type;

/// How many of `Policies` fill `Slot`.
template <class Slot, class... Policies>
inline constexpr int policies_for = (0 + ... + (PolicyFor<Policies, Slot> ? 1 : 0));

/// A list of types, for slot lists.
template <class... Types>
struct type_list {};

/// A value of `Options` of the policy, or an empty struct where it has no knobs.
struct NoOptions {};

namespace detail {
template <class P>
struct options_of {
  using type = NoOptions;
};
template <class P>
requires requires {
  typename P::Options;
}
struct options_of<P> {
  using type = typename P::Options;
};
}  // namespace detail

template <class P>
using options_of_t = typename detail::options_of<P>::type;

}  // namespace strata
