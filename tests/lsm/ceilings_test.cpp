// SPDX-License-Identifier: BSL-1.0

/// Under writes that never end, over data that does not grow, an engine uses no more and no more of
/// anything: memory, descriptors and bytes on disk stay under ceilings that its options say.
///
/// STRATA_CEILINGS_SECONDS sets how long it writes (5).

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/lsm_tree.hpp>
#include <strata/table/value_separation.hpp>

#include "../io/temporary_directory.hpp"

using namespace strata;

namespace {

using Default = LsmTree<>;
using Apart = LsmTree<value_separation::ValueLog>;

constexpr std::uint64_t key_count = 20'000;
constexpr std::uint64_t value_bytes = 400;
constexpr std::uint64_t live_bytes = key_count * (value_bytes + 20);
constexpr std::size_t write_buffer_bytes = 1_MiB;
constexpr unsigned immutables_max = 2;
constexpr std::size_t cache_bytes = 2_MiB;
constexpr std::uint64_t file_bytes = 256_KiB;
constexpr std::uint64_t log_bytes_max = 4_MiB;

constexpr unsigned level0_stop = 8;
constexpr std::uint64_t level1_bytes = 2_MiB;

/// What is allowed, from the options above.
struct Ceilings {
  /// Beyond what the process had: memtables, cache, and what merges and the allocator take.
  static constexpr std::uint64_t memory_bytes =
      (immutables_max + 2) * write_buffer_bytes + cache_bytes + 32_MiB;
  /// All that may be live or not yet merged, twice while a merge writes it again, and the log.
  static constexpr std::uint64_t disk_bytes =
      2 * (live_bytes + level1_bytes + (level0_stop + 1) * write_buffer_bytes) + log_bytes_max +
      write_buffer_bytes;
  /// A file each, half full at least, and some for the log, the manifest and the lock.
  static constexpr std::uint64_t descriptors = disk_bytes / (file_bytes / 2) + 16;
};

/// Sanitizers keep freed memory, and a shadow of all of it.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRATA_TEST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(STRATA_TEST_SANITIZED)
constexpr bool memory_is_ours = false;
#else
constexpr bool memory_is_ours = true;
#endif

struct Usage {
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t descriptors = 0;

  void widen(const Usage& other) {
    memory_bytes = std::max(memory_bytes, other.memory_bytes);
    disk_bytes = std::max(disk_bytes, other.disk_bytes);
    descriptors = std::max(descriptors, other.descriptors);
  }
};

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}
std::uint64_t entries_of(const char* directory) {
  const std::filesystem::directory_iterator all(directory);
  return static_cast<std::uint64_t>(std::distance(begin(all), end(all)));
}
/// Files vanish while they are counted.
std::uint64_t bytes_in(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::error_code gone;
    const auto size = entry.file_size(gone);
    bytes += gone ? 0 : size;
  }
  return bytes;
}

/// What the process uses beyond what it used when this was made.
class Meter {
 public:
  explicit Meter(std::string directory)
      : directory_(std::move(directory)),
        before_{resident_bytes(), 0, entries_of("/proc/self/fd")} {}

  [[nodiscard]] Usage usage() const {
    const auto beyond = [](std::uint64_t now, std::uint64_t before) {
      return now > before ? now - before : 0;
    };
    return {beyond(resident_bytes(), before_.memory_bytes), bytes_in(directory_),
            beyond(entries_of("/proc/self/fd"), before_.descriptors)};
  }

 private:
  std::string directory_;
  Usage before_;
};

template <class Db>
Result<Db> open_bounded(const std::string& path) {
  typename Db::Options options;
  options.write_buffer_bytes = write_buffer_bytes;
  options.immutables_max = immutables_max;
  options.cache.capacity_bytes = cache_bytes;
  options.log_bytes_max = log_bytes_max;
  options.wal.segment_bytes = write_buffer_bytes;
  options.compaction.level0_trigger = 2;
  options.compaction.level0_slowdown = 4;
  options.compaction.level0_stop = level0_stop;
  options.compaction.level1_bytes = level1_bytes;
  options.compaction.file_bytes = file_bytes;
  if constexpr (requires { options.value_separation.threshold_bytes; }) {
    options.value_separation = {
        .threshold_bytes = 100, .file_bytes = file_bytes, .garbage_ratio = 0.3};
  }
  return Db::open(path, options);
}

std::string key_of(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "key%08u", static_cast<unsigned>(number));
  return text;
}

/// Overwrites, reads and walks until `stop`; true: without an error.
template <class Db>
bool use(Db& db, const std::atomic<bool>& stop, std::atomic<std::uint64_t>& writes,
         std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string value(value_bytes, 'v');
  while (!stop) {
    for (char& letter : value) {
      letter = static_cast<char>(random());
    }
    const std::string key = key_of(random() % key_count);
    bool is_good = db.put(key, value).has_value() && db.get(key).has_value();
    if (++writes % 5'000 == 0) {
      auto cursor = db.cursor();
      cursor.seek(key);
      for (int i = 0; i < 100 && cursor.valid(); ++i) {
        cursor.next();
      }
      is_good = is_good && cursor.status();
    }
    if (!is_good) {
      return false;
    }
  }
  return true;
}

std::uint64_t seconds_to_write() {
  const char* const text = std::getenv("STRATA_CEILINGS_SECONDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 5;
}

}  // namespace

TEMPLATE_TEST_CASE("under constant overwrites memory, descriptors and disk stay under ceilings",
                   "[ceilings]", Default, Apart) {
  const test::TemporaryDirectory directory;
  const std::string& path = directory.path();
  const Meter meter(path);
  Usage most;
  std::atomic<std::uint64_t> writes{0};
  {
    auto db = open_bounded<TestType>(path);
    REQUIRE(db);
    std::atomic<bool> stop{false};
    bool first = false;
    bool second = false;
    std::thread one([&] { first = use(*db, stop, writes, 1); });
    std::thread other([&] { second = use(*db, stop, writes, 2); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_to_write());
    while (std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      most.widen(meter.usage());
    }
    stop = true;
    one.join();
    other.join();
    CHECK(first);
    CHECK(second);
    CHECK(db->close());
  }
  CHECK(meter.usage().descriptors == 0);
  WARN("ceilings: " << writes << " writes, " << (most.memory_bytes >> 10U) << " of "
                    << (Ceilings::memory_bytes >> 10U) << " KiB of memory, "
                    << (most.disk_bytes >> 10U) << " of " << (Ceilings::disk_bytes >> 10U)
                    << " KiB on disk, " << most.descriptors << " of " << Ceilings::descriptors
                    << " descriptors");
  CHECK((!memory_is_ours || most.memory_bytes <= Ceilings::memory_bytes));
  CHECK(most.disk_bytes <= Ceilings::disk_bytes);
  CHECK(most.descriptors <= Ceilings::descriptors);
}
