// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The document store: collections of JSON documents with MongoDB's filters, updates and indexes,
/// on one family of a database.
///
///     Documents<Db> documents(db, locks);
///     auto id = documents.insert("people", {{"name", "Ann"}, {"age", 30}});
///     documents.create_index("people", {{"age", 1}});
///     auto adults = documents.query("people", {{"age", {{"$gte", 18}}}}, {.sort = {{"age", -1}}});
///     documents.update("people", *id, {{"$inc", {{"age", 1}}}});
///
/// A document and all its index entries change in one batch. The store keeps `_id`, `_version`
/// (1 at insert, one more with each change), `_created` and `_updated` (wall clock, for information
/// only) in each document; what a caller says for the last three is ignored. A collection comes
/// into being with its first document or by `create_collection`; reads, updates and index
/// operations on an unknown one fail with `not_found`, so that a misspelt name does not look like
/// no data.
///
/// Every change exists twice: alone (it commits itself), and inside a unit of work, which must be
/// exclusive and may span stores. Every read is as of now, a snapshot, or a unit.
///
/// Errors, everywhere: `invalid_argument` names the field or operator; `corruption` the document.
/// Threads: all calls concurrent; a unit stays with its thread. Keys: store/document_catalog.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/lsm/options.hpp>
#include <strata/store/document_check.hpp>
#include <strata/store/document_core.hpp>
#include <strata/store/document_id.hpp>
#include <strata/store/document_operations.hpp>
#include <strata/store/document_query.hpp>
#include <strata/store/document_value.hpp>
#include <strata/txn/unit.hpp>

namespace strata::store {

struct IndexOptions {
  std::string name = {};  ///< Empty: made from the fields, as "region_1_area_-1".
  bool unique = false;    ///< No two documents with the same values; missing counts as null.
  bool sparse = false;    ///< Documents without any of the fields are left out.
};

template <class Db, FixedString Name = "documents", class Clock = WallClock>
class Documents {
 public:
  using Unit = txn::Unit<Db>;

  /// Requires: both outlive the store; every writer of the family uses the same locks.
  Documents(Db& db, txn::KeyLocks& locks, Clock clock = {})
      : core_(db, locks), operations_(core_, std::move(clock)) {}
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;

  // ---- Collections ----

  /// Errors: `already_exists`.
  [[nodiscard]] Result<void> create_collection(std::string_view collection,
                                               const WriteOptions& options = {}) {
    return alone(core_.exclusive(), options,
                 [&](Unit& unit) { return create_collection(unit, collection); });
  }
  [[nodiscard]] Result<void> create_collection(Unit& unit, std::string_view collection) {
    if (auto whole = whole_unit(unit); !whole) {
      return whole;
    }
    auto made = core_.create_collection(unit, collection);
    return made ? Result<void>() : propagate(std::move(made));
  }
  /// Removes the documents, the indexes and the name.
  [[nodiscard]] Result<void> drop_collection(std::string_view collection,
                                             const WriteOptions& options = {}) {
    return alone(core_.exclusive(), options,
                 [&](Unit& unit) { return drop_collection(unit, collection); });
  }
  [[nodiscard]] Result<void> drop_collection(Unit& unit, std::string_view collection) {
    auto whole = whole_unit(unit);
    return whole ? core_.drop_collection(unit, collection) : whole;
  }
  /// The names of all collections, sorted.
  [[nodiscard]] Result<std::vector<std::string>> collections(const Snapshot* snapshot = nullptr) {
    std::vector<std::string> names;
    const std::string prefix = detail::collections_prefix();
    auto scanned = txn::View(snapshot).scan(
        core_.family(), txn::KeyRange::prefix(prefix), [&](std::string_view key, std::string_view) {
          return KeyReader(key.substr(prefix.size())).take_bytes(names.emplace_back());
        });
    if (!scanned) {
      return propagate(std::move(scanned));
    }
    return names;
  }

  // ---- One document ----

