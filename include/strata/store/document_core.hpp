// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Collections and indexes of the document store as operations inside a unit: create, drop, build.
///
/// An index is built while documents are written. (1) It is registered as *being built*, alone: all
/// units after that write its entries, none reads them. (2) The documents of a snapshot taken then
/// are filled in, in small units that own the documents they read, so that what is written is the
/// newest form. (3) At another snapshot its entries are compared with the documents. (4) It is
/// published, alone. A build that fails, as two documents have a value that must be unique, takes
/// the index away again; a build that a crash cut off goes on at `finish_index_builds`. Tested
/// through the store: tests/store/document_index_test.cpp.

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/store/document_catalog.hpp>
#include <strata/store/document_check.hpp>
#include <strata/store/document_writer.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

template <class Db, FixedString Name>
class DocumentCore {
 public:
  using Unit = txn::Unit<Db>;
  using Family = decltype(std::declval<Db&>().template family<Name>());
  using Handle = CatalogCache::Handle;

  DocumentCore(Db& db, txn::KeyLocks& locks)
      : db_(&db), locks_(&locks), family_(db.template family<Name>()) {}

  [[nodiscard]] Db& db() const noexcept { return *db_; }
  [[nodiscard]] const Family& family() const noexcept { return family_; }
  [[nodiscard]] Unit single() { return Unit::single(*db_, *locks_, {}); }
  [[nodiscard]] Unit exclusive() { return Unit::exclusive(*db_, *locks_); }

  /// Null where there is none of that name.
  template <class Reader>
  [[nodiscard]] Result<Handle> find(Reader& reader, std::string_view name) {
    auto bytes = reader.get(family_, collection_key(name));
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    return *bytes ? cache_.parsed(name, **bytes) : Result<Handle>(nullptr);
  }
  /// Errors: `not_found`, with what to do.
  template <class Reader>
  [[nodiscard]] Result<Handle> require(Reader& reader, std::string_view name) {
    auto found = find(reader, name);
    if (found && *found == nullptr) {
      return fail(ErrorCode::not_found, "there is no collection '", name,
                  "'; insert a document into it or call create_collection, or correct the name");
    }
    return found;
  }

  [[nodiscard]] Result<Handle> create_collection(Unit& unit, std::string_view name) {
    if (name.empty() || name.size() > name_bytes_max) {
      return fail(ErrorCode::invalid_argument, "the name of a collection has 1 to 1024 bytes");
    }
    auto found = find(unit, name);
    if (!found) {
      return found;
    }
    if (*found != nullptr) {
      return fail(ErrorCode::already_exists, "the collection '", name, "' exists");
    }
    auto counter = unit.get(family_, next_collection_key());
    if (!counter) {
      return propagate(std::move(counter));
    }
    std::uint32_t next = 1;
    if (*counter && !Decoder(**counter).take_fixed(next)) {
      return fail(ErrorCode::corruption, "the document store's counter of collections is damaged");
    }
    Collection made;
    made.name = name;
    made.id = next;
    std::string after;
    put_fixed(after, next + 1);
    unit.put(family_, next_collection_key(), after);
    save(unit, made);
    return std::make_shared<const Collection>(std::move(made));
  }

  [[nodiscard]] Result<void> drop_collection(Unit& unit, std::string_view name) {
    auto found = require(unit, name);
    if (!found) {
      return propagate(std::move(found));
    }
    unit.erase(family_, collection_key(name));
    erase_prefix(unit, documents_prefix((*found)->id));
    for (const auto& index : (*found)->indexes) {
      erase_entries(unit, **found, index);
    }
    return {};
  }

