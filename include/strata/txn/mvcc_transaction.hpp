// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A transaction of an `mvcc::Store`: reads, buffered writes, savepoints, commit.
///
/// It sees its own writes; others see them when it has committed, all at once. An error other than
/// `invalid_argument`, `read_only` and a bad savepoint ends it: everything is given back at once,
/// and later calls get `closed`. `restart` begins it anew with the age of the first try, so that
/// under `TwoPhase` it is the oldest in the end and gets through. Destroyed before commit: rolled
/// back.
///
/// Threads: one at a time. The store must outlive it. Tested: tests/txn/mvcc_store_test.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_snapshots.hpp>
#include <strata/txn/mvcc_write_set.hpp>

namespace strata::mvcc {

struct KeyValue {
  std::string key;
  std::string value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

namespace detail {

/// What `scan` of an index without order says.
template <class Table>
constexpr void require_order() {
  static_assert(Table::ordered,
                "mvcc: scan needs keys in order; compose the store with mvcc::index::Ordered");
}

}  // namespace detail

template <class Core>
class Transaction {
  using Control = typename Core::ControlPolicy;
  using Session = typename Core::Session;
  using Last = std::optional<std::string_view>;

 public:
  Transaction(Core& core, Isolation level, bool may_write)
      : core_(&core), age_(core.next_age()), level_(level), may_write_(may_write) {
    start();
  }
  Transaction(Transaction&& other) noexcept
      : core_(other.core_),
        age_(other.age_),
        level_(other.level_),
        may_write_(other.may_write_),
        pin_(std::move(other.pin_)),
        session_(std::move(other.session_)),
        writes_(std::move(other.writes_)) {
    other.session_.reset();
  }
  Transaction& operator=(Transaction&& other) noexcept {
    if (this != &other) {
      rollback();
      core_ = other.core_;
      age_ = other.age_;
      level_ = other.level_;
      may_write_ = other.may_write_;
      pin_ = std::move(other.pin_);
      writes_ = std::move(other.writes_);
      if (other.session_) {
        session_.emplace(std::move(*other.session_));
        other.session_.reset();
      }
    }
    return *this;
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() { rollback(); }

  /// Whether it can still be used: neither committed nor rolled back.
  [[nodiscard]] bool open() const noexcept { return session_.has_value(); }

  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) {
    if (!open()) {
      return closed("get");
    }
    if (const auto* own = writes_.find(key); own != nullptr) {
      return *own;
    }
    if (auto allowed = session_->on_read(key); !allowed) {
      return give_up(std::move(allowed));
    }
    return Control::reads_latest(level_) ? core_->find_latest(key)
                                         : core_->table().find(key, pin_.sequence());
  }

  /// `fn(key, value) -> bool` for the keys in [first, last), ascending, while it returns true. All
  /// from `first` on where `last` is absent. `fn` must not write to this transaction.
  template <class Fn>
  [[nodiscard]] Result<void> scan(std::string_view first, Last last, Fn&& fn) {
    detail::require_order<typename Core::Table>();
    if (!open()) {
      return closed("scan");
    }
    if (auto allowed = session_->on_scan(first, last); !allowed) {
      return give_up(std::move(allowed));
    }
    if (Control::reads_latest(level_)) {
      const auto now = core_->snapshots().pin();
      merge(first, last, now.sequence(), fn);
    } else {
      merge(first, last, pin_.sequence(), fn);
    }
    return {};
  }

  [[nodiscard]] Result<std::vector<KeyValue>> scan(std::string_view first,
                                                   Last last = std::nullopt) {
    std::vector<KeyValue> found;
    auto done = scan(first, last, [&](std::string_view key, std::string_view value) {
      found.push_back({std::string(key), std::string(value)});
      return true;
    });
    if (!done) {
      return propagate(std::move(done));
    }
    return found;
  }

