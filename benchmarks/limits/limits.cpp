// SPDX-License-Identifier: BSL-1.0

/// What the machine can do, so that a figure of an engine can be put beside its limit: the table
/// says what memory, the page cache and the disk under a directory give to one thread.
///
///     bench_limits [directory=/tmp]
///
/// Each figure is the best of three rounds: a limit is what is reached when nothing is in the way.
/// `far` is a table of twice the last cache, so that nearly each access goes to memory.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/hash.hpp>

namespace {

using namespace strata;

constexpr int rounds = 3;

template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// Nanoseconds of one operation, of `work` that does `operations`; the best round.
template <class Work>
double nanoseconds_each(std::size_t operations, Work work) {
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - start;
    best = std::min(best, all.count() / static_cast<double>(operations));
  }
  return best;
}

void print(const std::string& what, double nanoseconds, std::size_t bytes = 0) {
  std::printf("| %-44s | %11.1f | %11.0f |", what.c_str(), nanoseconds, 1e9 / nanoseconds);
  if (bytes == 0) {
    std::printf(" %8s |\n", "");
  } else {
    std::printf(" %8.2f |\n", static_cast<double>(bytes) / nanoseconds);
  }
  std::fflush(stdout);
}

std::string with_unit(std::size_t bytes) {
  return bytes >= 1_MiB ? std::to_string(bytes / 1_MiB) + " MiB"
                        : std::to_string(bytes / 1_KiB) + " KiB";
}

std::size_t far_bytes() {
  const long cache = ::sysconf(_SC_LEVEL3_CACHE_SIZE);
  return std::clamp(static_cast<std::size_t>(std::max(cache, 0L)) * 2, 64_MiB, 1_GiB);
}

// --- memory ----------------------------------------------------------------------------------

void memory_copy(std::size_t bytes) {
  const std::string from(bytes, 'x');
  std::string to(bytes, 'y');
  const std::size_t times = 1_GiB / bytes;
  const double nanoseconds = nanoseconds_each(times, [&] {
    for (std::size_t i = 0; i < times; ++i) {
      std::memcpy(to.data(), from.data(), bytes);
      keep(to);
    }
  });
  print("memory copy, " + with_unit(bytes), nanoseconds, bytes);
}

/// Each load names the place of the next, one in each cache line, in one circle over all of them.
void dependent_loads(std::size_t bytes) {
  constexpr std::size_t words_a_line = 8;
  const std::size_t lines = bytes / 64;
  std::vector<std::uint32_t> order(lines);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  std::vector<std::uint64_t> next(lines * words_a_line);
  for (std::size_t i = 0; i < lines; ++i) {
    next[order[i] * words_a_line] = order[(i + 1) % lines] * words_a_line;
  }
  constexpr std::size_t loads = 5'000'000;
  std::uint64_t at = 0;
  const double nanoseconds = nanoseconds_each(loads, [&] {
    for (std::size_t i = 0; i < loads; ++i) {
      at = next[at];
    }
    keep(at);
  });
  print("dependent load, " + with_unit(bytes), nanoseconds);
}

// --- look-ups --------------------------------------------------------------------------------

/// Half of its slots are taken; a slot is a key, which is not 0, and a value.
class HashTable {
 public:
  explicit HashTable(std::size_t slots) : slots_(slots) {
    for (std::uint64_t i = 1; i <= keys(); ++i) {
      *slot_of(i) = {i, i * 2};
    }
  }
  [[nodiscard]] std::size_t keys() const noexcept { return slots_.size() / 2; }
  [[nodiscard]] std::uint64_t find(std::uint64_t key) noexcept { return slot_of(key)->value; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
  };
  Slot* slot_of(std::uint64_t key) noexcept {
    std::size_t at = mix64(key) & (slots_.size() - 1);
    while (slots_[at].key != key && slots_[at].key != 0) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return &slots_[at];
  }
  std::vector<Slot> slots_;
};

void hash_lookups(std::size_t bytes) {
  HashTable table(std::size_t{1} << (63 - __builtin_clzll(bytes / 16)));
  constexpr std::size_t lookups = 2'000'000;
  std::uint64_t random = 1;
  std::uint64_t sum = 0;
  const double free = nanoseconds_each(lookups, [&] {
    for (std::size_t i = 0; i < lookups; ++i) {
      random = mix64(random + i);
      sum += table.find(1 + random % table.keys());
    }
    keep(sum);
  });
  print("hash look-up, " + with_unit(bytes) + ", overlapping", free);
  const double chained = nanoseconds_each(lookups, [&] {
    for (std::size_t i = 0; i < lookups; ++i) {
      random = mix64(random + table.find(1 + random % table.keys()));
    }
    keep(random);
  });
  print("hash look-up, " + with_unit(bytes) + ", one by one", chained);
}

