// SPDX-License-Identifier: BSL-1.0

/// Random interleavings of transactions, snapshots and vacuum beside an oracle that keeps every
/// state there has been. One thread: what would wait for a lock gives up instead.

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/txn/mvcc_store.hpp>

#include "mvcc_compositions.hpp"

namespace {

using namespace mvcc_tests;
using strata::ErrorCode;
using strata::Sequence;
using Value = std::optional<std::string>;
using State = std::map<std::string, std::string>;
using Writes = std::map<std::string, Value>;

constexpr int key_count = 12;

State overlay(State state, const Writes& writes) {
  for (const auto& [key, value] : writes) {
    if (value) {
      state[key] = *value;
    } else {
      state.erase(key);
    }
  }
  return state;
}

Value lookup(const State& state, const std::string& key) {
  const auto at = state.find(key);
  return at == state.end() ? std::nullopt : std::optional(at->second);
}

State slice(const State& state, const std::string& first, const std::string& last) {
  return first < last ? State(state.lower_bound(first), state.lower_bound(last)) : State();
}

State to_state(const std::vector<KeyValue>& scanned) {
  State state;
  for (const auto& [key, value] : scanned) {
    state.emplace(key, value);
  }
  CHECK(state.size() == scanned.size());
  return state;
}

/// Every committed state by sequence, and every version of every key.
struct Oracle {
  std::vector<State> states{State()};
  std::map<std::string, std::map<Sequence, bool>> versions;  // whether it is a tombstone

  Sequence last() const { return states.size() - 1; }

  void commit(const Writes& writes) {
    states.push_back(overlay(states.back(), writes));
    for (const auto& [key, value] : writes) {
      versions[key][last()] = !value.has_value();
    }
  }

  bool changed(const std::string& key, Sequence since) const {
    const auto at = versions.find(key);
    return at != versions.end() && at->second.rbegin()->first > since;
  }

  /// What must stay: all above the watermark, and the newest at or below it, unless that is a
  /// tombstone with nothing above.
  void trim(const std::string& key, Sequence watermark) {
    auto& chain = versions[key];
    const auto above = chain.upper_bound(watermark);
    if (above != chain.begin()) {
      chain.erase(chain.begin(), std::prev(above));
    }
    if (chain.empty() ||
        (chain.size() == 1 && chain.begin()->first <= watermark && chain.begin()->second)) {
      versions.erase(key);
    }
  }

  void vacuum(Sequence watermark) {
    for (int i = 0; i < key_count; ++i) {
      trim("k" + std::to_string(i), watermark);
    }
  }

  std::uint64_t version_count() const {
    std::uint64_t count = 0;
    for (const auto& [key, chain] : versions) {
      count += chain.size();
    }
    return count;
  }
};

template <class C>
class Run {
  using F = Fixture<C>;
  using Store = typename C::Store;
  static constexpr bool early = std::is_same_v<C, EarlyReport>;

  struct Open {
    typename Store::Transaction transaction;
    Isolation level;
    Sequence begun;
    Writes writes{};
    std::map<std::string, Value> reads{};
    struct Scan {
      std::string first;
      std::string last;
      State found;
    };
    std::vector<Scan> scans{};
    struct Mark {
      Savepoint savepoint;
      Writes writes;
    };
    std::vector<Mark> marks{};
  };

 public:
  explicit Run(unsigned seed) : random_(seed), store_(F::options(std::chrono::milliseconds(0))) {}

  void step() {
    switch (pick(16)) {
      case 0:
      case 1: begin(); break;
      case 2: snapshots_.push_back(store_.snapshot()); break;
      case 3: drop_snapshot(); break;
      case 4: vacuum(); break;
      case 5: check_snapshots(); break;
      case 6: with_open([&](Open& t) { commit(t); }); break;
      case 7: with_open([&](Open& t) { savepoint(t); }); break;
      case 8: with_open([&](Open& t) { scan(t); }); break;
      case 9:
      case 10:
      case 11: with_open([&](Open& t) { read(t); }); break;
      default: with_open([&](Open& t) { write(t); }); break;
    }
    open_.remove_if([](const Open& t) { return !t.transaction.open(); });
    REQUIRE(store_.snapshot().sequence() == oracle_.last());
    REQUIRE(store_.stats().versions == oracle_.version_count());
    REQUIRE(store_.stats().keys == oracle_.versions.size());
  }

  void finish() {
    open_.clear();
    snapshots_.clear();
    vacuum();
    for (int i = 0; i < key_count; ++i) {
      const auto key = "k" + std::to_string(i);
      REQUIRE(store_.get(key) == lookup(oracle_.states.back(), key));
    }
    REQUIRE(store_.stats().snapshots == 0);
  }

  /// Both ends of a commit have been seen, or the test says nothing.
  bool saw_everything() const { return commits_ > 50 && conflicts_ > 5; }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  std::string pick_key() { return "k" + std::to_string(pick(key_count)); }

  template <class Fn>
  void with_open(Fn fn) {
    if (!open_.empty()) {
      fn(*std::next(open_.begin(), pick(static_cast<unsigned>(open_.size()))));
    }
  }

  void begin() {
    if (open_.size() >= 5) {
      return;
    }
    const Sequence now = oracle_.last();
    switch (pick(F::gives_serializable ? 3 : 2)) {
      case 0:
        open_.push_back({store_.begin(read_committed), Isolation::read_committed, now});
        break;
      case 1: open_.push_back({store_.begin(mvcc::snapshot), Isolation::snapshot, now}); break;
      default:
        if constexpr (F::gives_serializable) {
          open_.push_back({store_.begin(serializable), Isolation::serializable, now});
        }
    }
  }

  const State& base(const Open& t) const {
    return Store::Control::reads_latest(t.level) ? oracle_.states.back() : oracle_.states[t.begun];
  }

