// SPDX-License-Identifier: BSL-1.0
//
// The n-th allocation fails, for each n, in every call: no crash and no call that hangs; what was
// acknowledged is there, and of a batch whose write failed all or nothing, also after reopening.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/lsm_tree.hpp>

#include "../io/temporary_directory.hpp"

namespace {

/// Allocations of this thread until the one that fails; below 0: none fails.
thread_local long until_failure = -1;
thread_local bool has_failed = false;

void* allocate(std::size_t bytes) {
  if (until_failure > 0 && --until_failure == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) {
    return memory;
  }
  throw std::bad_alloc();
}
void* allocate_aligned(std::size_t bytes, std::size_t alignment) {
  if (until_failure > 0 && --until_failure == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
  if (void* const memory =
          std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)) {
    return memory;
  }
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate_aligned(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return allocate(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

using namespace strata;

namespace {

using Db = Database<Family<"left">, Family<"right">, executor::Inline, clock::Frozen>;

Result<Db> open(const std::string& path) {
  Db::Options options;
  options.write_buffer_bytes = 16'000;
  options.wal.segment_bytes = 4'000;
  std::apply([](auto&... family) { ((family.compaction.level0_trigger = 2), ...); },
             options.families);
  return Db::open(path, std::move(options));
}

std::string key_of(int number) {
  return "a key of some length " + std::to_string(number);
}
std::string value_of(int number) {
  return std::string(150, 'v') + std::to_string(number);
}

/// A batch over both families: half of it would be seen. The range erase between the halves is what
/// always allocates.
WriteBatch batch_of(Db& db, int number) {
  WriteBatch batch;
  batch.put(db.family<"left">().id(), key_of(number), value_of(number));
  batch.erase_range(db.family<"left">().id(), "x" + key_of(number), "y");
  batch.put(db.family<"right">().id(), key_of(number), value_of(number));
  return batch;
}

constexpr int key_count = 30;

/// No allocation fails while it lives.
class Unfailing {
 public:
  Unfailing() : until_failure_(until_failure) { until_failure = -1; }
  Unfailing(const Unfailing&) = delete;
  Unfailing& operator=(const Unfailing&) = delete;
  ~Unfailing() { until_failure = until_failure_; }

 private:
  long until_failure_;
};

enum class There {
  no,
  yes,
  maybe
};

/// The batches that were written, and one round of a call of which an allocation fails.
class Round {
 public:
  explicit Round(std::string path) : path_(std::move(path)) {}

  void prepare() {
    auto db = open(path_).value();
    for (int i = 0; i < key_count; ++i) {
      REQUIRE(db.write(batch_of(db, i)));
      model_[i] = There::yes;
      if (i == key_count / 2) {
        REQUIRE(db.flush());
      }
    }
    REQUIRE(db.close());
  }

  /// Writes batches from `number` on until one is not acknowledged.
  void write(Db& db, int number, int count) {
    for (int i = number; i < number + count; ++i) {
      model_[i] = There::no;
      const WriteBatch batch = batch_of(db, i);
      model_[i] = There::maybe;
      const bool is_written = db.write(batch).has_value();
      model_[i] = is_written ? There::yes : There::maybe;
      if (!is_written) {
        return;
      }
    }
  }
  void check(Db& db, const std::string& when) {
    CAPTURE(when);
    int wrong = 0;
    for (const auto& [number, there] : model_) {
      const auto left = db.family<"left">().get(key_of(number));
      const auto right = db.family<"right">().get(key_of(number));
      REQUIRE(left);
      REQUIRE(right);
      const bool is_there = left->has_value();
      wrong += *left == *right && (!is_there || *left == value_of(number)) ? 0 : 1;
      wrong += there == There::maybe || is_there == (there == There::yes) ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
  void check_reopened() {
    auto db = open(path_);
    REQUIRE(db);
    check(*db, "reopened");
    CHECK(db->verify());
    REQUIRE(db->write(batch_of(*db, 9'000)));
    REQUIRE(db->flush());
    CHECK(db->family<"left">().compact());
  }

  std::string path_;
  std::map<int, There> model_;
};

/// Of the first 100 allocations each fails, of the later ones some: STRATA_ALLOCATIONS=all for all.
long step_after(long n) {
  static const bool all = std::getenv("STRATA_ALLOCATIONS") != nullptr;
  return all ? 1 : 1 + n / 100;
}

/// Runs `call(db, round)` again and again; each time one allocation later fails.
template <class Call>
void fail_each_allocation(const std::string& what, const Call& call, bool is_open_before = true) {
  ::setenv("TMPDIR", "/dev/shm", 0);  // syncs would take most of the time
  ::alarm(300);                       // a call that hangs fails the test
  const test::TemporaryDirectory directory;
  const std::string pristine = directory.at("pristine");
  Round prepared(pristine);
  prepared.prepare();
  long failures = 0;
  for (long n = 1;; n += step_after(n)) {
    CAPTURE(what, n);
    const std::string path = directory.at("db");
    std::filesystem::copy(pristine, path);
    Round round(path);
    round.model_ = prepared.model_;
    has_failed = false;
    {
      std::optional<Db> db;
      if (is_open_before) {
        db.emplace(std::move(open(path).value()));
      }
      until_failure = n;
      try {
        call(db, round);
      } catch (const std::bad_alloc&) {
      }
      until_failure = -1;
      if (db) {
        round.check(*db, "still open");
        round.write(*db, 500, 1);  // taken or refused: it returns
      }
    }
    round.check_reopened();
    std::filesystem::remove_all(path);
    if (!has_failed) {
      break;
    }
    ++failures;
  }
  std::filesystem::remove_all(pristine);
  ::alarm(0);
  WARN(what << ": " << failures << " allocations failed, one at a time");
  CHECK(failures > 0);
}

}  // namespace

TEST_CASE("an allocation fails while a database is opened") {
  fail_each_allocation(
      "open",
      [](std::optional<Db>& db, Round& round) {
        auto opened = open(round.path_);
        if (opened) {
          db.emplace(std::move(*opened));
        }
      },
      false);
}

TEST_CASE("an allocation fails while batches are written") {
  fail_each_allocation("write",
                       [](std::optional<Db>& db, Round& round) { round.write(*db, 100, 3); });
}

TEST_CASE("an allocation fails while batches are written, flushed and compacted") {
  fail_each_allocation("write, flush and compact", [](std::optional<Db>& db, Round& round) {
    round.write(*db, 100, 15);
    (void)db->flush();
    round.write(*db, 200, 15);
    (void)db->flush();
  });
}

TEST_CASE("an allocation fails while a database is read") {
  fail_each_allocation("get", [](std::optional<Db>& db, Round&) {
    const Snapshot snapshot = db->snapshot();
    const std::string key = key_of(3);
    const auto found = db->family<"left">().get(key, {.snapshot = &snapshot});
    const Unfailing check;
    const bool is_right = !found || **found == value_of(3);
    CHECK(is_right);
  });
  fail_each_allocation("scan", [](std::optional<Db>& db, Round&) {
    auto cursor = db->family<"right">().cursor();
    int keys = 0;
    for (cursor.seek_to_last(); cursor.valid(); cursor.prev()) {
      ++keys;
    }
    const bool is_whole = cursor.status().has_value();
    const Unfailing check;
    CHECK(keys == (is_whole ? key_count : keys));
  });
}

TEST_CASE("an allocation fails while a database is closed") {
  fail_each_allocation("close", [](std::optional<Db>& db, Round& round) {
    {
      const Unfailing before;
      round.write(*db, 100, 3);
      // To close is to flush then.
      CHECK(db->family<"left">().put("unlogged", "1", {.durability = Durability::unlogged}));
    }
    db.reset();
  });
}