  /// All of it in one unit, which is exclusive.
  [[nodiscard]] Result<void> create_index(Unit& unit, std::string_view name, IndexInfo index) {
    auto registered = register_index(unit, name, std::move(index));
    if (!registered || *registered == nullptr) {
      return registered ? Result<void>() : propagate(std::move(registered));
    }
    const Collection& collection = **registered;
    const IndexInfo& added = collection.indexes.back();
    std::vector<std::string> ids;
    const std::string prefix = documents_prefix(collection.id);
    auto scanned = unit.scan(family_, txn::KeyRange::prefix(prefix),
                             [&](std::string_view key, std::string_view) {
                               ids.emplace_back(key.substr(prefix.size()));
                               return true;
                             });
    if (!scanned) {
      return scanned;
    }
    auto filled = DocumentWriter(unit, family_, collection).fill(added, ids);
    return filled ? publish(unit, name, added.name) : filled;
  }

  /// As described above, beside other writers.
  [[nodiscard]] Result<void> build_index(const std::string& name, IndexInfo index,
                                         const WriteOptions& options) {
    const std::string index_name = index.name;
    const BuildMark mark(*this, name + '\0' + index_name);
    if (!mark.alone()) {
      return fail(ErrorCode::busy, "collection '", name, "': the index '", index_name,
                  "' is being built by another thread; wait for it");
    }
    {
      auto unit = exclusive();
      auto registered = register_index(unit, name, std::move(index));
      if (!registered) {
        return propagate(std::move(registered));
      }
      auto committed = unit.commit(options);
      if (!committed || *registered == nullptr) {
        return committed;  // failed, or there was a ready one of the same definition
      }
    }
    auto built = fill_and_publish(name, index_name, options);
    if (!built && built.error().code() != ErrorCode::not_found) {
      auto unit = exclusive();
      if (auto dropped = drop_index(unit, name, index_name); dropped) {
        static_cast<void>(unit.commit(options));  // the first error tells more
      }
    }
    return built;
  }

  [[nodiscard]] Result<void> drop_index(Unit& unit, std::string_view name, std::string_view index) {
    auto found = require(unit, name);
    if (!found) {
      return propagate(std::move(found));
    }
    Collection changed = **found;
    for (auto it = changed.indexes.begin(); it != changed.indexes.end(); ++it) {
      if (it->name == index) {
        erase_entries(unit, changed, *it);
        changed.indexes.erase(it);
        save(unit, changed);
        return {};
      }
    }
    return no_index(name, index);
  }

 private:
  using Ids = std::vector<std::string>;
  static constexpr std::size_t documents_per_unit = 16;

  /// At most one thread builds an index.
  class BuildMark {
   public:
    BuildMark(DocumentCore& core, std::string what) : core_(&core), what_(std::move(what)) {
      const std::lock_guard lock(core_->building_mutex_);
      alone_ = core_->building_.insert(what_).second;
    }
    BuildMark(const BuildMark&) = delete;
    BuildMark& operator=(const BuildMark&) = delete;
    ~BuildMark() {
      if (alone_) {
        const std::lock_guard lock(core_->building_mutex_);
        core_->building_.erase(what_);
      }
    }
    [[nodiscard]] bool alone() const noexcept { return alone_; }

   private:
    DocumentCore* core_;
    std::string what_;
    bool alone_ = false;
  };

  [[nodiscard]] static tl::unexpected<Error> no_index(std::string_view name,
                                                      std::string_view index) {
    return fail(ErrorCode::not_found, "collection '", name, "' has no index '", index,
                "'; indexes() lists those it has");
  }
  void save(Unit& unit, const Collection& collection) {
    unit.put(family_, collection_key(collection.name), encode(collection));
  }
  void erase_prefix(Unit& unit, const std::string& prefix) {
    unit.erase_range(family_, prefix, *prefix_successor(prefix));
  }
  void erase_entries(Unit& unit, const Collection& collection, const IndexInfo& index) {
    erase_prefix(unit, entries_prefix(collection.id, index.id));
    for (std::size_t i = 0; i < index.fields.size(); ++i) {
      unit.erase(family_, several_values_key(collection.id, index.id, i));
    }
  }

