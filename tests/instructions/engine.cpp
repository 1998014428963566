// SPDX-License-Identifier: BSL-1.0

/// Whole operations of the default composition, over files in memory.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

#include "workload.hpp"

namespace {

using namespace instructions;
using Db = strata::LsmTree<strata::io::Memory, strata::executor::Inline>;

constexpr std::size_t entries = 20'000;
constexpr std::size_t operations = 10'000;

Db open(const strata::io::Memory& files, std::size_t level0_trigger = 100) {
  Db::Options options;
  options.file_system = files;
  options.cache.capacity_bytes = 64 << 20;
  options.compaction.level0_trigger = static_cast<unsigned>(level0_trigger);
  options.compaction.level0_slowdown = 200;
  options.compaction.level0_stop = 300;
  return must(Db::open("db", std::move(options)));
}
Db fresh() {
  return open({});
}
void put_all(Db& db, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    must(db.put(key, value));
  }
}

/// One table at the bottom, its blocks in the cache.
Db compacted() {
  Db db = fresh();
  put_all(db, shuffled_keys(entries));
  must(db.compact());
  for (const std::string& key : sorted_keys(entries)) {
    must(must(db.get(key, [](std::string_view) {})), "a key is missing");
  }
  return db;
}
/// Four tables of level 0 whose keys interleave.
Db in_runs(bool warm) {
  Db db = fresh();
  const auto keys = sorted_keys(entries);
  for (std::size_t run = 0; run < 4; ++run) {
    for (std::size_t i = run; i < keys.size(); i += 4) {
      must(db.put(keys[i], value));
    }
    must(db.flush());
  }
  for (std::size_t i = 0; warm && i < keys.size(); ++i) {
    must(must(db.get(keys[i], [](std::string_view) {})), "a key is missing");
  }
  return db;
}

void get_all(Db db, std::uint64_t offset, bool expected) {
  auto keys = shuffled_keys(entries, offset);
  keys.resize(operations);
  std::size_t right = 0;
  measured(operations, [&] {
    for (const std::string& key : keys) {
      right += must(db.get(key, [](std::string_view found) { keep(found); })) == expected ? 1 : 0;
    }
  });
  must(right == operations, "a get has the wrong answer");
}
void get() {
  get_all(compacted(), 0, true);
}
void get_missing() {
  get_all(compacted(), 1, false);
}
void get_from_runs() {
  get_all(in_runs(true), 0, true);
}
void get_missing_from_runs() {
  get_all(in_runs(true), 1, false);
}
void get_from_memory() {
  Db db = fresh();
  put_all(db, shuffled_keys(entries));
  get_all(std::move(db), 0, true);
}
void get_copy() {
  Db db = compacted();
  auto keys = shuffled_keys(entries);
  keys.resize(operations);
  measured(operations, [&] {
    for (const std::string& key : keys) {
      must(must(db.get(key)).has_value(), "a key is missing");
    }
  });
}

void scan_all(Db db) {
  auto cursor = db.cursor();
  cursor.seek_to_first();
  std::size_t seen = 0;
  measured(entries, [&] {
    for (; cursor.valid(); cursor.next(), ++seen) {
      keep(cursor.key());
      keep(cursor.value());
    }
  });
  must(seen == entries, "a scan saw the wrong number of entries");
}
void scan() {
  scan_all(compacted());
}
void scan_runs() {
  scan_all(in_runs(true));
}
void scan_back() {
  Db db = compacted();
  auto cursor = db.cursor();
  cursor.seek_to_last();
  std::size_t seen = 0;
  measured(entries, [&] {
    for (; cursor.valid(); cursor.prev(), ++seen) {
      keep(cursor.key());
    }
  });
  must(seen == entries, "a scan saw the wrong number of entries");
}
void seek() {
  Db db = in_runs(true);
  auto keys = shuffled_keys(entries, 1);
  keys.resize(operations);
  auto cursor = db.cursor();
  std::size_t found = 0;
  measured(operations, [&] {
    for (const std::string& key : keys) {
      cursor.seek(key);
      found += cursor.valid() ? 1 : 0;
    }
  });
  must(found + 1 >= operations, "a seek found nothing");
}
void make_cursor() {
  Db db = in_runs(true);
  measured(1'000, [&] {
    for (int i = 0; i < 1'000; ++i) {
      keep(db.cursor());
    }
  });
}

void put_keys(const std::vector<std::string>& keys) {
  Db db = fresh();
  measured(keys.size(), [&] { put_all(db, keys); });
}
void put() {
  put_keys(shuffled_keys(entries));
}
void put_ascending() {
  put_keys(sorted_keys(entries));
}
void put_in_batches() {
  Db db = fresh();
  const auto keys = shuffled_keys(entries);
  measured(entries, [&] {
    for (std::size_t i = 0; i < entries; i += 100) {
      strata::WriteBatch batch;
      for (std::size_t at = i; at < i + 100; ++at) {
        batch.put(keys[at], value);
      }
      must(db.write(batch));
    }
  });
}
void erase() {
  Db db = fresh();
  const auto keys = shuffled_keys(entries);
  put_all(db, keys);
  measured(entries, [&] {
    for (const std::string& key : keys) {
      must(db.erase(key));
    }
  });
}

void flush() {
  Db db = fresh();
  put_all(db, shuffled_keys(entries));
  measured(entries, [&] { must(db.flush()); });
}
void compact() {
  Db db = in_runs(false);
  measured(entries, [&] { must(db.compact()); });
}
void recover() {
  const strata::io::Memory files;
  {
    Db db = open(files);
    put_all(db, shuffled_keys(entries));
    must(db.close());
  }
  measured(entries, [&] {
    Db db = open(files);
    must(must(db.get(key_of(0), [](std::string_view) {})), "a key is lost");
  });
}

}  // namespace

int main(int count, char** arguments) {
  return run(count, arguments,
             {{"get", get},
              {"get_copy", get_copy},
              {"get_missing", get_missing},
              {"get_from_runs", get_from_runs},
              {"get_missing_from_runs", get_missing_from_runs},
              {"get_from_memory", get_from_memory},
              {"make_cursor", make_cursor},
              {"seek", seek},
              {"scan", scan},
              {"scan_back", scan_back},
              {"scan_runs", scan_runs},
              {"put", put},
              {"put_ascending", put_ascending},
              {"put_in_batches", put_in_batches},
              {"erase", erase},
              {"flush", flush},
              {"compact", compact},
              {"recover", recover}});
}
