// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A database that loses power at every mutating call of a script, and must lose nothing else.
///
/// The script writes batches over two families, erases ranges, flushes, compacts, holds snapshots
/// and reopens, on `io::Simulated` in one thread, so that it makes the same calls each time. For
/// each call k the script runs until the power fails there; of what may survive several images are
/// drawn (nothing unsynced, everything, random parts), and each is opened. The oracle:
///
/// 1. It opens, and `verify()` finds no damage.
/// 2. Its state is that after some number n of the script's batches, in both families (a counter
///    in each batch says which), so batches are whole and a prefix of commit order.
/// 3. n is at least what was acknowledged as synced; where everything survived, as after kill -9,
///    at least what was acknowledged at all.
/// 4. It accepts writes, and is the same after it was closed and opened again.
/// 5. The same holds if the power fails again at any call of the recovery.
///
/// `run_faults` does the same with a disk that breaks instead: at each call each `io::FaultKind` of
/// writing, once; the script goes on as far as the database lets it. Batches that were refused must
/// be absent, those that were acknowledged must be there after a loss of power as above.
///
/// `Db` is a database with families "left" and "right" over `io::Simulated`, `executor::Inline`
/// and `clock::Frozen`; `open(io::Simulated&) -> Result<Db>`.

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/durability.hpp>
#include <strata/core/error.hpp>
#include <strata/io/simulated.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::testing {

struct CrashOptions {
  std::uint64_t seed = 1;
  unsigned steps = 60;
  unsigned random_images = 4;     ///< of each crash, beside "nothing" and "everything"
  unsigned recovery_stride = 16;  ///< every so many crashes, recovery is crashed at each call too
};

struct CrashReport {
  std::uint64_t calls = 0;   ///< mutating calls of the script, each a crash
  std::uint64_t states = 0;  ///< images that were opened and compared
  std::uint64_t recovery_crashes = 0;
  std::vector<std::string> violations;
};

template <class Db, class Open>
class CrashCheck {
  using Family = std::map<std::string, std::string, std::less<>>;
  struct Model {
    Family left;
    Family right;
  };
  /// What the script knows when it ends.
  struct Story {
    std::vector<Model> states{1};  ///< states[n]: after n batches
    std::uint64_t acknowledged = 0;
    std::uint64_t synced = 0;
    std::uint64_t attempted = 0;  ///< may be one more than acknowledged
    bool is_over = false;         ///< the outcome of a batch is unknown: nothing may follow it
    bool has_stopped = false;     ///< the database turned read-only: the disk may have lost more
  };

 public:
  CrashCheck(const CrashOptions& options, Open open) : options_(options), open_(std::move(open)) {}

  [[nodiscard]] CrashReport run() {
    count_calls();
    for (std::uint64_t call = 1; call <= report_.calls + 1 && report_.violations.empty(); ++call) {
      crash_at(call);
    }
    return std::move(report_);
  }

  [[nodiscard]] CrashReport run_faults() {
    count_calls();
    for (std::uint64_t call = 1; call <= report_.calls && report_.violations.empty(); ++call) {
      for (const auto kind :
           {io::FaultKind::eio, io::FaultKind::enospc, io::FaultKind::short_write,
            io::FaultKind::sync_fails_pages_dropped, io::FaultKind::sync_fails_pages_visible,
            io::FaultKind::renamed_but_error, io::FaultKind::close_error}) {
        fail_at(call, kind);
      }
    }
    return std::move(report_);
  }

 private:
  void count_calls() {
    io::Simulated whole;
    const Story story = run_script(whole);
    report_.calls = whole.calls();
    if (story.acknowledged != story.attempted || story.is_over) {
      violation("the script fails without a fault");
    }
  }

  void fail_at(std::uint64_t call, io::FaultKind kind) {
    io::Simulated fs;
    fs.inject({.call = call, .kind = kind});
    const Story story = run_script(fs);
    if (fs.faults_fired() == 0) {
      return;  // the call is of another kind
    }
    for (unsigned i = 0; i < 3; ++i) {
      where_ = "seed " + std::to_string(options_.seed) + ", fault " +
               std::to_string(static_cast<int>(kind)) + " at call " + std::to_string(call) +
               ", image " + std::to_string(i);
      const auto choice = choice_of(i, call);
      check(fs.crash_image(choice), story, choice);
    }
  }

