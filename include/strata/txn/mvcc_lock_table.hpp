// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Locks on keys and on ranges of keys, held to the end of a transaction, without deadlock.
///
/// Shared and exclusive locks on keys, shared locks on ranges; a range collides with an exclusive
/// lock on any key inside it, be the key there or not, so that no phantom appears. Wait-die: who
/// holds locks waits for younger holders only, and is told `conflict` where an older one is in the
/// way. Who holds none may wait for anybody, as nobody can be waiting for it. Newcomers do not
/// overtake an older one that waits, so that the oldest always gets on. (Rosenkrantz, Stearns,
/// Lewis, "System level concurrency control for distributed database systems", 1978; Eswaran, Gray,
/// Lorie, Traiger, "The notions of consistency and predicate locks", 1976.)
///
/// Threads: all calls concurrent; a holder belongs to one thread at a time. One mutex guards the
/// table, and one condition wakes all that wait: this is for transactions, not for spin loops.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>

namespace strata::mvcc {

class LockTable {
  using Age = std::uint64_t;  // less is older; 0 is nobody

  struct Locks {
    Age exclusive = 0;
    std::vector<Age> sharers;
  };
  using Keys = std::map<std::string, Locks, std::less<>>;

  struct Range {
    Age age;
    std::string first;
    std::optional<std::string> last;
  };

  struct Request {
    Age age;
    std::string_view first;
    std::optional<std::string_view> last;
    bool is_range;
    bool exclusive;
  };

 public:
  /// The locks of one transaction; gives them back when it goes. Movable.
  class Holder {
   public:
    /// `age`: of this transaction alone; less is older.
    Holder(LockTable& table, std::uint64_t age) noexcept : table_(&table), age_(age) {}
    Holder(Holder&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          age_(other.age_),
          keys_(std::exchange(other.keys_, {})),
          ranges_(std::exchange(other.ranges_, 0)) {}
    Holder& operator=(Holder&&) = delete;
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() { release(); }

    [[nodiscard]] Result<void> share(std::string_view key) {
      return table_->acquire(*this, {age_, key, std::nullopt, false, false}, true);
    }
    /// `wait` false: `conflict` where it is not free at once.
    [[nodiscard]] Result<void> own(std::string_view key, bool wait = true) {
      return table_->acquire(*this, {age_, key, std::nullopt, false, true}, wait);
    }
    [[nodiscard]] Result<void> share_range(std::string_view first,
                                           std::optional<std::string_view> last) {
      return table_->acquire(*this, {age_, first, last, true, false}, true);
    }

    void release() noexcept {
      if (table_ != nullptr && !empty()) {
        table_->release(*this);
      }
    }

   private:
    friend class LockTable;
    [[nodiscard]] bool empty() const noexcept { return keys_.empty() && ranges_ == 0; }

    LockTable* table_;
    std::uint64_t age_;
    std::vector<Keys::iterator> keys_;
    std::size_t ranges_ = 0;
  };

  /// `timeout`: of one wait; more than a year counts as a year.
  explicit LockTable(std::chrono::milliseconds timeout) noexcept
      : timeout_(std::min<std::chrono::milliseconds>(timeout, std::chrono::hours(24 * 365))) {}
  LockTable(const LockTable&) = delete;
  LockTable& operator=(const LockTable&) = delete;

  /// How many requests wait at this moment.
  [[nodiscard]] std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  enum class Verdict : std::uint8_t {
    grant,
    wait,
    die
  };

  static bool contains(const Request& range, std::string_view key) noexcept {
    return key >= range.first && (!range.last || key < *range.last);
  }
  static bool collide(const Request& a, const Request& b) noexcept {
    return (a.exclusive || b.exclusive) && (a.is_range   ? contains(a, b.first)
                                            : b.is_range ? contains(b, a.first)
                                                         : a.first == b.first);
  }