  /// An error must be one that the policy may give; the transaction is over then.
  void refused(const Open& t, const strata::Error& error) {
    CAPTURE(strata::to_string(error));
    REQUIRE_FALSE(t.transaction.open());
    REQUIRE((error.code() == ErrorCode::conflict || (F::locks && error.code() == ErrorCode::busy)));
    ++conflicts_;
  }

  void read(Open& t) {
    const auto key = pick_key();
    const auto got = t.transaction.get(key);
    if (!got) {
      REQUIRE((F::locks && t.level == Isolation::serializable));
      return refused(t, got.error());
    }
    REQUIRE(*got == lookup(overlay(base(t), t.writes), key));
    if (!t.writes.contains(key)) {
      t.reads[key] = *got;
    }
  }

  void scan(Open& t) {
    if constexpr (F::scans) {
      const auto first = pick_key();
      const auto last = pick_key();
      const auto got = t.transaction.scan(first, last);
      if (!got) {
        REQUIRE((F::locks && t.level == Isolation::serializable));
        return refused(t, got.error());
      }
      REQUIRE(to_state(*got) == slice(overlay(base(t), t.writes), first, last));
      t.scans.push_back({first, last, slice(base(t), first, last)});
    }
  }

  void write(Open& t) {
    const auto key = pick_key();
    const Value value = pick(3) == 0 ? std::nullopt : Value(std::to_string(pick(4)));
    const auto done = value ? t.transaction.put(key, *value) : t.transaction.erase(key);
    if (!done) {
      REQUIRE((F::locks || early));
      return refused(t, done.error());
    }
    t.writes[key] = value;
  }

  void savepoint(Open& t) {
    if (t.marks.empty() || pick(2) == 0) {
      t.marks.push_back({t.transaction.savepoint(), t.writes});
      return;
    }
    const std::size_t depth = pick(static_cast<unsigned>(t.marks.size())) + 1;
    t.marks.erase(t.marks.begin() + static_cast<std::ptrdiff_t>(depth), t.marks.end());
    REQUIRE(t.transaction.rollback_to(t.marks.back().savepoint));
    t.writes = t.marks.back().writes;
  }

  /// Whether what the level promises has been broken by others since `t` began.
  bool must_conflict(const Open& t) const {
    if (t.writes.empty() || t.level == Isolation::read_committed) {
      return false;
    }
    const auto changed = [&](const auto& entry) { return oracle_.changed(entry.first, t.begun); };
    if (std::any_of(t.writes.begin(), t.writes.end(), changed)) {
      return true;
    }
    return t.level == Isolation::serializable &&
           (std::any_of(t.reads.begin(), t.reads.end(), changed) ||
            std::any_of(t.scans.begin(), t.scans.end(), [&](const auto& range) {
              return std::any_of(
                  oracle_.versions.begin(), oracle_.versions.end(), [&](const auto& entry) {
                    return entry.first >= range.first && entry.first < range.last && changed(entry);
                  });
            }));
  }

  void commit(Open& t) {
    const auto committed = t.transaction.commit();
    if constexpr (F::locks) {
      REQUIRE(committed);  // locks have kept the others away
      if (t.level == Isolation::serializable) {
        for (const auto& [key, value] : t.reads) {
          REQUIRE(lookup(oracle_.states.back(), key) == value);
        }
        for (const auto& [first, last, found] : t.scans) {
          REQUIRE(slice(oracle_.states.back(), first, last) == found);
        }
      }
    } else {
      REQUIRE(committed.has_value() == !must_conflict(t));  // neither too few nor too many
    }
    if (!committed) {
      return refused(t, committed.error());
    }
    if (!t.writes.empty()) {
      oracle_.commit(t.writes);
      REQUIRE(*committed == oracle_.last());
      ++commits_;
      if (Store::Gc::trims_on_commit) {
        for (const auto& [key, value] : t.writes) {
          oracle_.trim(key, watermark());
        }
      }
    }
    REQUIRE_FALSE(t.transaction.open());
  }

  void drop_snapshot() {
    if (!snapshots_.empty()) {
      snapshots_.erase(snapshots_.begin() + pick(static_cast<unsigned>(snapshots_.size())));
    }
  }

  void check_snapshots() {
    for (const auto& snapshot : snapshots_) {
      const State& state = oracle_.states[snapshot.sequence()];
      const auto key = pick_key();
      REQUIRE(snapshot.get(key) == lookup(state, key));
      if constexpr (F::scans) {
        REQUIRE(to_state(snapshot.scan("")) == state);
      }
    }
  }

  Sequence watermark() const {
    Sequence watermark = oracle_.last();
    for (const auto& snapshot : snapshots_) {
      watermark = std::min(watermark, snapshot.sequence());
    }
    for (const Open& t : open_) {
      if (t.transaction.open() && !Store::Control::reads_latest(t.level)) {
        watermark = std::min(watermark, t.begun);
      }
    }
    return watermark;
  }

  void vacuum() {
    if constexpr (F::vacuums) {
      store_.vacuum();
      oracle_.vacuum(watermark());
    }
  }

  std::mt19937 random_;
  Store store_;
  Oracle oracle_;
  std::list<Open> open_;
  std::vector<typename Store::Snapshot> snapshots_;
  int commits_ = 0;
  int conflicts_ = 0;
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("mvcc: random interleavings agree with an oracle of all states", "[mvcc]",
                        Compositions) {
  const auto seed = GENERATE(1U, 2U, 3U, 4U, 5U, 6U);
  CAPTURE(seed);
  Run<TestType> run(seed);
  for (int step = 0; step < 2500; ++step) {
    CAPTURE(step);
    run.step();
  }
  run.finish();
  CHECK(run.saw_everything());
}