  void crash_at(std::uint64_t call) {
    io::Simulated fs;
    fs.crash_at(call);
    const Story story = run_script(fs);
    for (unsigned i = 0; i < options_.random_images + 2; ++i) {
      const auto choice = choice_of(i, call);
      where_ = "seed " + std::to_string(options_.seed) + ", crash at call " + std::to_string(call) +
               ", image " + std::to_string(i);
      check(fs.crash_image(choice), story, choice);
      if (call % options_.recovery_stride == 0 && i != 1) {
        crash_recovery(fs, choice, story);
      }
    }
  }
  [[nodiscard]] static io::CrashChoice choice_of(unsigned i, std::uint64_t call) {
    return i == 0   ? io::CrashChoice::drop_all_unsynced()
           : i == 1 ? io::CrashChoice::keep_all()
                    : io::CrashChoice::random(call * 1000 + i);
  }

  void crash_recovery(const io::Simulated& fs, io::CrashChoice choice, const Story& story) {
    std::uint64_t calls = 0;
    {
      io::Simulated disk = fs.crash_image(choice);
      auto opened = open_(disk);
      calls = disk.calls();
    }
    const std::string outer = where_;
    for (std::uint64_t call = 1; call <= calls; ++call) {
      io::Simulated disk = fs.crash_image(choice);
      disk.crash_at(call);
      { auto opened = open_(disk); }
      ++report_.recovery_crashes;
      for (const auto again :
           {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::random(call)}) {
        where_ = outer + ", recovery crashed at call " + std::to_string(call);
        check(disk.crash_image(again), story, choice);
      }
    }
  }

  // The script.

  [[nodiscard]] Story run_script(io::Simulated& fs) {
    Story story;
    std::mt19937_64 random(options_.seed);
    auto db = open_(fs);
    std::optional<Snapshot> held;
    for (unsigned step = 0; step < options_.steps && db && !fs.has_crashed(); ++step) {
      switch (random() % 12) {
        case 0: note(fs, db->flush(), story); break;
        case 1: note(fs, db->template family<"left">().compact(), story); break;
        case 2: note(fs, db->template family<"right">().compact(), story); break;
        case 3: note_synced(fs, db->sync(), story); break;
        case 4: held = held ? std::nullopt : std::optional<Snapshot>(db->snapshot()); break;
        case 5:
          held.reset();
          reopen(fs, db, random() % 2 == 0, story);
          break;
        default: write(fs, *db, random, story);
      }
    }
    held.reset();
    close(fs, db, story);
    return story;
  }

  static void close(const io::Simulated& fs, Result<Db>& db, Story& story) {
    const auto faults = fs.faults_fired();
    db = fail(ErrorCode::closed, "closed");
    if (fs.faults_fired() != faults) {
      // A destructor has nobody to tell that the last sync failed: any buffered batch may be gone.
      story.is_over = story.has_stopped = true;
    }
  }

  void reopen(io::Simulated& fs, Result<Db>& db, bool is_closed_first, Story& story) {
    if (is_closed_first) {
      note_synced(fs, db->close(), story);
    }
    close(fs, db, story);  // the handle goes before the next one locks the directory
    db = open_(fs);
  }

  void write(const io::Simulated& fs, Db& db, std::mt19937_64& random, Story& story) {
    if (story.is_over) {
      return;
    }
    Model next = story.states.back();
    WriteBatch batch;
    const FamilyId left = db.template family<"left">().id();
    const FamilyId right = db.template family<"right">().id();
    const std::string counter = std::to_string(story.attempted + 1);
    for (auto n = random() % 6; n-- > 0;) {
      const bool in_left = random() % 2 == 0;
      const FamilyId family = in_left ? left : right;
      Family& model = in_left ? next.left : next.right;
      const std::string key = "key" + std::to_string(random() % 40);
      if (const auto kind = random() % 8; kind == 0) {
        const std::string last = key + "5";
        batch.erase_range(family, key, last);
        model.erase(model.lower_bound(key), model.lower_bound(last));
      } else if (kind < 3) {
        batch.erase(family, key);
        model.erase(key);
      } else {
        std::string value(random() % 300, static_cast<char>('a' + random() % 26));
        batch.put(family, key, value);
        model[key] = std::move(value);
      }
    }
    batch.put(left, "#", counter);
    batch.put(right, "#", counter);
    next.left["#"] = next.right["#"] = counter;
    const bool synced = random() % 4 == 0;
    ++story.attempted;
    story.states.push_back(std::move(next));
    auto written =
        db.write(batch, {.durability = synced ? Durability::synced : Durability::buffered});
    if (written) {
      ++story.acknowledged;
      story.synced = synced ? story.acknowledged : story.synced;
    } else if (fs.has_crashed() || written.error().code() == ErrorCode::outcome_unknown) {
      note(fs, written, story);
    } else {
      story.states.pop_back();  // refused: it must never appear
      --story.attempted;
      note(fs, written, story);
    }
  }

