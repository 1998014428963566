// SPDX-License-Identifier: BSL-1.0

/// What a reader holds stays, whatever goes on beside it: cursors and snapshots are kept over many
/// flushes, merges, bulk loads and dropped families, and show to the end what was there when they
/// were made. Memory or a file that is given back too early is a difference here, and an error
/// under AddressSanitizer and ThreadSanitizer.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compaction/size_tiered.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/memtable/skip_list.hpp>
#include <strata/table/value_separation.hpp>

#include "small_family.hpp"

using namespace strata;

namespace {

template <class... Policies>
using Tenants = Database<Family<"main", Policies...>, DynamicFamilies<Policies...>, io::Memory>;
using Default = Tenants<>;
using Apart = Tenants<compaction::SizeTiered, memtable::SkipList, value_separation::ValueLog>;
using Model = std::map<std::string, std::string, std::less<>>;

/// The cache holds next to nothing, so that what a reader stands on is evicted under it.
template <class Db>
Result<Db> open_small(const io::Memory& fs) {
  typename Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 30'000;
  options.wal.segment_bytes = 8'000;
  options.cache.capacity_bytes = 4'000;
  const crash_test::SmallFamily small = {.value_file_bytes = 8'000, .garbage_ratio = 0.2};
  small.apply_to(options.template family<"main">());
  small.apply_to(options.dynamic_families);
  return Db::open("/db", options);
}

std::string key_of(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "key%05u", static_cast<unsigned>(number));
  return text;
}
std::string value_of(std::uint64_t number) {
  return std::to_string(number) + std::string(number % 200, static_cast<char>('a' + number % 26));
}

constexpr std::uint64_t key_count = 1'000;
constexpr std::uint64_t writes = 10'000;  // of each writer

/// The database and, under a mutex, what it must hold.
template <class Db>
class Shared {
 public:
  explicit Shared(Db& db) : db_(db) {}

