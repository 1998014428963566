// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What strata/table/table.hpp asks of a table format, checked on any: a table gives back every
/// version that was added, by key and by cursor in both directions, and what was damaged is an
/// error.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/cache/none.hpp>
#include <strata/compression/none.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/table/index.hpp>
#include <strata/table/table.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

template <TableFormatPolicy T>
class TableFormatProbe {
  struct Spec {
    using FileSystem = io::Memory;
    using Comparator = comparator::Bytewise;
    using Filter = filter::Bloom;
    using Index = index::Binary;
    using Compression = compression::None;
    using Checksum = checksum::Crc32c;
  };
  using Cache = cache::None::type<table::BlockKey, table::Block, table::BlockKeyHash>;
  using Builder = typename T::template builder<Spec>;
  using Reader = typename T::template reader<Spec, Cache>;
  struct Before {
    bool operator()(const auto& a, const auto& b) const noexcept {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    }
  };
  using Entries = std::map<std::pair<std::string, Trailer>, std::string, Before>;

 public:
  explicit TableFormatProbe(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Conformance run() {
    for (const std::size_t count : {1U, 10U, 1000U}) {
      fill(count);
      if (!build()) {
        continue;
      }
      auto reader = Reader::open(fs_, path, {.number = 12}, cache_);
      found_.expect(reader.has_value(), "what was finished can be opened");
      if (reader) {
        check_scans(**reader);
        check_gets(**reader);
        found_.expect((*reader)->verify().has_value(), "what was finished is whole");
      }
      check_damage();
    }
    return std::move(found_);
  }

 private:
  static constexpr const char* path = "table";

  void fill(std::size_t count) {
    entries_.clear();
    for (Sequence sequence = 1; sequence <= count; ++sequence) {
      const std::string key = "key" + std::to_string(random_() % count);
      const EntryKind kind = random_() % 4 == 0 ? EntryKind::erase : EntryKind::put;
      entries_[{key, {sequence, kind}}] = std::string(random_() % 200, 'v');
    }
  }
  bool build() {
    (void)fs_.remove(path);
    auto builder = Builder::create(fs_, path, 12, {.block_bytes = 512});
    found_.expect(builder.has_value(), "a builder makes its file");
    if (!builder) {
      return false;
    }
    for (const auto& [version, value] : entries_) {
      found_.expect(builder->add(version.first, version.second, value).has_value(),
                    "a builder takes entries in order");
    }
    found_.expect(builder->entries() == entries_.size(), "a builder counts its entries");
    const auto info = builder->finish();
    found_.expect(info.has_value(), "a table is finished");
    return info.has_value();
  }
  void check_scans(const Reader& reader) {
    typename Reader::Cursor cursor(reader, {});
    auto at = entries_.begin();
    for (cursor.seek_to_first(); cursor.valid() && at != entries_.end(); cursor.next(), ++at) {
      expect_at(cursor, at->first, at->second);
    }
    found_.expect(!cursor.valid() && at == entries_.end(), "a scan meets every version");
    auto back = entries_.rbegin();
    for (cursor.seek_to_last(); cursor.valid() && back != entries_.rend(); cursor.prev(), ++back) {
      expect_at(cursor, back->first, back->second);
    }
    found_.expect(!cursor.valid() && back == entries_.rend(), "so does a scan backwards");
    for (const auto& [version, value] : entries_) {
      cursor.seek(version.first, version.second.sequence());
      expect_at(cursor, version, value);
    }
    found_.expect(cursor.status().has_value(), "cursors over a whole table do not fail");
  }
  void expect_at(const typename Reader::Cursor& cursor, const std::pair<std::string, Trailer>& key,
                 const std::string& value) {
    found_.expect(cursor.valid() && cursor.key() == key.first && cursor.trailer() == key.second &&
                      cursor.value() == value,
                  "a cursor shows what was added, in order");
  }
  void check_gets(const Reader& reader) {
    for (const auto& [version, value] : entries_) {
      found_.expect(get(reader, version.first, version.second.sequence()) == value,
                    "a version is found by its key");
      found_.expect(get(reader, version.first + "x", sequence_max).empty(),
                    "a key that was not added is not found");
    }
  }
  [[nodiscard]] std::string get(const Reader& reader, const std::string& key, Sequence sequence) {
    std::string newest;
    const filter::Probe<filter::Bloom> probe(key);
    const auto done = reader.get(key, sequence, probe, {}, [&](Trailer, std::string_view value) {
      newest = value;
      return false;
    });
    found_.expect(done.has_value(), "a whole table can be read");
    return newest;
  }
  /// Each byte of some: an error, or the answers of before.
  void check_damage() {
    const std::string whole = *io::read_file(fs_, path);
    for (int round = 0; round < 200; ++round) {
      std::string bytes = whole;
      const std::size_t at = random_() % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_() % 8));
      (void)fs_.remove(path);
      (void)io::write_file_durably(fs_, path, bytes);
      const auto reader = Reader::open(fs_, path, {.number = 12}, cache_);
      found_.expect(!reader || !(*reader)->verify(),
                    "a flipped bit is an error, at open or when it is looked for");
    }
  }

  io::Memory fs_;
  Cache cache_{{}};
  std::mt19937_64 random_;
  Entries entries_;
  Conformance found_;
};

}  // namespace detail

template <TableFormatPolicy T>
[[nodiscard]] Conformance table_format_conformance(std::uint64_t seed = 1) {
  return detail::TableFormatProbe<T>(seed).run();
}

}  // namespace strata::testing
