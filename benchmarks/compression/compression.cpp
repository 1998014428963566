// SPDX-License-Identifier: BSL-1.0

/// Codecs beside each other on real data: a table in memory for each data set, codec and size of
/// blocks, written, read key by key in random order without a cache, and scanned.
///
///     bench_compression [rounds]     data from $STRATA_DATA, or examples/data
///
/// A row: size of the whole table in percent of its keys and values; MB of these a second when
/// written and when scanned; microseconds for a read of one key. Time of the processor, the best of
/// the rounds, which take turns.

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/cache/lru.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/filter/none.hpp>
#include <strata/io/memory.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/index.hpp>
#include <strata/table/reader.hpp>

namespace {

using namespace strata;
using Records = std::map<std::string, std::string>;

template <class C>
struct Spec {
  using FileSystem = io::Memory;
  using Comparator = comparator::Bytewise;
  using Filter = filter::None;
  using Index = index::Binary;
  using Compression = C;
  using Checksum = checksum::Crc32c;
};
using Cache = cache::Lru::type<table::BlockKey, table::Block, table::BlockKeyHash>;

/// One line, one record: its key is what stands before `separator`, or all of it.
Records read_lines(const std::string& path, char separator) {
  const char* const directory = std::getenv("STRATA_DATA");
  std::ifstream file(std::string(directory != nullptr ? directory : "examples/data") + "/" + path);
  Records records;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) {
      records.emplace(line.substr(0, line.find(separator)), line);
    }
  }
  return records;
}

double now_seconds() {
  timespec now{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Measured {
  std::uint64_t data_bytes = 0;
  double write_seconds = 1e9;
  double scan_seconds = 1e9;
  double get_seconds = 1e9;
};

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

template <class C>
void measure(Measured& best, const Records& records, const std::vector<std::string_view>& targets,
             std::size_t block_bytes, const options_of_t<C>& codec) {
  using Builder = table::Builder<Spec<C>>;
  using Reader = table::Reader<Spec<C>, Cache>;
  io::Memory fs;
  (void)fs.create_directory("db");
  typename Builder::Options options;
  options.block_bytes = block_bytes;
  options.compression = codec;

  double start = now_seconds();
  auto builder = Builder::create(fs, "db/1.table", 1, options);
  Sequence sequence = 0;
  for (const auto& [key, value] : records) {
    (void)builder->add(key, Trailer(++sequence, EntryKind::put), value);
  }
  const auto info = builder->finish();
  best.write_seconds = std::min(best.write_seconds, now_seconds() - start);

  Cache cache{{}};
  auto opened = Reader::open(fs, "db/1.table", {.number = 1}, cache);
  if (!info || !opened) {
    stop("a table is not written or not read");
  }
  const Reader& reader = **opened;
  best.data_bytes = info->size_bytes;
  const table::ReadOptions uncached{.fill_cache = false, .use_cache = false};
  start = now_seconds();
  typename Reader::Cursor cursor(reader, uncached);
  std::size_t seen = 0;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    ++seen;
  }
  best.scan_seconds = std::min(best.scan_seconds, now_seconds() - start);
  start = now_seconds();
  for (const std::string_view target : targets) {
    const filter::Probe<filter::None> probe(target);
    std::size_t found = 0;
    const auto read =
        reader.get(target, sequence_max, probe, uncached, [&](Trailer, std::string_view value) {
          found = value.size();
          return false;
        });
    if (!read || found == 0) {
      stop("a key is not found");
    }
  }
  best.get_seconds = std::min(best.get_seconds, now_seconds() - start);
  if (seen != records.size()) {
    stop("a scan does not see all");
  }
}

struct Row {
  std::string codec;
  void (*measure)(Measured&, const Records&, const std::vector<std::string_view>&, std::size_t,
                  const compression::Zstd::Options&);
  compression::Zstd::Options options;
  Measured best;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  all.push_back(
      {"none",
       [](Measured& best, const Records& records, const std::vector<std::string_view>& targets,
          std::size_t block_bytes, const compression::Zstd::Options&) {
         measure<compression::None>(best, records, targets, block_bytes, {});
       },
       {},
       {}});
  all.push_back(all[0]);
  all[1].codec = "lz4";
  all[1].measure = [](Measured& best, const Records& records,
                      const std::vector<std::string_view>& targets, std::size_t block_bytes,
                      const compression::Zstd::Options&) {
    measure<compression::Lz4>(best, records, targets, block_bytes, {});
  };
  for (const int level : {-5, 1, 3, 6, 12, 19}) {
    for (const std::size_t dictionary_bytes : {std::size_t{0}, 4_KiB}) {
      all.push_back({"zstd " + std::to_string(level) + (dictionary_bytes != 0 ? " + 4K" : ""),
                     &measure<compression::Zstd>,
                     {.level = level, .dictionary_bytes = dictionary_bytes},
                     {}});
    }
  }
  return all;
}

void compare(const std::string& path, char separator, unsigned rounds) {
  const Records records = read_lines(path, separator);
  if (records.empty()) {
    stop(path + " is not there; set STRATA_DATA to the directory that has it");
  }
  std::uint64_t raw_bytes = 0;
  std::vector<std::string_view> targets;
  for (const auto& [key, value] : records) {
    raw_bytes += key.size() + value.size();
    targets.push_back(key);
  }
  std::shuffle(targets.begin(), targets.end(), std::mt19937_64(1));
  targets.resize(std::min<std::size_t>(targets.size(), 2'000));
  std::printf("%s: %zu records, %llu bytes\n", path.c_str(), records.size(),
              static_cast<unsigned long long>(raw_bytes));
  for (const std::size_t block_bytes : {4_KiB, 16_KiB, 64_KiB}) {
    std::vector<Row> all = rows();
    for (unsigned round = 0; round < rounds; ++round) {
      for (Row& row : all) {
        row.measure(row.best, records, targets, block_bytes, row.options);
      }
    }
    std::printf("%-14s %6s %8s %8s %8s   blocks of %zu KiB\n", "codec", "size %", "write", "scan",
                "get us", block_bytes / 1'024);
    const double megabytes = static_cast<double>(raw_bytes) / 1e6;
    for (const Row& row : all) {
      std::printf("%-14s %6.1f %8.1f %8.0f %8.1f\n", row.codec.c_str(),
                  100.0 * static_cast<double>(row.best.data_bytes) / static_cast<double>(raw_bytes),
                  megabytes / row.best.write_seconds, megabytes / row.best.scan_seconds,
                  row.best.get_seconds * 1e6 / static_cast<double>(targets.size()));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned rounds = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 5;
  compare("documents/earthquakes.ndjson", ',', rounds);
  compare("documents/countries.ndjson", ',', rounds);
  compare("documents/cities15000.csv", ',', rounds);
  compare("kv/public_suffix_list.dat", ' ', rounds);
}
