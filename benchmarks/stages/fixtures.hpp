// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the stages work on: sixteen-digit keys with values of 100 bytes, tables of them in memory,
/// a database of them under $TMPDIR or /tmp.

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/cache/s3_fifo.hpp>
#include <strata/compression/none.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/destroy.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/index.hpp>
#include <strata/table/reader.hpp>

namespace stages {

using namespace strata;

inline constexpr std::size_t entries = 1'000'000;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", to_string(result.error()).c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

/// Even numbers are present, odd ones are not.
inline std::string key_of(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(16 - digits.size(), '0') + digits;
}
/// Side by side in memory: whoever takes the next one does not wait for it.
class Key {
 public:
  explicit Key(std::uint64_t number) { key_of(number).copy(bytes_.data(), bytes_.size()); }
  operator std::string_view() const noexcept {  // NOLINT(google-explicit-constructor)
    return {bytes_.data(), bytes_.size()};
  }

 private:
  std::array<char, 16> bytes_{};
};
inline std::vector<Key> shuffled_keys(std::uint64_t offset) {
  std::vector<Key> keys;
  keys.reserve(entries);
  for (std::uint64_t i = 0; i < entries; ++i) {
    keys.emplace_back(2 * i + offset);
  }
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(42));
  return keys;
}
inline const std::string value(100, 'v');

struct Spec {
  using FileSystem = io::Memory;
  using Comparator = comparator::Bytewise;
  using Filter = filter::Bloom;
  using Index = index::Binary;
  using Compression = compression::None;
  using Checksum = checksum::Crc32c;
};
using Cache = cache::S3Fifo::type<table::BlockKey, table::Block, table::BlockKeyHash>;
using Reader = table::Reader<Spec, Cache>;

/// Table 1 of `files`, of `count` entries from `first` on in steps of `step`.
inline void build_table(io::Memory& files, std::uint64_t number, std::uint64_t first,
                        std::uint64_t step, std::size_t count) {
  auto builder =
      must(table::Builder<Spec>::create(files, std::to_string(number) + ".table", number, {}));
  for (std::size_t i = 0; i < count; ++i) {
    must(builder.add(key_of(first + i * step), Trailer(1, EntryKind::put), value));
  }
  must(builder.finish());
}

/// `count` tables whose keys interleave, all of their blocks in the cache.
struct Tables {
  io::Memory files;
  Cache cache{{.capacity_bytes = 1_GiB}};
  std::vector<std::unique_ptr<Reader>> readers;

  explicit Tables(std::size_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      build_table(files, i + 1, 2 * i, 2 * count, entries / count);
      readers.push_back(
          must(Reader::open(files, std::to_string(i + 1) + ".table", {.number = i + 1}, cache)));
      Reader::Cursor cursor(*readers.back(), {});
      for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      }
      must(cursor.status());
    }
  }
};

/// A directory of its own, gone with it.
class Directory {
 public:
  Directory() {
    const char* const base = ::getenv("TMPDIR");
    path_ = io::join(base != nullptr ? base : "/tmp", "strata_stages_XXXXXX");
    if (::mkdtemp(path_.data()) == nullptr) {
      std::perror(path_.c_str());
      std::exit(1);
    }
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { (void)io::Posix().remove_directory(path_); }
  [[nodiscard]] std::string join(std::string_view name) const { return io::join(path_, name); }

 private:
  std::string path_;
};

/// What it writes stays in its memtable until it is flushed by hand, in the calling thread.
class Scratch {
 public:
  using Tree = LsmTree<executor::Inline>;

  Scratch() : tree_(open(directory_.join("db"))) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    (void)tree_.close();
    (void)destroy(directory_.join("db"));
  }
  Tree* operator->() noexcept { return &tree_; }

 private:
  static Tree open(const std::string& path) {
    Tree::Options options;
    options.cache.capacity_bytes = 1_GiB;
    options.write_buffer_bytes = 1_GiB;
    options.compaction.level0_trigger = 16;
    options.subcompactions = 1;
    return must(Tree::open(path, std::move(options)));
  }
  Directory directory_;
  Tree tree_;
};

}  // namespace stages