  [[nodiscard]] Db& db() noexcept { return db_; }
  [[nodiscard]] auto main() { return db_.template family<"main">(); }
  /// `act(model)` with no write beside it.
  template <class Act>
  void alone(const Act& act) {
    const std::lock_guard lock(mutex_);
    act(model_);
  }
  void fail(const std::string& what) {
    const std::lock_guard lock(failure_mutex_);
    if (failure_.empty()) {
      failure_ = what;
    }
    failed_ = true;
  }
  void expect(bool is_good, const char* what) {
    if (!is_good) {
      fail(what);
    }
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  std::atomic<std::size_t> writers_at_work{0};
  std::atomic<std::uint64_t> compared{0};

 private:
  Db& db_;
  std::mutex mutex_;
  Model model_;
  std::mutex failure_mutex_;
  std::string failure_;
  std::atomic<bool> failed_{false};
};

template <class Db>
void write_one(Shared<Db>& shared, Model& model, std::mt19937_64& random) {
  const std::string key = key_of(random() % key_count);
  const std::uint64_t choice = random() % 1'000;
  if (choice < 800) {
    const std::string value = value_of(random() % 100'000);
    shared.expect(shared.main().put(key, value).has_value(), "put");
    model[key] = value;
  } else if (choice < 990) {
    shared.expect(shared.main().erase(key).has_value(), "erase");
    model.erase(key);
  } else if (choice < 998) {
    const std::string last = key_of(random() % key_count);
    if (key < last) {
      shared.expect(shared.main().erase_range(key, last).has_value(), "erase_range");
      model.erase(model.lower_bound(key), model.lower_bound(last));
    }
  } else {
    std::vector<std::pair<std::string, std::string>> sorted;
    for (std::uint64_t i = random() % 500; i < key_count && sorted.size() < 100; i += 3) {
      sorted.emplace_back(key_of(i), value_of(random() % 100'000));
    }
    shared.expect(shared.main().bulk_load(sorted).has_value(), "bulk_load");
    for (auto& [loaded, value] : sorted) {
      model.insert_or_assign(std::move(loaded), std::move(value));
    }
  }
}

template <class Db>
void write_all(Shared<Db>& shared, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; i < writes && !shared.failed(); ++i) {
    shared.alone([&](Model& model) { write_one(shared, model, random); });
  }
  --shared.writers_at_work;
}

/// A cursor of its own moment, and where it must stand.
template <class Cursor>
class Held {
 public:
  Held(Cursor cursor, std::optional<Snapshot> snapshot, Model model)
      : cursor_(std::move(cursor)), snapshot_(std::move(snapshot)), model_(std::move(model)) {}

  [[nodiscard]] const Snapshot* snapshot() const { return snapshot_ ? &*snapshot_ : nullptr; }
  [[nodiscard]] const Model& model() const { return model_; }

  /// Looks at where it stands since the last move, then moves. Empty: all as it must be.
  [[nodiscard]] std::string step(std::mt19937_64& random) {
    std::string wrong = stands();
    if (at_) {
      // The bytes that were handed out are those of the entry until the cursor moves.
      wrong += key_ == (*at_)->first && value_ == (*at_)->second ? "" : "bytes changed; ";
    }
    move(random);
    if (cursor_.valid()) {
      key_ = cursor_.key();
      value_ = cursor_.value();
    }
    return wrong + stands();
  }

 private:
  using Position = Model::const_iterator;

  void move(std::mt19937_64& random) {
    const std::uint64_t choice = at_ ? random() % 20 : random() % 4;
    const std::string key = key_of(random() % key_count);
    Position to;
    if (choice == 0) {
      cursor_.seek(key);
      to = model_.lower_bound(key);
    } else if (choice == 1) {
      cursor_.seek_for_prev(key);
      to = before(model_.upper_bound(key));
    } else if (choice == 2) {
      cursor_.seek_to_first();
      to = model_.begin();
    } else if (choice == 3) {
      cursor_.seek_to_last();
      to = before(model_.end());
    } else if (choice < 14) {
      cursor_.next();
      to = std::next(*at_);
    } else {
      cursor_.prev();
      to = before(*at_);
    }
    at_ = to == model_.end() ? std::nullopt : std::optional<Position>(to);
  }
  /// `end` where nothing is before.
  [[nodiscard]] Position before(Position at) const {
    return at == model_.begin() ? model_.end() : std::prev(at);
  }
  [[nodiscard]] std::string stands() {
    if (auto status = cursor_.status(); !status) {
      return to_string(status.error());
    }
    if (cursor_.valid() != at_.has_value()) {
      return at_               ? "the cursor ended before " + (*at_)->first
             : cursor_.valid() ? "the cursor is at " + std::string(cursor_.key())
                               : "";
    }
    return !at_ || (cursor_.key() == (*at_)->first && cursor_.value() == (*at_)->second)
               ? ""
               : "the cursor is at " + std::string(cursor_.key()) + ", not " + (*at_)->first;
  }

  Cursor cursor_;
  std::optional<Snapshot> snapshot_;
  Model model_;
  std::optional<Position> at_;  ///< none: it stands nowhere
  std::string_view key_;
  std::string_view value_;
};

/// Holds some cursors, moves one of them, now and then exchanges one.
template <class Db>
void read_all(Shared<Db>& shared, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  using Cursor = decltype(shared.main().cursor());
  std::vector<std::unique_ptr<Held<Cursor>>> held;  // a cursor keeps its address
  for (std::uint64_t i = 0; shared.writers_at_work != 0 && !shared.failed(); ++i) {
    if (held.size() > 8 || (!held.empty() && i % 300 == 0)) {
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(random() % held.size()));
    }
    if (held.empty() || i % 100 == 0) {
      shared.alone([&](const Model& model) {
        std::optional<Snapshot> snapshot;
        if (random() % 2 == 0) {
          snapshot.emplace(shared.db().snapshot());
        }
        held.push_back(
            std::make_unique<Held<Cursor>>(shared.main().cursor(), std::move(snapshot), model));
      });
    }
    auto& one = *held[random() % held.size()];
    if (const std::string wrong = one.step(random); !wrong.empty()) {
      shared.fail("cursor: " + wrong);
    }
    if (one.snapshot() != nullptr) {
      const std::string key = key_of(random() % key_count);
      const auto found = shared.main().get(key, ReadOptions{.snapshot = one.snapshot()});
      const auto expected = one.model().find(key);
      shared.expect(found && (expected == one.model().end() ? !*found : *found == expected->second),
                    "a get as of a snapshot is not what was there");
    }
    ++shared.compared;
  }
}

/// Makes a family, reads half of it, drops it, and reads the rest.
template <class Db>
void make_and_drop(Shared<Db>& shared, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; shared.writers_at_work != 0 && !shared.failed(); ++i) {
    const std::string name = "tenant" + std::to_string(i);
    auto family = shared.db().create_family(name);
    shared.expect(family.has_value(), "create_family");
    const std::uint64_t count = 50 + random() % 200;
    for (std::uint64_t key = 0; key < count; ++key) {
      shared.expect(family->put(key_of(key), value_of(key + i)).has_value(), "put");
      if (key == count / 2 && i % 2 == 0) {
        shared.expect(shared.db().flush().has_value(), "flush");
      }
    }
    auto cursor = family->cursor();
    std::uint64_t seen = 0;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next(), ++seen) {
      if (seen == count / 3) {
        shared.expect(shared.db().drop_family(name).has_value(), "drop_family");
      }
      shared.expect(cursor.key() == key_of(seen) && cursor.value() == value_of(seen + i),
                    "a cursor of a dropped family shows something else");
    }
    shared.expect(seen == count && cursor.status(), "a cursor of a dropped family ended early");
    shared.expect(!family->get(key_of(0)), "a dropped family was read");
    ++shared.compared;
  }
}

template <class Db>
void churn(Shared<Db>& shared, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (shared.writers_at_work != 0 && !shared.failed()) {
    std::this_thread::sleep_for(std::chrono::microseconds(500));  // writers want a turn
    shared.expect(
        random() % 3 != 0 ? shared.db().flush().has_value() : shared.main().compact().has_value(),
        "flush or compact");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("cursors and snapshots show their moment while tables come and go", "[threads]",
                   Default, Apart) {
  const char* const text = std::getenv("STRATA_THREADS_SEED");
  const std::uint64_t seed =
      text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device()();
  CAPTURE(seed);
  auto db = open_small<TestType>(io::Memory());
  REQUIRE(db);
  Shared<TestType> shared(*db);
  shared.writers_at_work = 2;
  std::vector<std::thread> threads;
  const auto start = [&](void (*work)(Shared<TestType>&, std::uint64_t)) {
    threads.emplace_back(work, std::ref(shared), seed + threads.size());
  };
  start(write_all<TestType>);
  start(write_all<TestType>);
  start(read_all<TestType>);
  start(read_all<TestType>);
  start(make_and_drop<TestType>);
  start(churn<TestType>);
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(shared.failure() == "");
  CHECK(shared.compared > 100);
  const auto metrics = db->stats().metrics;
  CHECK(metrics[strata::metrics::Counter::flushes] > 20);
  CHECK(metrics[strata::metrics::Counter::compactions] > 5);
}
