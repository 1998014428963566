// SPDX-License-Identifier: BSL-1.0
//
// The engine on a disk that loses power at every mutating call: one script for each thing that an
// engine does with files, and one of everything.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/testing/crash_player.hpp>

#include "actions.hpp"
#include "battery.hpp"

using namespace strata;
using namespace crash_test;

namespace {

using Db =
    Database<Family<"left">, Family<"right">, io::Simulated, executor::Inline, clock::Frozen>;
using testing::View;
using Script = testing::CrashActions<Db>;
using Player = Script::Player;
using Action = Script::Action;

Result<Db> open_small(io::Simulated& fs) {
  return Db::open("/db", small<Db>(fs));
}

Script script(std::vector<Action> actions, Player::Open open = &open_small) {
  return {open, std::move(actions)};
}
/// Some neighbouring keys with values of their own, and the number of the change.
std::map<std::string, std::string> sorted_pairs(Player& p) {
  std::map<std::string, std::string> pairs;
  const std::uint64_t first = p.below(30);
  for (std::uint64_t i = first; i < first + 10; ++i) {
    pairs["key" + std::to_string(i)] = p.value();
  }
  pairs["#"] = p.next_number();
  return pairs;
}
View with(View view, const std::map<std::string, std::string>& pairs) {
  for (const auto& [key, value] : pairs) {
    view["left/" + key] = value;
  }
  return view;
}
void bulk_load(Player& p) {
  if (!p.story().is_over()) {
    const auto pairs = sorted_pairs(p);
    p.attempt(with(p.story().latest(), pairs), true,
              [&] { return p.db().family<"left">().bulk_load(pairs); });
  }
}
void ingest(Player& p) {
  if (p.story().is_over()) {
    return;
  }
  const auto pairs = sorted_pairs(p);
  const std::string path = "/" + pairs.at("#") + ".table";
  auto writer = decltype(p.db().family<"left">())::TableWriter::create(path, {}, p.fs());
  auto done = writer ? Result<void>() : propagate(std::move(writer));
  for (const auto& [key, value] : pairs) {
    done = done ? writer->put(key, value) : done;
  }
  if (done) {
    auto finished = writer->finish();
    done = finished ? Result<void>() : propagate(std::move(finished));
  }
  if (!done) {
    return p.note(done);
  }
  p.attempt(with(p.story().latest(), pairs), true,
            [&] { return p.db().family<"left">().ingest({path}); });
}

/// More than a segment of the log holds.
void write_large_batch(Player& p) {
  if (p.story().is_over()) {
    return;
  }
  View next = p.story().latest();
  WriteBatch batch;
  const std::string number = p.next_number();
  for (const char* key : {"large1", "large2", "#"}) {
    const std::string value = key[0] == '#' ? number : number + std::string(6'000, 'L');
    batch.put(p.db().family<"left">().id(), key, value);
    next["left/" + std::string(key)] = value;
  }
  const bool is_synced = p.below(2) == 0;
  p.attempt(std::move(next), is_synced, [&] {
    return p.db().write(batch,
                        {.durability = is_synced ? Durability::synced : Durability::buffered});
  });
}
void erase_all(Player& p) {
  if (p.story().is_over()) {
    return;
  }
  View next = p.story().latest();
  next.erase(next.lower_bound("left/"), next.lower_bound("left0"));
  WriteBatch batch;
  batch.erase_range(p.db().family<"left">().id(), "", "~");
  const std::string number = p.next_number();
  batch.put(p.db().family<"right">().id(), "#", number);
  next["right/#"] = number;
  p.attempt(std::move(next), false,
            [&] { return p.db().write(batch, {.durability = Durability::buffered}); });
}
void compact_range(Player& p) {
  const std::string first = p.key();
  p.note(p.db().family<"left">().compact(first, first + "9"));
}
void change_options(Player& p) {
  p.note(p.db().set_options(
      {.write_buffer_bytes = 4'096 + p.below(40'000), .log_bytes_max = 8'000 + p.below(80'000)}));
}

/// A checkpoint is one more thing to see: what it holds, under its name.
void checkpoint(Player& p) {
  if (p.story().is_over()) {
    return;
  }
  View next = p.story().latest();
  const std::string name = "copy" + p.next_number();
  for (const auto& [key, value] : p.story().latest()) {
    if (!key.starts_with("copy")) {
      next[name + "/" + key] = value;
    }
  }
  p.attempt(std::move(next), true, [&] { return p.db().checkpoint("/" + name); });
}

/// Sees the checkpoints too: those that open. One that a crash cut off must not.
struct WithCheckpoints : Script {
  [[nodiscard]] Result<Db> open(io::Simulated& fs) {
    disk = fs;
    return Script::open(fs);
  }
  [[nodiscard]] Result<View> see(Db& db) {
    auto view = Script::see(db);
    auto names = disk.list("/");
    if (!view || !names) {
      return view ? propagate(std::move(names)) : view;
    }
    for (const std::string& name : *names) {
      auto options = small<Db>(disk);
      options.read_only = true;
      auto copy = name.starts_with("copy") ? Db::open("/" + name, options)
                                           : fail(ErrorCode::not_found, name);
      if (!copy) {
        continue;
      }
      auto seen = Script::see(*copy);
      if (!seen) {
        return seen;
      }
      for (const auto& [key, value] : *seen) {
        (*view)[name + "/" + key] = value;
      }
    }
    return view;
  }
  io::Simulated disk = {};
};

}  // namespace