  /// The collection with the index, as being built, at its end; null where a ready one of the same
  /// definition exists. One whose build was cut off is taken up again.
  [[nodiscard]] Result<Handle> register_index(Unit& unit, std::string_view name, IndexInfo index) {
    auto found = require(unit, name);
    if (!found) {
      return found;
    }
    if (const IndexInfo* there = (*found)->find_index(index.name); there != nullptr) {
      if (!there->same_definition(index)) {
        return fail(ErrorCode::already_exists, "collection '", name, "' has another index '",
                    index.name, "'; drop it first, or choose another name");
      }
      if (there->ready) {
        return Handle();
      }
    }
    Collection changed = **found;
    std::erase_if(changed.indexes, [&](const IndexInfo& there) {
      if (there.name == index.name) {
        erase_entries(unit, changed, there);
      }
      return there.name == index.name;
    });
    index.id = changed.next_index++;
    index.ready = false;
    changed.indexes.push_back(std::move(index));
    save(unit, changed);
    return std::make_shared<const Collection>(std::move(changed));
  }

  [[nodiscard]] Result<void> publish(Unit& unit, std::string_view name, std::string_view index) {
    auto found = require(unit, name);
    if (!found) {
      return propagate(std::move(found));
    }
    Collection changed = **found;
    for (auto& there : changed.indexes) {
      if (there.name == index) {
        there.ready = true;
        save(unit, changed);
        return {};
      }
    }
    return no_index(name, index);
  }

  [[nodiscard]] Result<void> fill_and_publish(const std::string& name, const std::string& index,
                                              const WriteOptions& options) {
    if (auto filled = fill_at_snapshot(name, index, options); !filled) {
      return filled;
    }
    if (auto agreed = check_built(name, index); !agreed) {
      return agreed;
    }
    auto unit = exclusive();
    auto published = publish(unit, name, index);
    return published ? unit.commit(options) : published;
  }

  [[nodiscard]] Result<void> fill_at_snapshot(const std::string& name, const std::string& index,
                                              const WriteOptions& options) {
    const Snapshot snapshot = db_->snapshot();
    txn::View view(&snapshot);
    auto found = require(view, name);
    if (!found) {
      return propagate(std::move(found));
    }
    const std::string prefix = documents_prefix((*found)->id);
    Ids ids;
    Result<void> filled;
    auto scanned = view.scan(family_, txn::KeyRange::prefix(prefix),
                             [&](std::string_view key, std::string_view) {
                               ids.emplace_back(key.substr(prefix.size()));
                               if (ids.size() == documents_per_unit) {
                                 filled = fill_some((*found)->id, name, index, ids, options);
                                 ids.clear();
                               }
                               return filled.has_value();
                             });
    if (!filled || !scanned) {
      return filled ? scanned : filled;
    }
    return ids.empty() ? Result<void>() : fill_some((*found)->id, name, index, ids, options);
  }
  [[nodiscard]] Result<void> fill_some(std::uint32_t id, const std::string& name,
                                       const std::string& index, const Ids& ids,
                                       const WriteOptions& options) {
    auto unit = single();
    auto found = require(unit, name);
    if (!found) {
      return propagate(std::move(found));
    }
    const IndexInfo* info = (*found)->find_index(index);
    if (info == nullptr || (*found)->id != id) {
      return no_index(name, index);  // dropped while it was built
    }
    auto filled = DocumentWriter(unit, family_, **found).fill(*info, ids);
    return filled ? unit.commit(options) : filled;
  }

  [[nodiscard]] Result<void> check_built(const std::string& name, const std::string& index) {
    const Snapshot snapshot = db_->snapshot();
    txn::View view(&snapshot);
    auto found = require(view, name);
    if (!found) {
      return propagate(std::move(found));
    }
    const IndexInfo* info = (*found)->find_index(index);
    if (info == nullptr) {
      return no_index(name, index);
    }
    auto report = DocumentChecker(view, family_, **found).check({info});
    if (!report) {
      return propagate(std::move(report));
    }
    if (!report->good()) {
      return fail(ErrorCode::corruption, "collection '", name,
                  "': the new index does not agree: ", report->problems.front());
    }
    return {};
  }

  Db* db_;
  txn::KeyLocks* locks_;
  Family family_;
  CatalogCache cache_;
  std::mutex building_mutex_;
  std::set<std::string> building_;
};

}  // namespace strata::store::detail
