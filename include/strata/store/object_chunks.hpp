// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Runs of chunks: how the bytes of an object come in and go out in constant memory.
///
/// A run is written once, under a generation that nobody else has. What does not fit in one commit
/// goes ahead of the head in commits of its own, and a *pending* mark goes with the first of them:
/// the commit that publishes the run removes the mark, and a run whose writer died is known by it.
/// Each chunk has its CRC-32C; what is read is checked.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/durability.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/options.hpp>
#include <strata/store/object_keys.hpp>
#include <strata/store/object_record.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

inline constexpr std::size_t checksum_bytes = 4;

[[nodiscard]] inline std::string encode_chunk(std::string_view bytes) {
  std::string value;
  value.reserve(checksum_bytes + bytes.size());
  put_fixed(value, checksum::Crc32c::compute(bytes));
  return value.append(bytes);
}
/// Whether a stored value is a chunk of `size` bytes, undamaged.
[[nodiscard]] inline bool is_chunk(std::string_view stored, std::uint64_t size) {
  std::uint32_t expected = 0;
  return stored.size() == checksum_bytes + size && Decoder(stored).take_fixed(expected) &&
         checksum::Crc32c::compute(stored.substr(checksum_bytes)) == expected;
}

template <class Db, class Family>
void put_chunk(txn::Unit<Db>& unit, const Family& family, Generation generation,
               std::uint32_t number, std::string_view bytes) {
  unit.put(family, ObjectKeys::chunk(generation, number), encode_chunk(bytes));
}
/// A whole run as part of a unit.
template <class Db, class Family>
[[nodiscard]] Run put_run(txn::Unit<Db>& unit, const Family& family, Generation generation,
                          std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view chunk = rest.substr(0, chunk_bytes);
    put_chunk(unit, family, generation, number++, chunk);
    rest.remove_prefix(chunk.size());
  }
  return {generation, bytes.size()};
}
template <class Db, class Family>
void erase_run(txn::Unit<Db>& unit, const Family& family, Generation generation) {
  const auto range = ObjectKeys::chunks(generation);
  unit.erase_range(family, range.first, *range.last);
}

/// Erases the runs whose writers died; how many. Requires: the unit is exclusive.
template <class Db, class Family>
[[nodiscard]] Result<std::uint64_t> erase_abandoned(txn::Unit<Db>& unit, const Family& family) {
  std::vector<Generation> abandoned;
  auto done =
      unit.scan(family, ObjectKeys::pendings(), [&](std::string_view key, std::string_view) {
        return ObjectKeys::decode_pending(key, abandoned.emplace_back());
      });
  if (!done) {
    return propagate(std::move(done));
  }
  for (const Generation generation : abandoned) {
    erase_run(unit, family, generation);
    unit.erase(family, ObjectKeys::pending(generation));
  }
  return std::uint64_t{abandoned.size()};
}

/// Writes one run. It is discarded unless `seal` was called and its unit committed.
template <class Db, class Family>
class RunWriter {
 public:
  /// `options`: of the commit that will publish the run.
  RunWriter(Db& db, txn::KeyLocks& locks, Family family, Generation generation,
            const WriteOptions& options)
      : db_(&db),
        locks_(&locks),
        family_(family),
        generation_(generation),
        ahead_(ahead_of(options)) {}
  RunWriter(RunWriter&& other) noexcept
      : db_(other.db_),
        locks_(other.locks_),
        family_(other.family_),
        generation_(other.generation_),
        ahead_(other.ahead_),
        staged_(std::move(other.staged_)),
        chunks_(other.chunks_),
        is_pending_(std::exchange(other.is_pending_, false)) {}
  RunWriter& operator=(RunWriter&&) = delete;
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;
  ~RunWriter() { discard(); }

