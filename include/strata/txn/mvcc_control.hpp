// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What transactions that overlap may do: `control::Optimistic`, `FirstCommitterWins`, `TwoPhase`.
///
/// | policy               | levels         | a conflict shows         | who waits                |
/// |----------------------|----------------|--------------------------|--------------------------|
/// | `Optimistic`         | all            | at commit                | nobody                   |
/// | `FirstCommitterWins` | up to snapshot | at commit or the write   | nobody                   |
/// | `TwoPhase`           | all            | at the read or the write | writers; at serializable |
/// |                      |                |                          | readers too              |
///
/// A `Session` is the part of a transaction, and is called like this; an error ends the
/// transaction:
///
/// | call                              | when                                                    |
/// |-----------------------------------|---------------------------------------------------------|
/// | `on_read(key)`, `on_scan(range)`  | before a read of what the transaction did not write     |
/// | `on_write(key, table, as_of)`     | before a put or an erase                                |
/// | `validate(table, writes, as_of)`  | at commit, alone: what it finds holds until installed   |
///
/// `as_of` is the transaction's snapshot. Optimistic validation is by version and never by value,
/// of keys read, ranges scanned and keys written, absent ones too: Kung, Robinson, "On optimistic
/// methods for concurrency control", 1981; first committer wins: Berenson et al., "A critique of
/// ANSI SQL isolation levels", 1995. Tested with every composition: tests/txn/mvcc_store_test.cpp
/// and tests/txn/mvcc_anomaly_test.cpp.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_lock_table.hpp>
#include <strata/txn/mvcc_write_set.hpp>

namespace strata::mvcc {

namespace detail {

inline tl::unexpected<Error> conflict_on(std::string_view key) {
  return fail(ErrorCode::conflict, "key '", key,
              "': changed by a transaction that committed since this one began; run it again");
}

template <class Table>
[[nodiscard]] Result<void> check_unchanged(const Table& table, std::string_view key,
                                           Sequence as_of) {
  if (table.newest(key) > as_of) {
    return conflict_on(key);
  }
  return {};
}

template <class Table>
[[nodiscard]] Result<void> check_writes(const Table& table, const WriteSet::Map& writes,
                                        Sequence as_of) {
  for (const auto& [key, value] : writes) {
    if (table.newest(key) > as_of) {
      return conflict_on(key);
    }
  }
  return {};
}

}  // namespace detail

namespace control {

/// Nothing is locked; at commit, what was read and written must be unchanged. The default.
struct Optimistic {
  using policy_slot = concurrency_slot;
  static constexpr std::string_view name = "optimistic";
  static constexpr Isolation strongest = Isolation::serializable;
  [[nodiscard]] static constexpr bool reads_latest(Isolation level) noexcept {
    return level == Isolation::read_committed;
  }

  struct Shared {
    explicit Shared(const NoOptions&) noexcept {}
  };

  class Session {
   public:
    Session(Shared&, Isolation level, std::uint64_t) noexcept : level_(level) {}

    [[nodiscard]] Result<void> on_read(std::string_view key) {
      if (level_ == Isolation::serializable) {
        reads_.emplace(key);
      }
      return {};
    }
    [[nodiscard]] Result<void> on_scan(std::string_view first,
                                       std::optional<std::string_view> last) {
      if (level_ == Isolation::serializable) {
        ranges_.emplace_back(std::string(first), last ? std::optional<std::string>(*last)
                                                      : std::optional<std::string>());
      }
      return {};
    }
    template <class Table>
    [[nodiscard]] Result<void> on_write(std::string_view, const Table&, Sequence) noexcept {
      return {};
    }

    template <class Table>
    [[nodiscard]] Result<void> validate(const Table& table, const WriteSet::Map& writes,
                                        Sequence as_of) const {
      if (level_ == Isolation::read_committed) {
        return {};
      }
      for (const std::string& key : reads_) {
        if (table.newest(key) > as_of) {
          return detail::conflict_on(key);
        }
      }
      if constexpr (Table::ordered) {
        for (const auto& [first, last] : ranges_) {
          if (table.changed_since(first, last, as_of)) {
            return fail(ErrorCode::conflict, "the range from key '", first,
                        "': changed since this transaction scanned it; run it again");
          }
        }
      }
      return detail::check_writes(table, writes, as_of);
    }