void sorted_lookups(std::size_t bytes) {
  std::vector<std::uint64_t> sorted(bytes / 8);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sorted[i] = i * 3;
  }
  constexpr std::size_t lookups = 500'000;
  std::uint64_t random = 1;
  const double nanoseconds = nanoseconds_each(lookups, [&] {
    for (std::size_t i = 0; i < lookups; ++i) {
      const std::uint64_t key = mix64(random + i) % (sorted.size() * 3);
      random += *std::lower_bound(sorted.begin(), sorted.end() - 1, key);
    }
    keep(random);
  });
  print("binary search, sorted numbers, " + with_unit(bytes), nanoseconds);
}

void checksums(std::size_t bytes) {
  const std::string data(bytes, 'c');
  const std::size_t times = 256_MiB / bytes;
  const double nanoseconds = nanoseconds_each(times, [&] {
    for (std::size_t i = 0; i < times; ++i) {
      keep(checksum::Crc32c::compute(data));
    }
  });
  print("CRC32C, " + std::to_string(bytes) + " bytes", nanoseconds, bytes);
}

void hash_of_keys() {
  std::string key(16, 'k');
  constexpr std::size_t times = 10'000'000;
  const double nanoseconds = nanoseconds_each(times, [&] {
    for (std::size_t i = 0; i < times; ++i) {
      std::memcpy(key.data(), &i, sizeof i);
      keep(hash64(key));
    }
  });
  print("hash of a 16-byte key", nanoseconds, 16);
}

// --- files -----------------------------------------------------------------------------------

/// A file without a name.
class File {
 public:
  explicit File(const std::string& directory) {
    std::string path = directory + "/strata_limits_XXXXXX";
    descriptor_ = ::mkstemp(path.data());
    if (descriptor_ < 0) {
      die(path.c_str());
    }
    ::unlink(path.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(descriptor_); }

  void write(const std::string& bytes, std::size_t offset) const {
    if (::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size())) {
      die("pwrite");
    }
  }
  void read(std::string& bytes, std::size_t offset) const {
    if (::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size())) {
      die("pread");
    }
  }
  void sync() const {
    if (::fdatasync(descriptor_) != 0) {
      die("fdatasync");
    }
  }

 private:
  int descriptor_;
};

void page_cache(const std::string& directory, std::size_t bytes) {
  constexpr std::size_t file_bytes = 256_MiB;
  const File file(directory);
  std::string block(bytes, 'x');
  const std::size_t blocks = file_bytes / bytes;
  const double appends = nanoseconds_each(blocks, [&] {
    for (std::size_t i = 0; i < blocks; ++i) {
      file.write(block, i * bytes);
    }
  });
  print("write to the page cache, " + with_unit(bytes), appends, bytes);
  std::uint64_t random = 1;
  const double reads = nanoseconds_each(blocks, [&] {
    for (std::size_t i = 0; i < blocks; ++i) {
      random = mix64(random + i);
      file.read(block, random % blocks * bytes);
    }
  });
  print("read from the page cache, " + with_unit(bytes), reads, bytes);
}

void small_appends(const std::string& directory) {
  const File file(directory);
  const std::string record(128, 'r');
  constexpr std::size_t times = 200'000;
  std::size_t end = 0;
  const double nanoseconds = nanoseconds_each(times, [&] {
    for (std::size_t i = 0; i < times; ++i, end += record.size()) {
      file.write(record, end);
    }
  });
  print("append of 128 bytes by a system call", nanoseconds, record.size());
}

void syncs(const std::string& directory) {
  const File file(directory);
  const std::string block(4_KiB, 's');
  constexpr std::size_t times = 300;
  std::size_t end = 0;
  const double nanoseconds = nanoseconds_each(times, [&] {
    for (std::size_t i = 0; i < times; ++i, end += block.size()) {
      file.write(block, end);
      file.sync();
    }
  });
  print("append of 4 KiB and fdatasync", nanoseconds, block.size());
}

}  // namespace

int main(int count, char** arguments) {
  const std::string directory = count > 1 ? arguments[1] : "/tmp";
  const std::size_t far = far_bytes();
  std::printf("| %-44s | %11s | %11s | %8s |\n", "one thread", "ns each", "a second", "GB/s");
  std::printf("|%s|%s|%s|%s|\n", std::string(46, '-').c_str(), std::string(13, '-').c_str(),
              std::string(13, '-').c_str(), std::string(10, '-').c_str());
  for (const std::size_t bytes : {16_KiB, 1_MiB, far}) {
    memory_copy(bytes);
  }
  for (const std::size_t bytes : {16_KiB, 1_MiB, 16_MiB, far}) {
    dependent_loads(bytes);
  }
  for (const std::size_t bytes : {1_MiB, far}) {
    hash_lookups(bytes);
    sorted_lookups(bytes);
  }
  for (const std::size_t bytes : {std::size_t{120}, std::size_t{4'096}}) {
    checksums(bytes);
  }
  hash_of_keys();
  for (const std::size_t bytes : {4_KiB, 1_MiB}) {
    page_cache(directory, bytes);
  }
  small_appends(directory);
  syncs(directory);
  return 0;
}
