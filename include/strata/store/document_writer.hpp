// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Changes documents together with their index entries, inside a unit of work.
///
/// One rule keeps them in agreement: whoever changes a document owns its key, reads the old one,
/// takes out the entries that it had and puts in those that the new one has, in the same batch. A
/// unique entry is claimed by its own key before it is checked, so that of two documents that want
/// the same value one waits, and then sees the other. The catalog only changes in exclusive units:
/// it stands still for as long as any unit lives. Tested through the store:
/// tests/store/document_index_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/document_catalog.hpp>
#include <strata/store/document_index.hpp>
#include <strata/store/document_value.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

/// A change to one document: its key, and what it must become given what it is (null: absent).
template <class Unit, class Family>
class DocumentWriter {
 public:
  DocumentWriter(Unit& unit, const Family& family, const Collection& collection)
      : unit_(&unit), family_(&family), collection_(&collection) {}

  /// `make(const ValueRef* old) -> Result<std::optional<StoredValue>>`; none: erased. It may be
  /// called again where the document changed before its keys were owned.
  /// Errors: `conflict` for a value that a unique index has for another document; those of `make`.
  template <class Make>
  [[nodiscard]] Result<void> change(std::string_view id, Make&& make) {
    const std::string key = document_key(collection_->id, id);
    const txn::LockKey own[] = {txn::LockKey(family_->id(), key)};
    static_cast<void>(unit_->claim(own));  // nothing was read yet
    for (;;) {
      auto old_bytes = unit_->get(*family_, key);
      if (!old_bytes) {
        return propagate(std::move(old_bytes));
      }
      std::optional<ValueRef> old;
      if (*old_bytes) {
        auto parsed = parse_stored(**old_bytes);
        if (!parsed) {
          return propagate(std::move(parsed));
        }
        old = *parsed;
      }
      Result<std::optional<StoredValue>> fresh = make(old ? &*old : nullptr);
      if (!fresh) {
        return propagate(std::move(fresh));
      }
      Changes changes;
      const ValueRef root = *fresh ? (*fresh)->root() : ValueRef();
      auto compared = compare(id, old ? &*old : nullptr, *fresh ? &root : nullptr, changes);
      if (!compared) {
        return compared;
      }
      if (!unit_->claim(changes.claims)) {
        continue;
      }
      if (auto free = check_unique(id, changes); !free) {
        return free;
      }
      if (auto applied = apply(id, changes); !applied) {
        return applied;
      }
      if (*fresh) {
        unit_->put(*family_, key, (*fresh)->bytes());
      } else if (old) {
        unit_->erase(*family_, key);
      }
      return {};
    }
  }

