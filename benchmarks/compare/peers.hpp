// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The engines under comparison, behind one small interface.
///
/// Each adapter: `static constexpr name`; `open(directory, memory_bytes)`; `put`; `write(batch of n
/// pairs)`; `get -> found`; `scan -> entries`; `finish` (settle after a fill); `bytes_on_disk`.
/// All run unsynced (their common default) and without compression, with 64 MiB of write buffer,
/// the same cache and 10 bits a key of Bloom filter where there is such a thing. LMDB has the page
/// cache. A failure of any call ends the program: a benchmark of errors is worth nothing.

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <lmdb.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <strata/lsm_tree.hpp>

namespace compare {

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "compare: %s\n", what.c_str());
  std::exit(1);
}

inline constexpr std::size_t write_buffer_bytes = 64 << 20;

struct Strata {
  static constexpr const char* name = "strata";
  std::optional<strata::LsmTree<>> db;

  static void check(const strata::Result<void>& result) {
    if (!result) {
      die(strata::to_string(result.error()));
    }
  }
  void open(const std::string& directory, std::size_t cache_bytes) {
    auto opened = strata::LsmTree<>::open(directory, {.cache = {.capacity_bytes = cache_bytes},
                                                      .write_buffer_bytes = write_buffer_bytes});
    if (!opened) {
      die(strata::to_string(opened.error()));
    }
    db.emplace(std::move(*opened));
  }
  void put(std::string_view key, std::string_view value) { check(db->put(key, value)); }
  [[nodiscard]] bool get(std::string_view key) {
    auto found = db->get(key, [](std::string_view) {});
    if (!found) {
      die(strata::to_string(found.error()));
    }
    return *found;
  }
  template <class Visit>
  void scan(Visit visit) {
    auto cursor = db->cursor();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      visit(cursor.key(), cursor.value());
    }
    check(cursor.status());
  }
  void settle() { check(db->compact()); }
  void close() {
    check(db->close());
    db.reset();
  }
};

struct RocksDb {
  static constexpr const char* name = "RocksDB";
  std::unique_ptr<rocksdb::DB> db;

  static void check(const rocksdb::Status& status) {
    if (!status.ok()) {
      die(status.ToString());
    }
  }
  void open(const std::string& directory, std::size_t cache_bytes) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.write_buffer_size = write_buffer_bytes;
    options.max_background_jobs = 3;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* raw = nullptr;
    check(rocksdb::DB::Open(options, directory, &raw));
    db.reset(raw);
  }
  void put(std::string_view key, std::string_view value) {
    check(db->Put({}, {key.data(), key.size()}, {value.data(), value.size()}));
  }
  [[nodiscard]] bool get(std::string_view key) {
    rocksdb::PinnableSlice value;
    const auto status = db->Get({}, db->DefaultColumnFamily(), {key.data(), key.size()}, &value);
    if (!status.ok() && !status.IsNotFound()) {
      die(status.ToString());
    }
    return status.ok();
  }
  template <class Visit>
  void scan(Visit visit) {
    std::unique_ptr<rocksdb::Iterator> it(db->NewIterator({}));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      visit(std::string_view(it->key().data(), it->key().size()),
            std::string_view(it->value().data(), it->value().size()));
    }
    check(it->status());
  }
  void settle() { check(db->CompactRange({}, nullptr, nullptr)); }
  void close() { db.reset(); }
};

struct LevelDb {
  static constexpr const char* name = "LevelDB";
  std::unique_ptr<leveldb::DB> db;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter;

  static void check(const leveldb::Status& status) {
    if (!status.ok()) {
      die(status.ToString());
    }
  }
  void open(const std::string& directory, std::size_t cache_bytes) {
    cache.reset(leveldb::NewLRUCache(cache_bytes));
    filter.reset(leveldb::NewBloomFilterPolicy(10));
    leveldb::Options options;
    options.create_if_missing = true;
    options.compression = leveldb::kNoCompression;
    options.write_buffer_size = write_buffer_bytes;
    options.block_cache = cache.get();
    options.filter_policy = filter.get();
    leveldb::DB* raw = nullptr;
    check(leveldb::DB::Open(options, directory, &raw));
    db.reset(raw);
  }
  void put(std::string_view key, std::string_view value) {
    check(db->Put({}, {key.data(), key.size()}, {value.data(), value.size()}));
  }
  [[nodiscard]] bool get(std::string_view key) {
    thread_local std::string value;
    const auto status = db->Get({}, {key.data(), key.size()}, &value);
    if (!status.ok() && !status.IsNotFound()) {
      die(status.ToString());
    }
    return status.ok();
  }
  template <class Visit>
  void scan(Visit visit) {
    std::unique_ptr<leveldb::Iterator> it(db->NewIterator({}));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      visit(std::string_view(it->key().data(), it->key().size()),
            std::string_view(it->value().data(), it->value().size()));
    }
    check(it->status());
  }
  void settle() { db->CompactRange(nullptr, nullptr); }
  void close() { db.reset(); }
};

/// One transaction a put, NOSYNC and WRITEMAP: nothing is synced, as with the others.
struct Lmdb {
  static constexpr const char* name = "LMDB";
  MDB_env* env = nullptr;
  MDB_dbi dbi = 0;

  static void check(int code) {
    if (code != 0) {
      die(mdb_strerror(code));
    }
  }
  void open(const std::string& directory, std::size_t) {
    std::filesystem::create_directories(directory);
    check(mdb_env_create(&env));
    check(mdb_env_set_mapsize(env, std::size_t{16} << 30));
    check(mdb_env_open(env, directory.c_str(), MDB_NOSYNC | MDB_WRITEMAP | MDB_NORDAHEAD, 0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &dbi));
    check(mdb_txn_commit(txn));
  }
  static MDB_val value_of(std::string_view bytes) {
    return {bytes.size(), const_cast<char*>(bytes.data())};
  }
  void put(std::string_view key, std::string_view value) {
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env, nullptr, 0, &txn));
    MDB_val k = value_of(key);
    MDB_val v = value_of(value);
    check(mdb_put(txn, dbi, &k, &v, 0));
    check(mdb_txn_commit(txn));
  }
  [[nodiscard]] bool get(std::string_view key) {
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn));
    MDB_val k = value_of(key);
    MDB_val v;
    const int code = mdb_get(txn, dbi, &k, &v);
    mdb_txn_abort(txn);
    if (code != 0 && code != MDB_NOTFOUND) {
      check(code);
    }
    return code == 0;
  }
  template <class Visit>
  void scan(Visit visit) {
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn));
    MDB_cursor* cursor = nullptr;
    check(mdb_cursor_open(txn, dbi, &cursor));
    MDB_val k;
    MDB_val v;
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
      visit(std::string_view(static_cast<char*>(k.mv_data), k.mv_size),
            std::string_view(static_cast<char*>(v.mv_data), v.mv_size));
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
  }
  void settle() {}
  void close() { mdb_env_close(env); }
};

}  // namespace compare
