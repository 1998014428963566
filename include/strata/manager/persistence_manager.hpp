// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `PersistenceManager<>`: one database, five stores, one commit order.
///
/// Keys and values, documents, time series, graph and objects lie in families of one database, so
/// a batch over several stores is one record of one log, and one snapshot sees them all. Writes are
/// synced before they are acknowledged unless the options say otherwise.
///
///     auto opened = strata::PersistenceManager<>::open("data");
///     auto& pm = *opened;
///     auto stored = pm.documents().insert("users", user);
///     auto both = pm.batch([&](auto& unit) { ... });      // all of it or nothing
///
/// The manager is a movable handle; any number of threads may use it and its stores at once. Stores
/// and snapshots must not outlive it.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/durability.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/store/document_store.hpp>
#include <strata/store/graph.hpp>
#include <strata/store/key_value.hpp>
#include <strata/store/object_store.hpp>
#include <strata/store/time_series.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>

namespace strata {

namespace manager {

/// The families of a manager, each with policies of its own if `Policies` hold for all of them.
template <class... Policies>
using DatabaseOf = Database<Family<"kv">, Family<"documents">, Family<"series">, Family<"graph">,
                            Family<"objects">, Policies...>;

}  // namespace manager

/// `Policies`: of the database (file system, log, cache, executor...), in any order.
template <class... Policies>
class PersistenceManager {
 public:
  using Db = manager::DatabaseOf<Policies...>;
  using Options = typename Db::Options;
  using Unit = txn::Unit<Db>;

  /// Opens or creates the manager's directory, completes builds of indexes that a crash cut off and
  /// drops what writers of objects that died have left. To change an option, start from
  /// `default_options()`. Errors: those of `Engine::open`.
  [[nodiscard]] static Result<PersistenceManager> open(std::string_view path,
                                                       Options options = default_options()) {
    const bool is_read_only = options.read_only;
    auto db = Db::open(path, std::move(options));
    if (!db) {
      return propagate(std::move(db));
    }
    auto state = std::make_unique<State>(std::move(*db));
    if (!is_read_only) {
      if (auto built = state->documents.finish_index_builds(); !built) {
        return propagate(std::move(built));
      }
      if (auto removed = state->objects.remove_abandoned(); !removed) {
        return propagate(std::move(removed));
      }
    }
    return PersistenceManager(std::move(state));
  }
  /// Everything by default, and every write synced.
  [[nodiscard]] static Options default_options() {
    Options options;
    options.wal.durability = Durability::synced;
    return options;
  }

  [[nodiscard]] store::KeyValue<Db>& kv() noexcept { return state_->kv; }
  [[nodiscard]] store::Documents<Db>& documents() noexcept { return state_->documents; }
  [[nodiscard]] store::TimeSeries<Db>& series() noexcept { return state_->series; }
  [[nodiscard]] store::Graph<Db>& graph() noexcept { return state_->graph; }
  [[nodiscard]] store::Objects<Db>& objects() noexcept { return state_->objects; }

  /// Runs `change(Unit&) -> Result<void>` alone, and commits what it wrote, over any stores, as one
  /// batch. If `change` fails nothing happens and its error is returned.
  template <class Change>
  [[nodiscard]] Result<void> batch(Change&& change, const WriteOptions& options = {}) {
    auto unit = Unit::exclusive(state_->db, state_->locks);
    if (Result<void> changed = change(unit); !changed) {
      return changed;
    }
    return unit.commit(options);
  }

  /// One moment of all stores: pass it to their reads.
  [[nodiscard]] Snapshot snapshot() { return state_->db.snapshot(); }
  [[nodiscard]] Result<void> sync() { return state_->db.sync(); }
  [[nodiscard]] Result<void> flush() { return state_->db.flush(); }
  [[nodiscard]] Result<void> verify() { return state_->db.verify(); }
  /// A copy of everything at `target`, by hard links; open it as a manager of its own.
  [[nodiscard]] Result<void> checkpoint(std::string_view target) {
    return state_->db.checkpoint(target);
  }
  [[nodiscard]] Stats stats() { return state_->db.stats(); }
  [[nodiscard]] Health health() { return state_->db.health(); }
  [[nodiscard]] Db& database() noexcept { return state_->db; }
  [[nodiscard]] Result<void> close() { return state_->db.close(); }

 private:
  /// Stores point at the database and the locks: their place must not change.
  struct State {
    explicit State(Db&& opened)
        : db(std::move(opened)),
          kv(db, locks),
          documents(db, locks),
          series(db, locks),
          graph(db, locks),
          objects(db, locks) {}
    Db db;
    txn::KeyLocks locks;
    store::KeyValue<Db> kv;
    store::Documents<Db> documents;
    store::TimeSeries<Db> series;
    store::Graph<Db> graph;
    store::Objects<Db> objects;
  };

  explicit PersistenceManager(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

  std::unique_ptr<State> state_;
};

}  // namespace strata
