// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compositions of `mvcc::Store` that every test runs on: each pair of policies of two slots is
/// in one of them.

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <strata/txn/mvcc_store.hpp>

namespace mvcc_tests {

namespace mvcc = strata::mvcc;
using namespace mvcc;  // NOLINT: the tables below stay readable

template <class... Policies>
struct Composition {
  using Store = mvcc::Store<Policies...>;
  static typename Store::Options options() { return {}; }
};

/// Conflicts reported at the write.
struct EarlyReport {
  using Store = mvcc::Store<control::FirstCommitterWins>;
  static Store::Options options() { return {.concurrency = {.report = control::Report::at_write}}; }
};

// clang-format off
using Compositions = std::tuple<
    Composition<index::Ordered, order::NewestFirst, gc::Vacuum,      control::Optimistic>,
    Composition<control::FirstCommitterWins, gc::Vacuum, order::OldestFirst, index::Hashed>,
    Composition<index::Ordered, order::OldestFirst, gc::Vacuum,      control::TwoPhase>,
    Composition<index::Hashed,  order::OldestFirst, gc::Cooperative, control::Optimistic>,
    Composition<index::Ordered, order::NewestFirst, gc::Cooperative, control::FirstCommitterWins>,
    Composition<index::Hashed,  order::NewestFirst, gc::Cooperative, control::TwoPhase>,
    Composition<index::Ordered, order::OldestFirst, gc::None,        control::Optimistic>,
    Composition<index::Ordered, order::OldestFirst, gc::None,        control::FirstCommitterWins>,
    Composition<index::Hashed,  order::NewestFirst, gc::None,        control::TwoPhase>,
    EarlyReport>;
// clang-format on

/// A store of a composition, and what it can do.
template <class C>
struct Fixture {
  using Store = typename C::Store;
  static constexpr bool scans = Store::Index::ordered;
  static constexpr bool vacuums = Store::Gc::vacuums;
  static constexpr bool gives_serializable = Store::Control::strongest == Isolation::serializable;
  static constexpr bool locks = std::is_same_v<typename Store::Control, control::TwoPhase>;

  /// With `lock_timeout` where the composition has locks.
  static typename Store::Options options(std::chrono::milliseconds lock_timeout) {
    auto options = C::options();
    if constexpr (locks) {
      options.concurrency.lock_timeout = lock_timeout;
    }
    return options;
  }

  Fixture() : store(C::options()) {}
  explicit Fixture(std::chrono::milliseconds lock_timeout) : store(options(lock_timeout)) {}

  Store store;
};

}  // namespace mvcc_tests