  [[nodiscard]] Result<void> acquire(Holder& holder, const Request& want, bool may_wait) {
    std::unique_lock lock(mutex_);
    Verdict verdict = judge(holder, want);
    if (verdict == Verdict::wait && may_wait) {
      verdict = wait(lock, holder, want);
    }
    if (verdict == Verdict::grant) {
      grant(holder, want);
      if (std::any_of(waiting_.begin(), waiting_.end(),
                      [&](const Request* other) { return collide(*other, want); })) {
        freed_.notify_all();  // who waits for a younger one may have to die for this one now
      }
      return {};
    }
    if (verdict == Verdict::die || !may_wait) {
      return fail(ErrorCode::conflict, "key '", want.first,
                  "': locked by another transaction; run this one again");
    }
    return fail(ErrorCode::busy, "key '", want.first,
                "': waited for its lock longer than lock_timeout; run the transaction again");
  }

  [[nodiscard]] Verdict wait(std::unique_lock<std::mutex>& lock, const Holder& holder,
                             const Request& want) {
    const auto deadline = std::chrono::steady_clock::now() + timeout_;
    waiting_.push_back(&want);
    Verdict verdict = Verdict::wait;
    for (bool in_time = true; in_time && verdict == Verdict::wait;) {
      in_time = freed_.wait_until(lock, deadline) == std::cv_status::no_timeout;
      verdict = judge(holder, want);
    }
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &want));
    if (verdict != Verdict::grant) {
      freed_.notify_all();  // younger ones may have waited behind this one only
    }
    return verdict;
  }

  [[nodiscard]] Verdict judge(const Holder& holder, const Request& want) const {
    Verdict verdict = Verdict::grant;
    const auto in_the_way = [&](Age rival) {
      if (rival != 0 && rival != want.age && verdict != Verdict::die) {
        verdict = rival < want.age && !holder.empty() ? Verdict::die : Verdict::wait;
      }
    };
    if (want.is_range) {
      for (auto at = keys_.lower_bound(want.first); at != keys_.end() && contains(want, at->first);
           ++at) {
        in_the_way(at->second.exclusive);
      }
    } else if (const auto at = keys_.find(want.first); at != keys_.end()) {
      const Locks& locks = at->second;
      if (locks.exclusive == want.age ||
          (!want.exclusive && std::count(locks.sharers.begin(), locks.sharers.end(), want.age))) {
        return Verdict::grant;
      }
      in_the_way(locks.exclusive);
      if (want.exclusive) {
        std::for_each(locks.sharers.begin(), locks.sharers.end(), in_the_way);
      }
    }
    if (want.exclusive) {
      for (const Range& range : ranges_) {
        if (want.first >= range.first && (!range.last || want.first < *range.last)) {
          in_the_way(range.age);
        }
      }
    }
    for (const Request* other : waiting_) {
      if (other->age < want.age && collide(*other, want)) {
        in_the_way(other->age);
      }
    }
    return verdict;
  }

  void grant(Holder& holder, const Request& want) {
    if (want.is_range) {
      std::optional<std::string> last;
      if (want.last) {
        last.emplace(*want.last);
      }
      ranges_.push_back({want.age, std::string(want.first), std::move(last)});
      ++holder.ranges_;
      return;
    }
    const auto at = keys_.try_emplace(std::string(want.first)).first;
    Locks& locks = at->second;
    const bool shared =
        std::find(locks.sharers.begin(), locks.sharers.end(), want.age) != locks.sharers.end();
    if (locks.exclusive == want.age || (shared && !want.exclusive)) {
      return;
    }
    if (want.exclusive) {
      locks.exclusive = want.age;
    } else {
      locks.sharers.push_back(want.age);
    }
    if (!shared) {
      holder.keys_.push_back(at);
    }
  }

  void release(Holder& holder) noexcept {
    {
      const std::lock_guard lock(mutex_);
      for (const auto at : holder.keys_) {
        Locks& locks = at->second;
        std::erase(locks.sharers, holder.age_);
        locks.exclusive = locks.exclusive == holder.age_ ? 0 : locks.exclusive;
        if (locks.exclusive == 0 && locks.sharers.empty()) {
          keys_.erase(at);
        }
      }
      if (holder.ranges_ != 0) {
        std::erase_if(ranges_, [&](const Range& range) { return range.age == holder.age_; });
      }
      holder.keys_.clear();
      holder.ranges_ = 0;
    }
    freed_.notify_all();
  }

  const std::chrono::milliseconds timeout_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  Keys keys_;
  std::vector<Range> ranges_;
  std::vector<const Request*> waiting_;
};

}  // namespace strata::mvcc