   private:
    Isolation level_;
    std::unordered_set<std::string> reads_;
    std::vector<std::pair<std::string, std::optional<std::string>>> ranges_;
  };
};

/// When `FirstCommitterWins` speaks up.
enum class Report : std::uint8_t {
  at_commit,  ///< No write ever fails; the second to commit does.
  at_write,   ///< A write fails at once where another live or later transaction wrote the key.
};

/// Snapshot isolation: reads never conflict, of two writers of a key one commits.
struct FirstCommitterWins {
  using policy_slot = concurrency_slot;
  static constexpr std::string_view name = "first_committer_wins";
  static constexpr Isolation strongest = Isolation::snapshot;
  [[nodiscard]] static constexpr bool reads_latest(Isolation level) noexcept {
    return level == Isolation::read_committed;
  }

  struct Options {
    Report report = Report::at_commit;
  };

  struct Shared {
    explicit Shared(const Options& options) noexcept
        : report(options.report), locks(std::chrono::milliseconds(0)) {}
    const Report report;
    LockTable locks;  // intents to write, where they are reported at once
  };

  class Session {
   public:
    Session(Shared& shared, Isolation level, std::uint64_t age) noexcept
        : intents_(shared.locks, age),
          level_(level),
          early_(shared.report == Report::at_write && level == Isolation::snapshot) {}

    [[nodiscard]] Result<void> on_read(std::string_view) noexcept { return {}; }
    [[nodiscard]] Result<void> on_scan(std::string_view, std::optional<std::string_view>) noexcept {
      return {};
    }
    template <class Table>
    [[nodiscard]] Result<void> on_write(std::string_view key, const Table& table, Sequence as_of) {
      if (!early_) {
        return {};
      }
      if (auto owned = intents_.own(key, false); !owned) {
        return owned;
      }
      return detail::check_unchanged(table, key, as_of);
    }
    template <class Table>
    [[nodiscard]] Result<void> validate(const Table& table, const WriteSet::Map& writes,
                                        Sequence as_of) const {
      return level_ == Isolation::read_committed ? Result<void>()
                                                 : detail::check_writes(table, writes, as_of);
    }

   private:
    LockTable::Holder intents_;
    Isolation level_;
    bool early_;
  };
};

/// Strict two-phase locking. Writers own their keys until they end, at every level; serializable
/// readers share what they read, ranges too, and see the newest state; readers at lower levels take
/// no locks. A transaction that would have to wait for an older one gets `conflict` (wait-die).
struct TwoPhase {
  using policy_slot = concurrency_slot;
  static constexpr std::string_view name = "two_phase";
  static constexpr Isolation strongest = Isolation::serializable;
  [[nodiscard]] static constexpr bool reads_latest(Isolation level) noexcept {
    return level != Isolation::snapshot;
  }

  struct Options {
    /// How long a transaction waits for one lock before it gets `busy`.
    std::chrono::milliseconds lock_timeout{1000};
  };

  struct Shared {
    explicit Shared(const Options& options) noexcept : locks(options.lock_timeout) {}
    LockTable locks;
  };

  class Session {
   public:
    Session(Shared& shared, Isolation level, std::uint64_t age) noexcept
        : locks_(shared.locks, age), level_(level) {}

    [[nodiscard]] Result<void> on_read(std::string_view key) {
      return level_ == Isolation::serializable ? locks_.share(key) : Result<void>();
    }
    [[nodiscard]] Result<void> on_scan(std::string_view first,
                                       std::optional<std::string_view> last) {
      return level_ == Isolation::serializable ? locks_.share_range(first, last) : Result<void>();
    }
    template <class Table>
    [[nodiscard]] Result<void> on_write(std::string_view key, const Table& table, Sequence as_of) {
      auto owned = locks_.own(key);
      return owned && level_ == Isolation::snapshot ? detail::check_unchanged(table, key, as_of)
                                                    : owned;
    }
    template <class Table>
    [[nodiscard]] Result<void> validate(const Table&, const WriteSet::Map&,
                                        Sequence) const noexcept {
      return {};  // what the locks cover can not have changed
    }

   private:
    LockTable::Holder locks_;
    Isolation level_;
  };
};

static_assert(ConcurrencyPolicy<Optimistic>);
static_assert(ConcurrencyPolicy<FirstCommitterWins>);
static_assert(ConcurrencyPolicy<TwoPhase>);

}  // namespace control
}  // namespace strata::mvcc
