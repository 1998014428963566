// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The slots of `mvcc::Store`, and what fills them. (After the four design decisions of Wu,
/// Arulraj, Lin, Xian, Pavlo, "An Empirical Evaluation of In-Memory Multi-Version Concurrency
/// Control", VLDB 2017.)
///
/// | slot                 | decides                       | policies                              |
/// |----------------------|-------------------------------|---------------------------------------|
/// | `index_slot`         | how a key finds its chain     | `index::Ordered`, `index::Hashed`     |
/// | `version_order_slot` | which way a chain runs        | `order::NewestFirst`, `OldestFirst`   |
/// | `gc_slot`            | who trims chains, and when    | `gc::Vacuum`, `Cooperative`, `None`   |
/// | `concurrency_slot`   | what transactions may overlap | `control::Optimistic`, `TwoPhase`,    |
/// |                      |                               | `FirstCommitterWins`                  |
///
/// `I::template type<Chain>` is an index; readers hold an epoch guard, the writer is one at a time:
///
/// | expression                     | promise                                                  |
/// |--------------------------------|----------------------------------------------------------|
/// | `I::name`, `I::ordered`        | shown in stats; whether there is `scan`                  |
/// | `t.find(key)`                  | `Chain*`, null where absent; any thread, never waits     |
/// | `t.scan(first, last, fn)`      | keys ascending while `fn(Chain&)`; any thread            |
/// | `t.find_or_insert(key, garbage)` | `Chain&`; writer                                       |
/// | `t.erase(chain, garbage)`      | unlinks; readers in there stay safe; writer              |
/// | `t.sweep(cursor, limit, out)`  | the next chains from a `T::Cursor` on; false: the last   |
///
/// `O::type` is a chain of versions (see txn/mvcc_version.hpp). A gc policy is two
/// constants (txn/mvcc_gc.hpp). A concurrency policy has a `Shared` for each store and a `Session`
/// for each transaction (txn/mvcc_control.hpp).
///
/// Tested with every policy: tests/txn/mvcc_store_test.cpp.

#include <concepts>
#include <cstdint>
#include <string_view>

#include <strata/core/policy.hpp>

namespace strata::mvcc {

struct index_slot {};
struct version_order_slot {};
struct gc_slot {};
struct concurrency_slot {};

/// Each forbids what the one before forbids, and more; docs/policies/mvcc.md lists the anomalies.
enum class Isolation : std::uint8_t {
  read_committed,  ///< Each read sees the newest committed state; writes are atomic.
  snapshot,        ///< All reads see the state at `begin`; no update is lost.
  serializable,    ///< As if transactions had run one after the other.
};

/// An isolation level as a type, so that asking for more than a composition gives does not compile.
template <Isolation Value>
struct Level {
  static constexpr Isolation value = Value;
};
struct ReadOnly {};

inline constexpr Level<Isolation::read_committed> read_committed;
inline constexpr Level<Isolation::snapshot> snapshot;
inline constexpr Level<Isolation::serializable> serializable;
/// Reads as of `begin`, without locks and without validation; serializable beside others that are.
inline constexpr ReadOnly read_only;

template <class P>
concept IndexPolicy = PolicyFor<P, index_slot> && requires {
  { P::name } -> std::convertible_to<std::string_view>;
  { P::ordered } -> std::convertible_to<bool>;
};

template <class P>
concept VersionOrderPolicy = PolicyFor<P, version_order_slot> && requires {
  { P::name } -> std::convertible_to<std::string_view>;
};

template <class P>
concept GcPolicy = PolicyFor<P, gc_slot> && requires {
  { P::name } -> std::convertible_to<std::string_view>;
  { P::vacuums } -> std::convertible_to<bool>;
  { P::trims_on_commit } -> std::convertible_to<bool>;
};

template <class P>
concept ConcurrencyPolicy = PolicyFor<P, concurrency_slot> && requires(Isolation level) {
  { P::name } -> std::convertible_to<std::string_view>;
  { P::strongest } -> std::convertible_to<Isolation>;
  { P::reads_latest(level) } -> std::same_as<bool>;
  typename P::Shared;
  typename P::Session;
};

}  // namespace strata::mvcc
