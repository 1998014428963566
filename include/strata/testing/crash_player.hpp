// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Plays scripts of actions on a database of two families, "left" and "right", for the crash
/// battery (testing/crash_battery.hpp).
///
/// Every change writes its number under "#", batches do in both families: half a batch is never
/// taken for a whole one, and no two states of a script are equal.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/durability.hpp>
#include <strata/core/error.hpp>
#include <strata/io/simulated.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/testing/crash_history.hpp>

namespace strata::testing {

/// Two families as one view: "left/key" and "right/key".
template <class Handle>
[[nodiscard]] Result<void> see_family(const Handle& family, std::string_view name, View& view) {
  auto cursor = family.cursor();
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    auto found = family.get(cursor.key());
    if (!found) {
      return propagate(std::move(found));
    }
    if (*found != cursor.value()) {
      return fail(ErrorCode::corruption, "get and cursor differ at ", cursor.key());
    }
    view.emplace(std::string(name) + "/" + std::string(cursor.key()), **found);
  }
  return cursor.status();
}

template <class Db>
class CrashPlayer {
 public:
  using Open = Result<Db> (*)(io::Simulated&);

  CrashPlayer(io::Simulated& fs, Open open, std::uint64_t seed, CrashHistory& story)
      : fs_(fs), open_(open), random_(seed), story_(story), db_(open(fs)) {
    if (!db_) {
      story_.note(fs_, fail(db_.error().code(), "open"));
    }
  }
  CrashPlayer(const CrashPlayer&) = delete;
  CrashPlayer& operator=(const CrashPlayer&) = delete;
  ~CrashPlayer() {
    held_.reset();
    drop_handle();
  }

  [[nodiscard]] bool goes_on() const { return db_ && !fs_.has_crashed(); }

  // What actions are made of.

  [[nodiscard]] io::Simulated& fs() noexcept { return fs_; }
  [[nodiscard]] Db& db() noexcept { return *db_; }
  [[nodiscard]] CrashHistory& story() noexcept { return story_; }
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  /// Of a change, from 1.
  [[nodiscard]] std::string next_number() { return std::to_string(++changes_); }
  [[nodiscard]] std::string key() { return "key" + std::to_string(below(40)); }
  [[nodiscard]] std::string value() {
    const std::size_t size = below(300);
    return std::string(size, static_cast<char>('a' + below(26)));
  }

  /// Makes a change whose outcome is one of: seen, refused, unknown.
  template <class Change>
  void attempt(View next, bool is_synced, Change&& change) {
    story_.attempt(std::move(next));
    story_.conclude(fs_, change(), is_synced);
  }
  /// A call that changes nothing that a reader sees.
  void note(const Result<void>& done) { story_.note(fs_, done); }

  // Actions.

  void write_batch(std::uint64_t operations_most = 6, std::uint64_t synced_of_eight = 2) {
    if (story_.is_over()) {
      return;
    }
    View next = story_.latest();
    WriteBatch batch;
    for (auto n = below(operations_most); n-- > 0;) {
      add_operation(batch, next);
    }
    const std::string number = next_number();
    batch.put(left(), "#", number);
    batch.put(right(), "#", number);
    next["left/#"] = next["right/#"] = number;
    const bool is_synced = below(8) < synced_of_eight;
    const auto durability = is_synced ? Durability::synced : Durability::buffered;
    attempt(std::move(next), is_synced,
            [&] { return db_->write(batch, {.durability = durability}); });
  }
  void erase_range() {
    if (story_.is_over()) {
      return;
    }
    const std::string first = key();
    const std::string last = key();
    View next = story_.latest();
    if (first < last) {
      next.erase(next.lower_bound("left/" + first), next.lower_bound("left/" + last));
    }
    WriteBatch batch;
    batch.erase_range(left(), first, last);
    const std::string number = next_number();
    batch.put(left(), "#", number);
    next["left/#"] = number;
    attempt(std::move(next), false,
            [&] { return db_->write(batch, {.durability = Durability::buffered}); });
  }
  void flush() { note(db_->flush()); }
  void compact() {
    note(below(2) == 0 ? db_->template family<"left">().compact()
                       : db_->template family<"right">().compact());
  }
  void sync() {
    const auto done = db_->sync();
    note(done);
    if (done) {
      story_.acknowledge_sync();
    }
  }
  void hold_or_release_snapshot() {
    if (held_) {
      held_.reset();
    } else {
      held_.emplace(db_->snapshot());
    }
  }
  void reopen() {
    held_.reset();
    if (below(2) == 0) {
      const auto done = db_->close();
      note(done);
      if (done) {
        story_.acknowledge_sync();
      }
    }
    drop_handle();  // before the next one locks the directory
    db_ = open_(fs_);
  }

 private:
  [[nodiscard]] FamilyId left() { return db_->template family<"left">().id(); }
  [[nodiscard]] FamilyId right() { return db_->template family<"right">().id(); }

  void add_operation(WriteBatch& batch, View& next) {
    const bool in_left = below(2) == 0;
    const FamilyId family = in_left ? left() : right();
    const std::string name = in_left ? "left/" : "right/";
    const std::string k = key();
    if (const auto kind = below(8); kind == 0) {
      const std::string last = k + "5";
      batch.erase_range(family, k, last);
      next.erase(next.lower_bound(name + k), next.lower_bound(name + last));
    } else if (kind < 3) {
      batch.erase(family, k);
      next.erase(name + k);
    } else {
      std::string v = value();
      batch.put(family, k, v);
      next[name + k] = std::move(v);
    }
  }
  void drop_handle() {
    const auto faults = fs_.faults_fired();
    db_ = fail(ErrorCode::closed, "closed");
    if (fs_.faults_fired() != faults) {
      story_.stop();  // a destructor has nobody to tell that its sync failed
    }
  }

  io::Simulated& fs_;
  Open open_;
  std::mt19937_64 random_;
  CrashHistory& story_;
  Result<Db> db_;
  std::optional<Snapshot> held_;
  std::uint64_t changes_ = 0;
};

/// A script of random actions: `weight` of the sum of all weights is the chance of each.
template <class Db>
struct CrashActions {
  using Player = CrashPlayer<Db>;
  struct Action {
    unsigned weight;
    void (*run)(Player&);
  };

  typename Player::Open open_database;
  std::vector<Action> actions;
  unsigned steps = 60;

  [[nodiscard]] Result<Db> open(io::Simulated& fs) const { return open_database(fs); }

  void play(io::Simulated& fs, std::uint64_t seed, CrashHistory& story) const {
    unsigned weights = 0;
    for (const Action& action : actions) {
      weights += action.weight;
    }
    Player player(fs, open_database, seed, story);
    for (unsigned step = 0; step < steps && player.goes_on(); ++step) {
      auto dice = player.below(weights);
      for (const Action& action : actions) {
        if (dice < action.weight) {
          action.run(player);
          break;
        }
        dice -= action.weight;
      }
    }
  }

  [[nodiscard]] Result<View> see(Db& db) const {
    View view;
    auto seen = db.verify();
    seen = seen ? see_family(db.template family<"left">(), "left", view) : seen;
    seen = seen ? see_family(db.template family<"right">(), "right", view) : seen;
    return seen ? Result<View>(std::move(view)) : propagate(std::move(seen));
  }
  [[nodiscard]] Result<void> add_one(Db& db, View& view) const {
    view["left/zz"] = "after";
    return db.template family<"left">().put("zz", "after", {.durability = Durability::synced});
  }
};

}  // namespace strata::testing
