// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `mvcc::Store`: keys and values in memory, in versions, with transactions. Nothing is on disk.
///
///     mvcc::Store<mvcc::control::TwoPhase, mvcc::index::Ordered> accounts;
///     auto transfer = accounts.begin(mvcc::serializable);
///     auto balance = transfer.get("alice");            // Result<optional<string>>
///     transfer.put("alice", "90");
///     transfer.commit();                               // Result<Sequence>; conflict: run it again
///
/// Policies come in any order; a slot that is left out gets its default: `index::Ordered`,
/// `order::NewestFirst`, `gc::Vacuum`, `control::Optimistic` (see txn/mvcc_concept.hpp). Which
/// level prevents what: docs/policies/mvcc.md.
///
/// Reads at a snapshot take no lock that is ever held over waiting. Threads: all calls concurrent;
/// snapshots and transactions must be gone before the store is. Source: Wu et al., "An Empirical
/// Evaluation of In-Memory Multi-Version Concurrency Control", VLDB 2017.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_control.hpp>
#include <strata/txn/mvcc_core.hpp>
#include <strata/txn/mvcc_gc.hpp>
#include <strata/txn/mvcc_hashed.hpp>
#include <strata/txn/mvcc_ordered.hpp>
#include <strata/txn/mvcc_transaction.hpp>
#include <strata/txn/mvcc_version.hpp>

namespace strata::mvcc {

template <class... Policies>
class Store {
  static_assert(((IndexPolicy<Policies> || VersionOrderPolicy<Policies> || GcPolicy<Policies> ||
                  ConcurrencyPolicy<Policies>)&&...),
                "mvcc: every argument of Store is a policy for index_slot, version_order_slot, "
                "gc_slot or concurrency_slot");
  static_assert(policies_for<index_slot, Policies...> <= 1, "mvcc: two policies for index_slot");
  static_assert(policies_for<version_order_slot, Policies...> <= 1,
                "mvcc: two policies for version_order_slot");
  static_assert(policies_for<gc_slot, Policies...> <= 1, "mvcc: two policies for gc_slot");
  static_assert(policies_for<concurrency_slot, Policies...> <= 1,
                "mvcc: two policies for concurrency_slot");

 public:
  using Index = select_t<index_slot, index::Ordered, Policies...>;
  using VersionOrder = select_t<version_order_slot, order::NewestFirst, Policies...>;
  using Gc = select_t<gc_slot, gc::Vacuum, Policies...>;
  using Control = select_t<concurrency_slot, control::Optimistic, Policies...>;

 private:
  using Core = detail::Core<Index, VersionOrder, Gc, Control>;

 public:
  using Transaction = mvcc::Transaction<Core>;

  struct Options {
    options_of_t<Control> concurrency{};
  };

  /// The state of a moment, for as long as it lives. Movable; snapshots may go in any order.
  class Snapshot {
   public:
    [[nodiscard]] Sequence sequence() const noexcept { return pin_.sequence(); }
    [[nodiscard]] std::optional<std::string> get(std::string_view key) const {
      return core_->table().find(key, sequence());
    }
    /// `fn(key, value) -> bool` for the keys in [first, last), ascending, while it returns true.
    template <class Fn>
    void scan(std::string_view first, std::optional<std::string_view> last, Fn&& fn) const {
      detail::require_order<typename Core::Table>();
      core_->table().scan(first, last, sequence(), fn);
    }
    [[nodiscard]] std::vector<KeyValue> scan(
        std::string_view first, std::optional<std::string_view> last = std::nullopt) const {
      std::vector<KeyValue> found;
      scan(first, last, [&](std::string_view key, std::string_view value) {
        found.push_back({std::string(key), std::string(value)});
        return true;
      });
      return found;
    }

   private:
    friend class Store;
    explicit Snapshot(Core& core) : core_(&core), pin_(core.snapshots().pin()) {}
    Core* core_;
    Snapshots::Pin pin_;
  };

  Store() : Store(Options{}) {}
  explicit Store(const Options& options) : core_(options.concurrency) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// At the strongest level that the concurrency policy gives.
  [[nodiscard]] Transaction begin() { return Transaction(core_, Control::strongest, true); }
  template <Isolation Asked>
  [[nodiscard]] Transaction begin(Level<Asked>) {
    static_assert(Asked <= Control::strongest,
                  "mvcc: the concurrency policy does not give this isolation level; compose the "
                  "store with mvcc::control::Optimistic or mvcc::control::TwoPhase");
    return Transaction(core_, Asked, true);
  }
  /// Never waits, never conflicts; put and erase get `read_only`.
  [[nodiscard]] Transaction begin(ReadOnly) {
    return Transaction(core_, Isolation::snapshot, false);
  }

  [[nodiscard]] Snapshot snapshot() { return Snapshot(core_); }

  /// The newest committed value.
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const {
    return core_.find_latest(key);
  }

  /// A transaction of one write, which conflicts with no other write; under `TwoPhase` it waits for
  /// the key.
  [[nodiscard]] Result<Sequence> put(std::string_view key, std::string_view value) {
    auto transaction = begin(read_committed);
    auto written = transaction.put(key, value);
    return written ? transaction.commit() : propagate(std::move(written));
  }
  [[nodiscard]] Result<Sequence> erase(std::string_view key) {
    auto transaction = begin(read_committed);
    auto written = transaction.erase(key);
    return written ? transaction.commit() : propagate(std::move(written));
  }

  /// Frees the versions that no live snapshot can see; with no snapshots, all but the newest of
  /// each key, and erased keys altogether. From any thread, beside anything.
  void vacuum() {
    static_assert(Gc::vacuums, "mvcc: gc::None keeps all versions; compose with mvcc::gc::Vacuum");
    core_.vacuum();
  }

  [[nodiscard]] Stats stats() const { return core_.stats(); }

 private:
  Core core_;
};

}  // namespace strata::mvcc
