// SPDX-License-Identifier: BSL-1.0
#pragma once

/// LevelDB, built by peers.sh, after its doc/index.md: a cache, a Bloom filter of 10 bits a key, a
/// large write buffer ("performance" and "filters"). It has two write buffers and one background
/// thread, both by design, and no way of its own to load in bulk: sorted batches stand in for it.

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine.hpp"

namespace compare {

class LevelDb {
  static void check(const leveldb::Status& status) {
    if (!status.ok()) {
      die("LevelDB: " + status.ToString());
    }
  }
  static leveldb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
  static std::string_view view(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

 public:
  static constexpr std::string_view name = "LevelDB";
  static constexpr std::string_view configuration =
      "Bloom 10 bits, LRU cache, two write buffers (by design), block_size 4 KiB, log written, "
      "sync per commit in synced rows; bulk load by sorted batches of 1000";
  static constexpr bool is_lsm = true;
  static std::string version() {
    return std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion);
  }

  class Session {
   public:
    Session(leveldb::DB& db, bool synced) : db_(&db) { write_.sync = synced; }
    void put(std::string_view key, std::string_view value) {
      check(db_->Put(write_, slice(key), slice(value)));
    }
    void write(const std::vector<Pair>& pairs) {
      batch_.Clear();
      for (const Pair& pair : pairs) {
        batch_.Put(slice(pair.key), slice(pair.value));
      }
      check(db_->Write(write_, &batch_));
    }
    void erase(std::string_view key) { check(db_->Delete(write_, slice(key))); }
    template <class Visit>
    bool get(std::string_view key, Visit visit) {
      const auto status = db_->Get({}, slice(key), &value_);
      if (status.IsNotFound()) {
        return false;
      }
      check(status);
      visit(std::string_view(value_));
      return true;
    }
    template <class Visit>
    void scan(std::string_view from, Visit visit) {
      const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator({}));
      if (from.empty()) {
        it->SeekToFirst();
      } else {
        it->Seek(slice(from));
      }
      for (; it->Valid() && visit(view(it->key()), view(it->value())); it->Next()) {
      }
      check(it->status());
    }

   private:
    leveldb::DB* db_;
    leveldb::WriteOptions write_;
    leveldb::WriteBatch batch_;
    std::string value_;
  };

  void open(const Setup& setup) {
    cache_.reset(leveldb::NewLRUCache(setup.cache_bytes));
    filter_.reset(leveldb::NewBloomFilterPolicy(10));
    leveldb::Options options;
    options.create_if_missing = true;
    options.compression = leveldb::kNoCompression;
    options.write_buffer_size = setup.write_buffer_bytes;
    options.block_cache = cache_.get();
    options.filter_policy = filter_.get();
    leveldb::DB* raw = nullptr;
    check(leveldb::DB::Open(options, setup.directory, &raw));
    db_.reset(raw);
    synced_ = setup.synced;
  }
  [[nodiscard]] Session session() { return Session(*db_, synced_); }
  void settle() { db_->CompactRange(nullptr, nullptr); }
  template <class Source>
  void bulk_load(Source& source) {
    leveldb::WriteBatch batch;
    leveldb::WriteOptions options;
    Pair pair;
    for (bool more = source(pair); more;) {
      batch.Clear();
      for (std::size_t i = 0; more && i < 1000; ++i, more = source(pair)) {
        batch.Put(slice(pair.key), slice(pair.value));
      }
      options.sync = !more;
      check(db_->Write(options, &batch));
    }
  }
  void close() { db_.reset(); }

 private:
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;
  bool synced_ = false;
};
static_assert(Engine<LevelDb>);

}  // namespace compare