  /// Stores a new document and returns its `_id`, made if absent.
  /// Errors: `already_exists` for an `_id` that is taken, `conflict` for a unique index.
  [[nodiscard]] Result<Json> insert(std::string_view collection, const Json& document,
                                    const WriteOptions& options = {}) {
    for (;;) {
      {
        auto unit = core_.single();
        auto found = core_.find(unit, collection);
        if (!found) {
          return propagate(std::move(found));
        }
        if (*found != nullptr) {
          auto id = operations_.insert(unit, **found, document);
          return id ? committed(unit, options, std::move(*id)) : id;
        }
      }
      auto created = create_collection(collection, options);
      if (!created && created.error().code() != ErrorCode::already_exists) {
        return propagate(std::move(created));
      }
    }
  }
  [[nodiscard]] Result<Json> insert(Unit& unit, std::string_view collection, const Json& document) {
    if (auto whole = whole_unit(unit); !whole) {
      return propagate(std::move(whole));
    }
    auto found = core_.find(unit, collection);
    if (found && *found == nullptr) {
      found = core_.create_collection(unit, collection);
    }
    return found ? operations_.insert(unit, **found, document) : propagate(std::move(found));
  }

  [[nodiscard]] Result<std::optional<Json>> get(std::string_view collection, const DocumentId& id,
                                                const Snapshot* snapshot = nullptr) {
    txn::View view(snapshot);
    return operations_.get(view, collection, id);
  }
  [[nodiscard]] Result<std::optional<Json>> get(Unit& unit, std::string_view collection,
                                                const DocumentId& id) {
    return operations_.get(unit, collection, id);
  }
  /// Shows the stored form to `visit(ValueRef)`: one field is read without decoding the others.
  /// False: there is no such document.
  template <class Visit>
  requires std::is_invocable_v<Visit, ValueRef>
  [[nodiscard]] Result<bool> visit(std::string_view collection, const DocumentId& id, Visit&& visit,
                                   const Snapshot* snapshot = nullptr) {
    txn::View view(snapshot);
    return operations_.visit(view, collection, id, visit);
  }

  /// Applies operators or a merge patch (store/document_update.hpp); the new `_version`.
  /// Errors: `not_found`, `conflict` for another version or a unique index.
  [[nodiscard]] Result<std::int64_t> update(std::string_view collection, const DocumentId& id,
                                            const Json& changes, const UpdateOptions& how = {},
                                            const WriteOptions& options = {}) {
    return alone(core_.single(), options, [&](Unit& unit) {
      return operations_.update(unit, collection, id, changes, how);
    });
  }
  [[nodiscard]] Result<std::int64_t> update(Unit& unit, std::string_view collection,
                                            const DocumentId& id, const Json& changes,
                                            const UpdateOptions& how = {}) {
    auto whole = whole_unit(unit);
    return whole ? operations_.update(unit, collection, id, changes, how)
                 : propagate(std::move(whole));
  }

  /// Puts `document` in the place of the one with this `_id`; the new `_version`.
  [[nodiscard]] Result<std::int64_t> replace(std::string_view collection, const DocumentId& id,
                                             const Json& document, const UpdateOptions& how = {},
                                             const WriteOptions& options = {}) {
    return alone(core_.single(), options, [&](Unit& unit) {
      return operations_.replace(unit, collection, id, document, how);
    });
  }
  [[nodiscard]] Result<std::int64_t> replace(Unit& unit, std::string_view collection,
                                             const DocumentId& id, const Json& document,
                                             const UpdateOptions& how = {}) {
    auto whole = whole_unit(unit);
    return whole ? operations_.replace(unit, collection, id, document, how)
                 : propagate(std::move(whole));
  }