  /// Requires: the thread has no unit. Errors: the database's, conflict (see `check_mark`).
  [[nodiscard]] Result<void> append(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t taken = std::min(bytes.size(), staged_bytes_max - staged_.size());
      staged_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (staged_.size() == staged_bytes_max && !bytes.empty()) {
        if (auto done = commit_staged(); !done) {
          return done;
        }
      }
    }
    return {};
  }

  /// The rest of the run becomes part of `unit`. Errors: the database's, conflict.
  [[nodiscard]] Result<Run> seal(txn::Unit<Db>& unit) {
    if (is_pending_) {
      if (auto alive = check_mark(unit); !alive) {
        return propagate(std::move(alive));
      }
      unit.erase(family_, ObjectKeys::pending(generation_));
    }
    const std::uint64_t size = std::uint64_t{chunks_} * chunk_bytes + staged_.size();
    stage_into(unit);
    return Run{generation_, size};
  }
  /// The unit that sealed the run was committed, or may have been: its chunks stay.
  void keep() noexcept { is_pending_ = false; }

 private:
  void stage_into(txn::Unit<Db>& unit) {
    for (std::string_view rest = staged_; !rest.empty();) {
      const std::string_view chunk = rest.substr(0, chunk_bytes);
      put_chunk(unit, family_, generation_, chunks_++, chunk);
      rest.remove_prefix(chunk.size());
    }
    staged_.clear();
  }
  /// Whoever removes abandoned runs takes the mark too; a run without it lacks chunks.
  [[nodiscard]] Result<void> check_mark(txn::Unit<Db>& unit) {
    auto mark = unit.get(family_, ObjectKeys::pending(generation_));
    if (!mark) {
      return propagate(std::move(mark));
    }
    if (!*mark) {
      return fail(ErrorCode::conflict,
                  "the bytes written so far were removed as abandoned; write them again, and call "
                  "remove_abandoned only while nobody writes");
    }
    return {};
  }
  [[nodiscard]] Result<void> commit_staged() {
    const std::string mark = ObjectKeys::pending(generation_);
    auto unit = txn::Unit<Db>::single(*db_, *locks_, {txn::LockKey(family_.id(), mark)});
    if (is_pending_) {
      if (auto alive = check_mark(unit); !alive) {
        return alive;
      }
    } else {
      unit.put(family_, mark, "");
      is_pending_ = true;
    }
    stage_into(unit);
    return unit.commit(ahead_);
  }
  /// Best effort: what stays is known by its mark.
  void discard() {
    if (!is_pending_) {
      return;
    }
    const std::string mark = ObjectKeys::pending(generation_);
    auto unit = txn::Unit<Db>::single(*db_, *locks_, {txn::LockKey(family_.id(), mark)});
    erase_run(unit, family_, generation_);
    unit.erase(family_, mark);
    (void)unit.commit();
  }

  /// Chunks must survive whatever the head survives. Where that is synced they need not be: it
  /// comes behind them in the log, and takes them along.
  [[nodiscard]] static WriteOptions ahead_of(WriteOptions options) noexcept {
    if (options.durability == Durability::synced) {
      options.durability = Durability::buffered;
    }
    return options;
  }

  /// Of one commit: enough that its costs do not show, little enough to keep in memory.
  static constexpr std::size_t staged_bytes_max = 4 * chunk_bytes;

  Db* db_;
  txn::KeyLocks* locks_;
  Family family_;
  Generation generation_;
  WriteOptions ahead_;
  std::string staged_;
  std::uint32_t chunks_ = 0;  ///< that left `staged_`
  bool is_pending_ = false;
};

/// Reads runs in pieces of any size. Keeps the chunk that it read last, so that small pieces in
/// order cost one look-up a chunk. Threads: one at a time.
template <class Family>
class RunReader {
 public:
  RunReader(txn::View view, Family family) : view_(view), family_(family) {}

  /// Calls `take(bytes)` with the bytes [first, first + length) of the runs, piece by piece.
  /// Errors: the database's, corruption.
  template <class Take>
  [[nodiscard]] Result<void> read(const std::vector<Run>& runs, std::uint64_t first,
                                  std::uint64_t length, Take&& take) {
    for (const Run& run : runs) {
      if (first >= run.size) {
        first -= run.size;
        continue;
      }
      while (length > 0 && first < run.size) {
        auto chunk = get(run, static_cast<std::uint32_t>(first / chunk_bytes));
        if (!chunk) {
          return propagate(std::move(chunk));
        }
        const auto piece =
            chunk->substr(static_cast<std::size_t>(first % chunk_bytes),
                          static_cast<std::size_t>(std::min<std::uint64_t>(length, chunk_bytes)));
        take(piece);
        first += piece.size();
        length -= piece.size();
      }
      first = 0;
    }
    return {};
  }

 private:
  /// The bytes of one chunk, checked.
  [[nodiscard]] Result<std::string_view> get(const Run& run, std::uint32_t number) {
    std::string key = ObjectKeys::chunk(run.generation, number);
    if (key != key_) {
      key_.clear();
      auto value = view_.get(family_, key);
      if (!value) {
        return propagate(std::move(value));
      }
      const std::uint64_t size =
          std::min<std::uint64_t>(chunk_bytes, run.size - std::uint64_t{number} * chunk_bytes);
      if (!*value || !is_chunk(**value, size)) {
        return fail(ErrorCode::corruption, "chunk ", std::to_string(number), " of generation ",
                    std::to_string(run.generation), *value ? " is damaged" : " is missing",
                    "; restore a backup");
      }
      stored_ = std::move(**value);
      key_ = std::move(key);
    }
    return std::string_view(stored_).substr(checksum_bytes);
  }

  txn::View view_;
  Family family_;
  std::string key_;  // of the chunk in `stored_`; empty: none
  std::string stored_;
};

}  // namespace strata::store::detail
