// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a transaction wrote and nobody else may see yet, with savepoints.
///
/// Keys in order, so that scans merge it. While a savepoint is set, each write remembers what it
/// replaced; `rollback_to` undoes them backwards. Threads: one at a time.
/// Tested in transactions: tests/txn/mvcc_store_test.cpp.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::mvcc {

/// A place in a transaction to go back to. Of that transaction only.
struct Savepoint {
  std::uint64_t id;
};

class WriteSet {
 public:
  /// None: the key is erased.
  using Value = std::optional<std::string>;
  using Map = std::map<std::string, Value, std::less<>>;

  void write(std::string_view key, Value value) {
    const auto at = map_.lower_bound(key);
    const bool present = at != map_.end() && at->first == key;
    if (!savepoints_.empty()) {
      undo_.push_back({std::string(key), present, present ? at->second : Value()});
    }
    if (present) {
      at->second = std::move(value);
    } else {
      map_.emplace_hint(at, std::string(key), std::move(value));
    }
  }

  /// Null: not written here. Points to none: erased here.
  [[nodiscard]] const Value* find(std::string_view key) const {
    const auto at = map_.find(key);
    return at == map_.end() ? nullptr : &at->second;
  }

  [[nodiscard]] const Map& map() const noexcept { return map_; }
  [[nodiscard]] Map take() noexcept { return std::exchange(map_, Map{}); }

  [[nodiscard]] Savepoint savepoint() {
    savepoints_.push_back({++last_id_, undo_.size()});
    return {last_id_};
  }

  /// Undoes all writes since; the savepoint stays, those set after it are gone. False: it is gone.
  [[nodiscard]] bool rollback_to(Savepoint savepoint) {
    std::size_t depth = savepoints_.size();
    while (depth > 0 && savepoints_[depth - 1].id != savepoint.id) {
      --depth;
    }
    if (depth == 0) {
      return false;
    }
    savepoints_.resize(depth);
    for (; undo_.size() > savepoints_.back().undo_size; undo_.pop_back()) {
      auto& [key, present, before] = undo_.back();
      const auto at = map_.find(key);
      if (present) {
        at->second = std::move(before);
      } else {
        map_.erase(at);
      }
    }
    return true;
  }

  void clear() noexcept {
    map_.clear();
    undo_.clear();
    savepoints_.clear();
  }

 private:
  struct Undo {
    std::string key;
    bool present;  // whether the key was in the set
    Value before;
  };
  struct Mark {
    std::uint64_t id = 0;
    std::size_t undo_size = 0;
  };

  Map map_;
  std::vector<Undo> undo_;
  std::vector<Mark> savepoints_;
  std::uint64_t last_id_ = 0;
};

}  // namespace strata::mvcc