  /// False: there was no such document.
  [[nodiscard]] Result<bool> erase(std::string_view collection, const DocumentId& id,
                                   const UpdateOptions& how = {},
                                   const WriteOptions& options = {}) {
    return alone(core_.single(), options,
                 [&](Unit& unit) { return operations_.erase(unit, collection, id, how); });
  }
  [[nodiscard]] Result<bool> erase(Unit& unit, std::string_view collection, const DocumentId& id,
                                   const UpdateOptions& how = {}) {
    auto whole = whole_unit(unit);
    return whole ? operations_.erase(unit, collection, id, how) : propagate(std::move(whole));
  }

  // ---- Many documents ----

  /// The documents that match (store/document_filter.hpp), as the options say.
  [[nodiscard]] Result<std::vector<Json>> query(std::string_view collection,
                                                const Json& filter = boost::json::object(),
                                                const QueryOptions& options = {}) {
    return at_moment(options.snapshot, [&](auto& reader) {
      return operations_.query(reader, collection, filter, options);
    });
  }
  [[nodiscard]] Result<std::vector<Json>> query(Unit& unit, std::string_view collection,
                                                const Json& filter = boost::json::object(),
                                                const QueryOptions& options = {}) {
    return operations_.query(unit, collection, filter, options);
  }

  [[nodiscard]] Result<std::uint64_t> count(std::string_view collection,
                                            const Json& filter = boost::json::object(),
                                            const Snapshot* snapshot = nullptr) {
    return at_moment(snapshot,
                     [&](auto& reader) { return operations_.count(reader, collection, filter); });
  }
  [[nodiscard]] Result<std::uint64_t> count(Unit& unit, std::string_view collection,
                                            const Json& filter = boost::json::object()) {
    return operations_.count(unit, collection, filter);
  }

  /// The different values of a path, elements of arrays one by one, in BSON's order.
  [[nodiscard]] Result<std::vector<Json>> distinct(std::string_view collection,
                                                   std::string_view path,
                                                   const Json& filter = boost::json::object(),
                                                   const Snapshot* snapshot = nullptr) {
    return at_moment(snapshot, [&](auto& reader) {
      return operations_.distinct(reader, collection, path, filter);
    });
  }

  /// Runs the query and tells how: `plan` ("index" or "collection_scan"), `index`, `ranges`,
  /// `sorted_by_index`, `keys_examined`, `documents_examined`, `returned`.
  [[nodiscard]] Result<Json> explain(std::string_view collection,
                                     const Json& filter = boost::json::object(),
                                     const QueryOptions& options = {}) {
    return at_moment(options.snapshot, [&](auto& reader) {
      return operations_.explain(reader, collection, filter, options);
    });
  }

  // ---- Indexes ----

  /// Builds an index while other threads read and write; it serves queries from the return on.
  /// One of the same definition that is there already is success.
  /// Errors: `conflict` where documents have the same values for a unique index, `already_exists`.
  [[nodiscard]] Result<void> create_index(std::string_view collection, const Json& fields,
                                          const IndexOptions& how = {},
                                          const WriteOptions& options = {}) {
    auto index = index_of(fields, how);
    return index ? core_.build_index(std::string(collection), std::move(*index), options)
                 : propagate(std::move(index));
  }
  /// As part of the unit; its batch holds all entries.
  [[nodiscard]] Result<void> create_index(Unit& unit, std::string_view collection,
                                          const Json& fields, const IndexOptions& how = {}) {
    if (auto whole = whole_unit(unit); !whole) {
      return whole;
    }
    auto index = index_of(fields, how);
    return index ? core_.create_index(unit, collection, std::move(*index))
                 : propagate(std::move(index));
  }
  [[nodiscard]] Result<void> drop_index(std::string_view collection, std::string_view index,
                                        const WriteOptions& options = {}) {
    return alone(core_.exclusive(), options,
                 [&](Unit& unit) { return core_.drop_index(unit, collection, index); });
  }
  [[nodiscard]] Result<void> drop_index(Unit& unit, std::string_view collection,
                                        std::string_view index) {
    auto whole = whole_unit(unit);
    return whole ? core_.drop_index(unit, collection, index) : whole;
  }
  [[nodiscard]] Result<std::vector<Json>> indexes(std::string_view collection,
                                                  const Snapshot* snapshot = nullptr) {
    txn::View view(snapshot);
    auto found = core_.require(view, collection);
    if (!found) {
      return propagate(std::move(found));
    }
    std::vector<Json> list;
    for (const auto& index : (*found)->indexes) {
      list.push_back(describe(index));
    }
    return list;
  }
  /// Completes the builds that a crash or a close cut off. Call it after opening the database.
  [[nodiscard]] Result<void> finish_index_builds(const WriteOptions& options = {}) {
    auto names = collections();
    if (!names) {
      return propagate(std::move(names));
    }
    txn::View now;
    for (const auto& name : *names) {
      auto found = core_.require(now, name);
      if (!found) {
        return propagate(std::move(found));
      }
      for (const auto& index : (*found)->indexes) {
        if (!index.ready) {
          if (auto built = core_.build_index(name, index, options); !built) {
            return built;
          }
        }
      }
    }
    return {};
  }

