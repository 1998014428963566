// SPDX-License-Identifier: BSL-1.0

/// Values in tables and beside them: what is written, and what a read and a scan take.
///
/// 192 MiB of random overwrites over 48 MiB of live values, in memtables of 2 MiB and levels from
/// 8 MiB up, background work in the caller's thread; then random gets and one scan of everything,
/// with the files in the page cache and a block cache of 8 MiB. Argument: a directory for the
/// files. Printed, for each size of values:
///
/// - write: bytes written to tables and value files for each byte flushed
/// - space: bytes of tables and value files for each byte of live values
/// - load, get, scan: microseconds a write; a get; a value of the scan

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include <strata/lsm/destroy.hpp>
#include <strata/lsm_tree.hpp>

namespace {

using namespace strata;

std::string key_of(std::uint64_t number) {
  char key[24];
  std::snprintf(key, sizeof key, "key%012llu", static_cast<unsigned long long>(number));
  return key;
}

class Stopwatch {
 public:
  [[nodiscard]] double microseconds_each(std::uint64_t count) const {
    const std::chrono::duration<double, std::micro> all = std::chrono::steady_clock::now() - start_;
    return all.count() / static_cast<double>(count);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

bool failed(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return false;
}

template <class Db>
bool run(const char* name, const std::string& path, std::size_t value_bytes) {
  typename Db::Options options;
  options.write_buffer_bytes = 2_MiB;
  options.compaction.level1_bytes = 8_MiB;
  options.compaction.file_bytes = 2_MiB;
  options.cache.capacity_bytes = 8_MiB;
  if constexpr (requires { options.value_separation.threshold_bytes; }) {
    options.value_separation = {.threshold_bytes = 1_KiB, .file_bytes = 16_MiB};
  }
  auto db = Db::open(path, options);
  if (!db) {
    return failed(db.error().message());
  }
  const std::uint64_t keys = 48_MiB / value_bytes;
  const std::uint64_t writes = 4 * keys;
  std::mt19937_64 random(1);
  std::string value(value_bytes, 'v');
  const Stopwatch loading;
  for (std::uint64_t i = 0; i < writes; ++i) {
    value[i % value_bytes] = static_cast<char>(random());
    if (auto put = db->put(key_of(random() % keys), value); !put) {
      return failed(put.error().message());
    }
  }
  if (auto flushed = db->flush(); !flushed) {
    return failed(flushed.error().message());
  }
  const double load = loading.microseconds_each(writes);
  const std::uint64_t gets = 200'000;
  const Stopwatch getting;
  for (std::uint64_t i = 0; i < gets; ++i) {
    if (auto got = db->get(key_of(random() % keys)); !got) {
      return failed(got.error().message());
    }
  }
  const double get = getting.microseconds_each(gets);
  std::uint64_t live = 0;
  std::uint64_t seen = 0;
  const Stopwatch scanning;
  {
    auto cursor = db->cursor();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next(), ++seen) {
      live += cursor.value().size();
    }
    if (auto read = cursor.status(); !read) {
      return failed(read.error().message());
    }
  }
  const double scan = scanning.microseconds_each(seen);
  const auto stats = db->stats();
  const auto on_disk =
      static_cast<double>(stats.table_bytes() + stats.families.front().value_bytes);
  std::printf("%6zu  %-9s %6.2f %6.2f %7.1f %6.2f %6.2f\n", value_bytes, name,
              stats.write_amplification(), on_disk / static_cast<double>(live), load, get, scan);
  std::fflush(stdout);
  db = fail(ErrorCode::closed, "closed");
  return destroy(path).has_value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "%s <directory>: it makes and removes a database in it\n", argv[0]);
    return 2;
  }
  const std::string path = std::string(argv[1]) + "/bench_value_separation";
  std::printf(" bytes  values     write  space    load    get   scan\n");
  for (const std::size_t bytes : {1_KiB, 4_KiB, 16_KiB}) {
    using Plain = LsmTree<executor::Inline>;
    using Apart = LsmTree<executor::Inline, value_separation::ValueLog>;
    if (!run<Plain>("in tables", path, bytes) || !run<Apart>("apart", path, bytes)) {
      return 1;
    }
  }
  return 0;
}