  /// After a failed sync the disk may have lost whatever was not synced before: the story ends.
  static void note(const io::Simulated& fs, const Result<void>& done, Story& story) {
    if (!done && fs.has_crashed()) {
      story.is_over = true;
    } else if (!done && (done.error().code() == ErrorCode::outcome_unknown ||
                         done.error().code() == ErrorCode::read_only)) {
      story.is_over = story.has_stopped = true;
    }
  }
  static void note_synced(const io::Simulated& fs, const Result<void>& done, Story& story) {
    note(fs, done, story);
    if (done && !story.is_over) {
      story.synced = story.acknowledged;
    }
  }

  // The oracle.

  void check(io::Simulated disk, const Story& story, io::CrashChoice choice) {
    ++report_.states;
    std::optional<std::uint64_t> found;
    {
      auto db = open_(disk);
      if (!db) {
        return violation("does not open: " + to_string(db.error()));
      }
      if (auto good = db->verify(); !good) {
        return violation("verify: " + to_string(good.error()));
      }
      found = state_of(*db, story);
      if (!found) {
        return;
      }
      const bool kept_all = choice.kind == io::CrashChoice::Kind::keep_all && !story.has_stopped;
      const std::uint64_t least = kept_all ? story.acknowledged : story.synced;
      if (*found < least) {
        return violation("lost batches: has " + std::to_string(*found) + ", must have " +
                         std::to_string(least));
      }
      WriteBatch more;
      more.put(db->template family<"left">().id(), "zz", "after");
      if (auto written = db->write(more, {.durability = Durability::synced}); !written) {
        return violation("does not accept a write: " + to_string(written.error()));
      }
    }
    auto again = open_(disk);
    if (!again) {
      return violation("does not open a second time: " + to_string(again.error()));
    }
    Family left = story.states[*found].left;
    left["zz"] = "after";
    if (!same(*again, left, story.states[*found].right)) {
      violation("is different after it was opened a second time");
    }
  }

  /// How many batches the database has; none, after noting a violation, if it matches no state.
  [[nodiscard]] std::optional<std::uint64_t> state_of(Db& db, const Story& story) {
    auto counter = db.template family<"left">().get("#");
    if (!counter) {
      violation("get: " + to_string(counter.error()));
      return std::nullopt;
    }
    const std::uint64_t n = *counter ? std::stoull(**counter) : 0;
    if (n > story.attempted) {
      violation("has batch " + std::to_string(n) + ", which was never written");
      return std::nullopt;
    }
    if (!same(db, story.states[n].left, story.states[n].right)) {
      violation("is not the state after " + std::to_string(n) + " batches");
      return std::nullopt;
    }
    return n;
  }
  [[nodiscard]] static bool same(Db& db, const Family& left, const Family& right) {
    return same(db.template family<"left">(), left) && same(db.template family<"right">(), right);
  }
  template <class Handle>
  [[nodiscard]] static bool same(const Handle& family, const Family& model) {
    auto cursor = family.cursor();
    auto at = model.begin();
    for (cursor.seek_to_first(); cursor.valid() && at != model.end(); cursor.next(), ++at) {
      if (cursor.key() != at->first || cursor.value() != at->second) {
        return false;
      }
    }
    if (cursor.valid() || !cursor.status() || at != model.end()) {
      return false;
    }
    for (const auto& [key, value] : model) {
      auto found = family.get(key);
      if (!found || *found != value) {
        return false;
      }
    }
    return true;
  }
  void violation(const std::string& what) { report_.violations.push_back(where_ + ": " + what); }

  CrashOptions options_;
  Open open_;
  CrashReport report_;
  std::string where_;
};

}  // namespace strata::testing
