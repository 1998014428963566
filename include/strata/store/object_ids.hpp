// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where generations and upload ids come from: one counter on disk.

#include <cassert>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include <strata/core/coding.hpp>
#include <strata/core/durability.hpp>
#include <strata/core/error.hpp>
#include <strata/store/object_keys.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>

namespace strata::store::detail {

/// Numbers that are never given twice, across restarts too: they are reserved on disk by the
/// hundred. What a process reserved and did not use is lost. Threads: all calls concurrent.
template <class Db, class Family>
class ObjectIds {
 public:
  ObjectIds(Db& db, txn::KeyLocks& locks, Family family)
      : db_(&db), locks_(&locks), family_(family) {}

  /// Requires: the thread has no unit.
  [[nodiscard]] Result<std::uint64_t> next() {
    const std::lock_guard lock(mutex_);
    if (next_ == end_) {
      const std::string key = ObjectKeys::next_id();
      auto unit = txn::Unit<Db>::single(*db_, *locks_, {txn::LockKey(family_.id(), key)});
      auto reserved = reserve(unit, reserved_at_once);
      if (!reserved) {
        return reserved;
      }
      // Logged, whatever the database's default: objects that are may rest on it.
      if (auto done = unit.commit({.durability = Durability::buffered}); !done) {
        return propagate(std::move(done));
      }
      next_ = *reserved;
      end_ = next_ + reserved_at_once;
    }
    return next_++;
  }
  /// One for a unit of the caller's, who holds everything.
  [[nodiscard]] Result<std::uint64_t> next(txn::Unit<Db>& unit) {
    assert(unit.is_exclusive() && "ids within a unit need an exclusive one");
    return reserve(unit, 1);
  }

 private:
  [[nodiscard]] Result<std::uint64_t> reserve(txn::Unit<Db>& unit, std::uint64_t count) {
    const std::string key = ObjectKeys::next_id();
    auto stored = unit.get(family_, key);
    if (!stored) {
      return propagate(std::move(stored));
    }
    std::uint64_t next = 1;
    if (*stored && !Decoder(**stored).take_fixed(next)) {
      return fail(ErrorCode::corruption, "the object store's next id has ",
                  std::to_string((*stored)->size()), " bytes; restore a backup");
    }
    std::string after;
    put_fixed(after, next + count);
    unit.put(family_, key, after);
    return next;
  }

  static constexpr std::uint64_t reserved_at_once = 256;

  Db* db_;
  txn::KeyLocks* locks_;
  Family family_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace strata::store::detail