TEST_CASE("everything", "[crash]") {
  survives_power_loss("everything", everything<Db>(&open_small));
}

TEST_CASE("a database that is opened and closed more often than it is written", "[crash]") {
  survives_power_loss("open", script({writes<Db>(1), reopenings<Db>(1)}));
}

TEST_CASE("batches that are all synced", "[crash]") {
  survives_power_loss(
      "synced",
      script({{20, [](Player& p) { p.write_batch(6, 8); }}, flushes<Db>(1), reopenings<Db>(1)}));
}

TEST_CASE("batches that only sync makes durable", "[crash]") {
  survives_power_loss(
      "buffered",
      script({{20, [](Player& p) { p.write_batch(6, 0); }}, syncs<Db>(2), reopenings<Db>(1)}));
}

TEST_CASE("a log that rotates with nearly every batch", "[crash]") {
  survives_power_loss("rotate",
                      script({writes<Db>(7), syncs<Db>(1), flushes<Db>(2), reopenings<Db>(1)},
                             [](io::Simulated& fs) {
                               auto options = small<Db>(fs);
                               options.wal.segment_bytes = 1'000;
                               return Db::open("/db", options);
                             }));
}

TEST_CASE("memtables that are full all the time", "[crash]") {
  survives_power_loss("full_memtable",
                      script({writes<Db>(7), flushes<Db>(1)}, [](io::Simulated& fs) {
                        auto options = small<Db>(fs);
                        options.write_buffer_bytes = 4'000;
                        return Db::open("/db", options);
                      }));
}

TEST_CASE("a flush after nearly every batch", "[crash]") {
  survives_power_loss("flush", script({writes<Db>(3), flushes<Db>(2), reopenings<Db>(1)}));
}

TEST_CASE("compactions between any two batches", "[crash]") {
  survives_power_loss("compact", script({writes<Db>(1), flushes<Db>(1), compactions<Db>(2)}));
}

TEST_CASE("ranges that are erased", "[crash]") {
  survives_power_loss("erase_range", script({writes<Db>(5),
                                             {5, [](Player& p) { p.erase_range(); }},
                                             flushes<Db>(1),
                                             compactions<Db>(2),
                                             reopenings<Db>(1)}));
}

TEST_CASE("snapshots that hold old versions through compactions", "[crash]") {
  survives_power_loss(
      "snapshot", script({writes<Db>(7), snapshots<Db>(3), flushes<Db>(1), compactions<Db>(2)}));
}

TEST_CASE("batches that are larger than a segment of the log", "[crash]") {
  survives_power_loss(
      "large_batch",
      script({writes<Db>(4), {4, &write_large_batch}, flushes<Db>(1), reopenings<Db>(1)}));
}

TEST_CASE("compactions of ranges of keys", "[crash]") {
  survives_power_loss("compact_range",
                      script({writes<Db>(6), flushes<Db>(2), {3, &compact_range}}));
}

TEST_CASE("options that change between batches", "[crash]") {
  survives_power_loss("live_options",
                      script({writes<Db>(9), {2, &change_options}, reopenings<Db>(1)}));
}

TEST_CASE("a family that is emptied again and again", "[crash]") {
  survives_power_loss(
      "erase_all",
      script(
          {writes<Db>(6), {1, &erase_all}, flushes<Db>(2), compactions<Db>(2), reopenings<Db>(1)}));
}

TEST_CASE("a manifest that is rewritten with nearly every edit", "[crash]") {
  survives_power_loss("manifest_roll", script({writes<Db>(3), flushes<Db>(3), compactions<Db>(1)},
                                              [](io::Simulated& fs) {
                                                auto options = small<Db>(fs);
                                                options.manifest_roll_bytes = 1;
                                                return Db::open("/db", options);
                                              }));
}

TEST_CASE("tables that are loaded from sorted input", "[crash]") {
  survives_power_loss("bulk_load",
                      script({writes<Db>(6), {3, &bulk_load}, flushes<Db>(1), compactions<Db>(1)}));
}

TEST_CASE("tables that were written elsewhere and taken in", "[crash]") {
  survives_power_loss("ingest",
                      script({writes<Db>(6), {3, &ingest}, flushes<Db>(1), compactions<Db>(1)}));
}

TEST_CASE("checkpoints that are taken between batches", "[crash]") {
  survives_power_loss("checkpoint", WithCheckpoints{script({writes<Db>(8),
                                                            {2, &checkpoint},
                                                            flushes<Db>(1),
                                                            compactions<Db>(1),
                                                            reopenings<Db>(1)})});
}

TEST_CASE("whatever call fails, what was acknowledged is there and what was refused is not",
          "[crash]") {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    survives_faults("everything", everything<Db>(&open_small), {.seed = seed});
  }
}