  /// Recomputes the entries of all indexes from the documents and compares: what disagrees.
  [[nodiscard]] Result<CheckReport> check(std::string_view collection,
                                          const Snapshot* snapshot = nullptr) {
    return at_moment(snapshot, [&](auto& reader) -> Result<CheckReport> {
      auto found = core_.require(reader, collection);
      if (!found) {
        return propagate(std::move(found));
      }
      std::vector<const IndexInfo*> ready;
      for (const auto& index : (*found)->indexes) {
        if (index.ready) {
          ready.push_back(&index);
        }
      }
      return detail::DocumentChecker(reader, core_.family(), **found).check(ready);
    });
  }

 private:
  /// Several operations in a unit that owns single keys could wait for each other.
  [[nodiscard]] static Result<void> whole_unit(const Unit& unit) {
    if (!unit.is_exclusive()) {
      return fail(ErrorCode::invalid_argument,
                  "changes of documents need a unit made by Unit::exclusive");
    }
    return {};
  }

  template <class T>
  [[nodiscard]] static Result<T> committed(Unit& unit, const WriteOptions& options, T value) {
    auto done = unit.commit(options);
    return done ? Result<T>(std::move(value)) : propagate(std::move(done));
  }
  template <class Operation>
  [[nodiscard]] static auto alone(Unit unit, const WriteOptions& options, Operation&& operation)
      -> std::invoke_result_t<Operation, Unit&> {
    auto result = operation(unit);
    if (result) {
      if (auto done = unit.commit(options); !done) {
        return propagate(std::move(done));
      }
    }
    return result;
  }
  /// Several reads that must be of one moment.
  template <class Operation>
  [[nodiscard]] auto at_moment(const Snapshot* snapshot, Operation&& operation)
      -> std::invoke_result_t<Operation, txn::View&> {
    if (snapshot != nullptr) {
      txn::View view(snapshot);
      return operation(view);
    }
    const Snapshot now = core_.db().snapshot();
    txn::View view(&now);
    return operation(view);
  }

  [[nodiscard]] static Result<IndexInfo> index_of(const Json& fields, const IndexOptions& how) {
    auto parsed = detail::parse_fields(fields, "an index");
    if (!parsed) {
      return propagate(std::move(parsed));
    }
    IndexInfo index;
    index.fields = std::move(*parsed);
    index.unique = how.unique;
    index.sparse = how.sparse;
    index.name = how.name;
    for (std::size_t i = 0; how.name.empty() && i < index.fields.size(); ++i) {
      index.name += (i == 0 ? "" : "_") + index.fields[i].path.text() +
                    (index.fields[i].order == Order::ascending ? "_1" : "_-1");
    }
    return index;
  }

  detail::DocumentCore<Db, Name> core_;
  detail::DocumentOperations<Db, Name, Clock> operations_;
};

}  // namespace strata::store