  /// Puts the entries of one index for documents that are there already. A document that vanished
  /// meanwhile has none; one that changed has those of its new form.
  [[nodiscard]] Result<void> fill(const IndexInfo& index, const std::vector<std::string>& ids) {
    std::vector<txn::LockKey> claims;
    for (const auto& id : ids) {
      claims.emplace_back(family_->id(), document_key(collection_->id, id));
    }
    static_cast<void>(unit_->claim(claims));
    for (;;) {
      std::vector<Changes> all(ids.size());
      claims.clear();
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (auto added = entries_to_fill(index, ids[i], all[i]); !added) {
          return added;
        }
        claims.insert(claims.end(), all[i].claims.begin(), all[i].claims.end());
      }
      if (!unit_->claim(claims)) {
        continue;
      }
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (auto free = check_unique(ids[i], all[i]); !free) {
          return free;
        }
        if (auto applied = apply(ids[i], all[i]); !applied) {
          return applied;
        }
      }
      return {};
    }
  }

 private:
  struct Entry {
    const IndexInfo* index;
    std::string key;
    std::string value;
  };
  struct Changes {
    std::vector<Entry> erased;
    std::vector<Entry> added;
    std::vector<std::string> flags;
    std::vector<txn::LockKey> claims;
  };

  void add(const IndexInfo& index, std::string_view id, const IndexKeys& keys,
           const IndexKeys& old_keys, Changes& changes) const {
    for (const auto& fields : keys.keys) {
      if (std::binary_search(old_keys.keys.begin(), old_keys.keys.end(), fields)) {
        continue;
      }
      Entry entry{&index, entry_key(collection_->id, index, fields, id),
                  index.unique ? std::string(id) : std::string()};
      if (index.unique) {
        changes.claims.emplace_back(family_->id(), entry.key);
      }
      changes.added.push_back(std::move(entry));
    }
    for (std::size_t i = 0; i < index.fields.size(); ++i) {
      if ((keys.several_values & ~old_keys.several_values) >> i & 1) {
        changes.flags.push_back(several_values_key(collection_->id, index.id, i));
      }
    }
  }

  [[nodiscard]] Result<void> compare(std::string_view id, const ValueRef* old,
                                     const ValueRef* fresh, Changes& changes) const {
    for (const auto& index : collection_->indexes) {
      Result<IndexKeys> old_keys = old != nullptr ? index_keys(index, *old) : IndexKeys{};
      Result<IndexKeys> new_keys = fresh != nullptr ? index_keys(index, *fresh) : IndexKeys{};
      if (!new_keys) {
        return propagate(std::move(new_keys));
      }
      if (!old_keys) {
        // Only while an index is built that the old document does not fit: it has no entries.
        old_keys = IndexKeys{};
      }
      for (const auto& fields : old_keys->keys) {
        if (!std::binary_search(new_keys->keys.begin(), new_keys->keys.end(), fields)) {
          changes.erased.push_back({&index, entry_key(collection_->id, index, fields, id), ""});
          if (may_be_anothers(index)) {
            changes.claims.emplace_back(family_->id(), changes.erased.back().key);
          }
        }
      }
      // Where the index is being built the old entries may be missing: the build puts them.
      add(index, id, *new_keys, *old_keys, changes);
    }
    return {};
  }

  [[nodiscard]] Result<void> entries_to_fill(const IndexInfo& index, const std::string& id,
                                             Changes& changes) {
    auto bytes = unit_->get(*family_, document_key(collection_->id, id));
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    if (!*bytes) {
      return {};
    }
    auto document = parse_stored(**bytes);
    if (!document) {
      return propagate(std::move(document));
    }
    auto keys = index_keys(index, *document);
    if (!keys) {
      return propagate(std::move(keys));
    }
    add(index, id, *keys, IndexKeys{}, changes);
    return {};
  }

  /// Requires: the unit owns the keys of all unique entries that are added.
  [[nodiscard]] Result<void> check_unique(std::string_view id, const Changes& changes) {
    for (const auto& entry : changes.added) {
      if (!entry.index->unique) {
        continue;
      }
      auto holder = unit_->get(*family_, entry.key);
      if (!holder) {
        return propagate(std::move(holder));
      }
      if (*holder && **holder != id) {
        return fail(ErrorCode::conflict, "collection '", collection_->name, "': the unique index '",
                    entry.index->name, "' has this value for another document");
      }
    }
    return {};
  }

  /// While a unique index is built, a document that has no entry yet may have the value of one that
  /// has: the build will fail on it, but until then the entry is the other's.
  [[nodiscard]] static bool may_be_anothers(const IndexInfo& index) noexcept {
    return index.unique && !index.ready;
  }

  [[nodiscard]] Result<void> apply(std::string_view id, const Changes& changes) {
    for (const auto& entry : changes.erased) {
      if (may_be_anothers(*entry.index)) {
        auto holder = unit_->get(*family_, entry.key);
        if (!holder) {
          return propagate(std::move(holder));
        }
        if (!*holder || **holder != id) {
          continue;
        }
      }
      unit_->erase(*family_, entry.key);
    }
    for (const auto& entry : changes.added) {
      unit_->put(*family_, entry.key, entry.value);
    }
    for (const auto& key : changes.flags) {
      auto set = unit_->get(*family_, key);
      if (!set) {
        return propagate(std::move(set));
      }
      if (!*set) {
        unit_->put(*family_, key, "");
      }
    }
    return {};
  }

  Unit* unit_;
  const Family* family_;
  const Collection* collection_;
};

}  // namespace strata::store::detail