  [[nodiscard]] Result<void> put(std::string_view key, std::string_view value) {
    if (value.size() > value_bytes_max) {
      return fail(ErrorCode::invalid_argument, "put: value of more than 1 GiB; split it");
    }
    return write("put", key, std::string(value));
  }

  /// Like a write of "absent", on keys that are not there too.
  [[nodiscard]] Result<void> erase(std::string_view key) {
    return write("erase", key, std::nullopt);
  }

  [[nodiscard]] Savepoint savepoint() { return writes_.savepoint(); }

  /// Undoes the writes since; what was read stays read, and what was locked stays locked.
  [[nodiscard]] Result<void> rollback_to(Savepoint savepoint) {
    if (!open()) {
      return closed("rollback_to");
    }
    if (!writes_.rollback_to(savepoint)) {
      return fail(ErrorCode::invalid_argument,
                  "rollback_to: no such savepoint; it was set after one that was rolled back to");
    }
    return {};
  }

  /// The sequence under which others see the writes; where there are none, a state that was read.
  [[nodiscard]] Result<Sequence> commit() {
    if (!open()) {
      return closed("commit");
    }
    Result<Sequence> committed =
        Control::reads_latest(level_) ? core_->snapshots().last_committed() : pin_.sequence();
    if (!writes_.map().empty()) {
      committed = core_->commit(*session_, writes_.take(), pin_);
      if (!committed) {
        return give_up(std::move(committed));
      }
    }
    finish();
    return committed;
  }

  void rollback() noexcept {
    if (open()) {
      core_->count_abort(false);
      finish();
    }
  }

  /// Rolls back what there is, and begins again: same level, same age, a new snapshot.
  void restart() {
    rollback();
    start();
  }

 private:
  void start() {
    if (!Control::reads_latest(level_)) {
      pin_ = core_->snapshots().pin();
    }
    session_.emplace(core_->session(level_, age_));
  }

  void finish() noexcept {
    writes_.clear();
    pin_.release();
    session_.reset();
  }

  template <class T>
  tl::unexpected<Error> give_up(Result<T>&& failed) {
    core_->count_abort(true);
    finish();
    return propagate(std::move(failed));
  }

  static tl::unexpected<Error> closed(std::string_view call) {
    return fail(ErrorCode::closed, call,
                ": the transaction has ended; begin another one, or restart() it");
  }

  [[nodiscard]] Result<void> write(std::string_view call, std::string_view key,
                                   WriteSet::Value value) {
    if (!open()) {
      return closed(call);
    }
    if (!may_write_) {
      return fail(ErrorCode::read_only, call,
                  ": the transaction was begun as read_only; begin one that may write");
    }
    if (key.size() > key_bytes_max) {
      return fail(ErrorCode::invalid_argument, call, ": key of more than 64 KiB; shorten it");
    }
    if (auto allowed = session_->on_write(key, core_->table(), pin_.sequence()); !allowed) {
      return give_up(std::move(allowed));
    }
    writes_.write(key, std::move(value));
    return {};
  }

  /// The table as of `at` with the own writes laid over it.
  template <class Fn>
  void merge(std::string_view first, Last last, Sequence at, Fn& fn) const {
    auto own = writes_.map().lower_bound(first);
    const auto end = writes_.map().end();
    bool more = true;
    const auto own_up_to = [&](Last key) {
      for (; more && own != end && (!key || std::string_view(own->first) < *key); ++own) {
        more = !own->second || fn(std::string_view(own->first), std::string_view(*own->second));
      }
    };
    core_->table().scan(first, last, at, [&](std::string_view key, std::string_view value) {
      own_up_to(key);
      if (more && (own == end || own->first != key)) {
        more = fn(key, value);
      }
      return more;
    });
    own_up_to(last);
  }

  Core* core_;
  std::uint64_t age_;
  Isolation level_;
  bool may_write_;
  Snapshots::Pin pin_;
  std::optional<Session> session_;  // none: ended
  WriteSet writes_;
};

}  // namespace strata::mvcc
