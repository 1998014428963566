// SPDX-License-Identifier: BSL-1.0
#pragma once

/// RocksDB, built by peers.sh, after its wiki: "Setup Options and Basic Tuning" (dynamic level
/// sizes, compactions by overlap, index and filters in the cache with those of level 0 pinned,
/// format 5, background jobs for the cores), "RocksDB Bloom Filter" (10 bits a key) and the
/// function `OptimizeForPointLookup` (a hash index in each block, a Bloom filter beside the
/// memtable). Blocks keep the 4 KiB of the default: the wiki's 16 KiB, meant for disks, read no
/// faster here, and slower where the cache is small. `bytes_per_sync` stays 0: it would sync in
/// unsynced rows. An LRU cache: this version calls its HyperClockCache experimental, and it was no
/// faster with one or two threads.

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine.hpp"

namespace compare {

class RocksDb {
  static void check(const rocksdb::Status& status) {
    if (!status.ok()) {
      die("RocksDB: " + status.ToString());
    }
  }
  static rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
  static std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

 public:
  static constexpr std::string_view name = "RocksDB";
  static constexpr std::string_view configuration =
      "level compaction, level_compaction_dynamic_level_bytes, max_background_jobs 3, Bloom 10 "
      "bits, LRU cache with pinned level 0 index and filters, block hash index, memtable Bloom, "
      "format_version 5, block_size 4 KiB, WAL written, sync per commit in synced rows; "
      "SstFileWriter and IngestExternalFile";
  static constexpr bool is_lsm = true;
  static std::string version() {
    return std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
           std::to_string(ROCKSDB_PATCH);
  }

  class Session {
   public:
    Session(rocksdb::DB& db, bool synced) : db_(&db) { write_.sync = synced; }
    void put(std::string_view key, std::string_view value) {
      check(db_->Put(write_, slice(key), slice(value)));
    }
    void write(const std::vector<Pair>& pairs) {
      batch_.Clear();
      for (const Pair& pair : pairs) {
        check(batch_.Put(slice(pair.key), slice(pair.value)));
      }
      check(db_->Write(write_, &batch_));
    }
    void erase(std::string_view key) { check(db_->Delete(write_, slice(key))); }
    template <class Visit>
    bool get(std::string_view key, Visit visit) {
      value_.Reset();
      const auto status = db_->Get({}, db_->DefaultColumnFamily(), slice(key), &value_);
      if (status.IsNotFound()) {
        return false;
      }
      check(status);
      visit(view(value_));
      return true;
    }
    template <class Visit>
    void scan(std::string_view from, Visit visit) {
      const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
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
    rocksdb::DB* db_;
    rocksdb::WriteOptions write_;
    rocksdb::WriteBatch batch_;
    rocksdb::PinnableSlice value_;
  };

  void open(const Setup& setup) {
    options_ = options_of(setup);
    directory_ = setup.directory;
    synced_ = setup.synced;
    rocksdb::DB* raw = nullptr;
    check(rocksdb::DB::Open(options_, directory_, &raw));
    db_.reset(raw);
  }
  [[nodiscard]] Session session() { return Session(*db_, synced_); }
  void settle() {
    rocksdb::CompactRangeOptions options;
    options.max_subcompactions = 2;
    check(db_->CompactRange(options, nullptr, nullptr));
  }
  template <class Source>
  void bulk_load(Source& source) {
    constexpr std::uint64_t file_bytes = std::uint64_t{64} << 20;
    std::vector<std::string> files;
    Pair pair;
    for (bool more = source(pair); more;) {
      files.push_back(directory_ + "/bulk" + std::to_string(files.size()) + ".sst");
      rocksdb::SstFileWriter writer({}, options_);
      check(writer.Open(files.back()));
      for (; more && writer.FileSize() < file_bytes; more = source(pair)) {
        check(writer.Put(slice(pair.key), slice(pair.value)));
      }
      check(writer.Finish());
    }
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    check(db_->IngestExternalFile(files, ingest));
  }
  void close() {
    check(db_->Close());
    db_.reset();
  }

 private:
  static rocksdb::Options options_of(const Setup& setup) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.write_buffer_size = setup.write_buffer_bytes;
    options.max_write_buffer_number = static_cast<int>(Setup::write_buffers);
    options.max_total_wal_size = std::numeric_limits<std::uint64_t>::max();
    options.max_background_jobs = 3;  // as many as the threads that strata has by default
    options.max_subcompactions = 2;
    options.level_compaction_dynamic_level_bytes = true;
    options.compaction_pri = rocksdb::kMinOverlappingRatio;
    options.memtable_prefix_bloom_size_ratio = 0.02;
    options.memtable_whole_key_filtering = true;

    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(setup.cache_bytes);
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    table.data_block_hash_table_util_ratio = 0.75;
    table.format_version = 5;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
  }

  rocksdb::Options options_;
  std::string directory_;
  bool synced_ = false;
  std::unique_ptr<rocksdb::DB> db_;
};
static_assert(Engine<RocksDb>);

}  // namespace compare
