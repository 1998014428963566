// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/committer.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/observe/none.hpp>
#include "small_database.hpp"

using namespace strata;

namespace {

using Pair = Database<Family<"left">, Family<"right">, io::Memory>;

Pair open(const io::Memory& fs) {
  Pair::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 100'000;
  options.wal.segment_bytes = 50'000;
  std::apply([](auto&... family) { ((family.compaction.level0_trigger = 2), ...); },
             options.families);
  return std::move(Pair::open("/db", options).value());
}

/// Runs `body(i)` in `count` threads at once.
template <class Body>
void in_threads(unsigned count, Body body) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back(body, i);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

/// A log and memtables that write down what is done to them, and what readers could see then.
struct Tape {
  struct Log {
    std::vector<std::string>* events;
    [[nodiscard]] Result<void> append(Sequence first, std::uint32_t count, std::string_view,
                                      std::uint32_t) const {
      events->push_back("log " + std::to_string(first) + "+" + std::to_string(count));
      return {};
    }
    [[nodiscard]] Result<void> sync() const {
      events->push_back("sync");
      return {};
    }
    [[nodiscard]] static Sequence durable_sequence() { return 0; }
  };
  using Committer = lsm::Committer<Tape, Log, checksum::Crc32c, metrics::None, clock::Frozen>;

  [[nodiscard]] static Result<void> prepare_commit() { return {}; }
  void aim(const BatchOperation& operation, unsigned slot) {
    events.push_back("aim at " + std::string(operation.key));
    aimed[slot] = operation.key;
  }
  void apply(const BatchOperation& operation, Sequence sequence, unsigned slot) {
    CHECK(aimed[slot] == operation.key);
    events.push_back("apply " + std::to_string(sequence) + " beside " +
                     std::to_string(committer.visible().load()));
  }
  static void commit_failed(const Error&) {}
  [[nodiscard]] metrics::None::type& metrics() { return none; }

  std::vector<std::string> events{};
  std::string aimed[2]{};
  metrics::None::type none{};
  Committer committer{*this, 10};
};

}  // namespace

TEST_CASE("a batch is logged, synced and applied, and then seen all at once") {
  Tape tape;
  tape.committer.open_log({&tape.events});
  WriteBatch batch;
  batch.put("a", "1");
  batch.put("b", "2");
  batch.erase("c");
  REQUIRE(tape.committer.commit(batch, Durability::synced));
  CHECK(tape.events == std::vector<std::string>{"aim at a", "log 11+3", "sync", "aim at b",
                                                "apply 11 beside 10", "aim at c",
                                                "apply 12 beside 10", "apply 13 beside 10"});
  CHECK(tape.committer.visible() == 13);
}

TEST_CASE(
    "writers in many threads: each acknowledged write is there at once, and after reopening") {
  const io::Memory fs;
  constexpr unsigned threads = 4;
  constexpr unsigned writes = 3000;
  {
    Pair db = open(fs);
    std::atomic<unsigned> wrong{0};
    in_threads(threads, [&](unsigned thread) {
      auto left = db.family<"left">();
      for (unsigned i = 0; i < writes; ++i) {
        const std::string key = std::to_string(thread) + "/" + std::to_string(i);
        const bool synced = i % 64 == 0;
        const auto durability = synced ? Durability::synced : Durability::buffered;
        wrong += left.put(key, std::to_string(i), {.durability = durability}) ? 0 : 1;
        wrong += left.get(key).value() == std::to_string(i) ? 0 : 1;
      }
    });
    CHECK(wrong == 0);
    CHECK(db.last_sequence() == threads * writes);
  }
  Pair db = open(fs);
  unsigned missing = 0;
  for (unsigned thread = 0; thread < threads; ++thread) {
    for (unsigned i = 0; i < writes; ++i) {
      const std::string key = std::to_string(thread) + "/" + std::to_string(i);
      missing += db.family<"left">().get(key).value() == std::to_string(i) ? 0 : 1;
    }
  }
  CHECK(missing == 0);
}

TEST_CASE("readers see batches whole while writers, flushes and compactions run") {
  Pair db = open({});
  std::atomic<bool> done{false};
  std::atomic<unsigned> torn{0};
  std::atomic<unsigned> looks{0};
  const auto set_both = [&](unsigned i) {
    WriteBatch batch;
    const std::string value = std::to_string(i) + std::string(200, 'v');
    batch.put(db.family<"left">().id(), "pair", value);
    batch.put(db.family<"right">().id(), "pair", value);
    return db.write(batch);
  };
  REQUIRE(set_both(0));
  in_threads(4, [&](unsigned thread) {
    auto left = db.family<"left">();
    auto right = db.family<"right">();
    if (thread == 0) {
      for (unsigned i = 1; i < 10'000; ++i) {
        torn += set_both(i) ? 0 : 1;
        if (i % 2000 == 0) {
          torn += left.compact() ? 0 : 1;
        }
      }
      done = true;
      return;
    }
    while (!done) {
      const Snapshot moment = db.snapshot();
      const ReadOptions options{.snapshot = &moment};
      if (thread == 1) {
        auto in_left = left.cursor(options);
        auto in_right = right.cursor(options);
        in_left.seek_to_first();
        in_right.seek_to_last();
        torn += in_left.valid() && in_right.valid() && in_left.value() == in_right.value() ? 0 : 1;
      } else {
        torn += left.get("pair", options).value() == right.get("pair", options).value() ? 0 : 1;
      }
      ++looks;
    }
  });
  CHECK(torn == 0);
  CHECK(looks > 0);
}

TEST_CASE("what a thread has written it reads, and versions never go back") {
  Pair db = open({});
  std::atomic<bool> done{false};
  std::atomic<unsigned> wrong{0};
  in_threads(3, [&](unsigned thread) {
    auto left = db.family<"left">();
    if (thread == 0) {
      for (unsigned i = 1; i <= 20'000; ++i) {
        wrong += left.put("counter", std::to_string(i)) ? 0 : 1;
      }
      done = true;
      return;
    }
    unsigned long last = 0;
    while (!done) {
      const auto value = left.get("counter").value();
      const unsigned long now = value ? std::stoul(*value) : 0;
      wrong += now >= last ? 0 : 1;
      last = now;
    }
  });
  CHECK(wrong == 0);
  CHECK(db.family<"left">().get("counter").value() == "20000");
}

TEST_CASE("closing while others write refuses their writes; what was acknowledged stays") {
  const io::Memory fs;
  std::atomic<unsigned> acknowledged{0};
  {
    Pair db = open(fs);
    in_threads(3, [&](unsigned thread) {
      if (thread == 0) {
        while (acknowledged < 500) {
          std::this_thread::yield();
        }
        CHECK(db.close());
        return;
      }
      auto left = db.family<"left">();
      for (unsigned i = 0;; ++i) {
        const auto put = left.put(std::to_string(thread) + "/" + std::to_string(i), "v");
        if (!put) {
          if (put.error().code() != ErrorCode::closed) {
            FAIL(to_string(put.error()));
          }
          return;
        }
        ++acknowledged;
      }
    });
  }
  Pair db = open(fs);
  auto cursor = db.family<"left">().cursor();
  unsigned found = 0;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    ++found;
  }
  CHECK(found == acknowledged);
}
