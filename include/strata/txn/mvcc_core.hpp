// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The parts of an `mvcc::Store` put together, and how a transaction commits.
///
/// 1. versions are made from the buffered writes, outside of any lock;
/// 2. under the commit mutex: validate; take the next sequence; link the versions, which no reader
///    finds yet, as all read at or below the last committed sequence;
/// 3. publish that sequence with one store: every reader sees all of the transaction or none.
///
/// Readers never take the commit mutex. Tested through the store: tests/txn/mvcc_store_test.cpp.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_snapshots.hpp>
#include <strata/txn/mvcc_table.hpp>
#include <strata/txn/mvcc_write_set.hpp>

namespace strata::mvcc {

struct Stats {
  std::uint64_t versions = 0;   ///< linked, tombstones too
  std::uint64_t keys = 0;       ///< with a chain, be its newest version a tombstone
  std::uint64_t bytes = 0;      ///< of keys, values and versions; not of the index
  std::uint64_t snapshots = 0;  ///< alive, those of transactions too
  std::uint64_t committed = 0;  ///< transactions that wrote
  std::uint64_t aborted = 0;    ///< transactions that ended otherwise, conflicts too
  std::uint64_t conflicts = 0;  ///< told `conflict` or `busy`
};

namespace detail {

template <class Index, class Order, class Gc, class Control>
class Core {
 public:
  using ControlPolicy = Control;
  using Session = typename Control::Session;
  using Table = mvcc::detail::Table<Index, Order>;

  explicit Core(const options_of_t<Control>& options) : shared_(options) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] const Table& table() const noexcept { return table_; }
  [[nodiscard]] Snapshots& snapshots() noexcept { return snapshots_; }
  [[nodiscard]] Session session(Isolation level, std::uint64_t age) {
    return Session(shared_, level, age);
  }
  [[nodiscard]] std::uint64_t next_age() noexcept { return ages_.fetch_add(1) + 1; }

  /// The newest committed value. Without a pin: where versions at or above its sequence may have
  /// been trimmed while it looked, it looks again.
  [[nodiscard]] std::optional<std::string> find_latest(std::string_view key) const {
    for (;;) {
      const Sequence at = snapshots_.last_committed();
      auto found = table_.find(key, at);
      if (snapshots_.trimmed_to() <= at) {
        return found;
      }
    }
  }

  /// Takes the writes; gives up `pin`, on which they rest, once they are validated.
  [[nodiscard]] Result<Sequence> commit(Session& session, WriteSet::Map writes,
                                        Snapshots::Pin& pin) {
    std::vector<std::unique_ptr<Version>> versions;
    versions.reserve(writes.size());
    for (auto& [key, value] : writes) {
      const bool is_erased = !value.has_value();
      versions.push_back(
          std::make_unique<Version>(is_erased ? std::string() : std::move(*value), is_erased));
    }
    const std::lock_guard lock(commit_mutex_);
    if (auto valid = session.validate(table_, writes, pin.sequence()); !valid) {
      return propagate(std::move(valid));
    }
    const Sequence sequence = snapshots_.last_committed() + 1;
    Garbage garbage;
    auto version = versions.begin();
    for (const auto& [key, value] : writes) {
      (*version)->sequence = sequence;
      table_.install(key, std::move(*version++), garbage);
    }
    snapshots_.publish(sequence);
    committed_.fetch_add(1, std::memory_order_relaxed);
    pin.release();
    if constexpr (Gc::trims_on_commit) {
      const Sequence watermark = snapshots_.raise();
      for (const auto& [key, value] : writes) {
        table_.trim(key, watermark, garbage);
      }
    }
    table_.reclaim(std::move(garbage));
    return sequence;
  }

  /// Trims all chains, a few at a time, so that commits get in between.
  void vacuum() {
    constexpr std::size_t chains_at_once = 256;
    typename Table::Cursor cursor{};
    for (bool more = true; more;) {
      const std::lock_guard lock(commit_mutex_);
      Garbage garbage;
      more = table_.vacuum_some(cursor, chains_at_once, snapshots_.raise(), garbage);
      table_.reclaim(std::move(garbage));
    }
  }

  void count_abort(bool conflict) noexcept {
    aborted_.fetch_add(1, std::memory_order_relaxed);
    conflicts_.fetch_add(conflict ? 1 : 0, std::memory_order_relaxed);
  }

  [[nodiscard]] Stats stats() const {
    return {table_.versions(), table_.keys(),   table_.bytes(),   snapshots_.live(),
            committed_.load(), aborted_.load(), conflicts_.load()};
  }

 private:
  typename Control::Shared shared_;
  Table table_;
  Snapshots snapshots_;
  std::mutex commit_mutex_;
  std::atomic<std::uint64_t> ages_{0};
  std::atomic<std::uint64_t> committed_{0};
  std::atomic<std::uint64_t> aborted_{0};
  std::atomic<std::uint64_t> conflicts_{0};
};

}  // namespace detail
}  // namespace strata::mvcc
