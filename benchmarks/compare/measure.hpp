// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a row reports: speed, latencies, processor time, memory, bytes on the disk and to it.
///
/// Latencies go into buckets that are 3 % wide. Only each `sample_every`-th operation is timed, so
/// that the clock does not become the work; the speed is that of all of them. Bytes written are
/// those of pages that became dirty on the way to a disk (`write_bytes` of /proc/self/io): of
/// mappings, too, and once for a page that is written again before it goes out. Peak memory and
/// all counters are of this process, which is why each group of rows has one of its own.

#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

namespace compare {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Counts nanoseconds by their magnitude: 32 buckets for each power of two.
class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++counts_[bucket_of(nanoseconds)];
    ++count_;
    most_ = nanoseconds > most_ ? nanoseconds : most_;
  }
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] += other.counts_[i];
    }
    count_ += other.count_;
    most_ = other.most_ > most_ ? other.most_ : most_;
  }
  /// In microseconds; 0 without samples.
  [[nodiscard]] double percentile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    double seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += static_cast<double>(counts_[i]);
      if (counts_[i] != 0 && seen >= wanted) {
        return static_cast<double>(middle_of(i)) / 1000;
      }
    }
    return 0;
  }
  [[nodiscard]] double most() const { return static_cast<double>(most_) / 1000; }

 private:
  static constexpr unsigned fine_bits = 5;
  static constexpr std::size_t fine = std::size_t{1} << fine_bits;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < fine) {
      return value;
    }
    const auto power = static_cast<unsigned>(std::bit_width(value)) - 1 - fine_bits;
    return (std::size_t{power} << fine_bits) + (value >> power);
  }
  static std::uint64_t middle_of(std::size_t bucket) {
    if (bucket < 2 * fine) {
      return bucket;
    }
    const std::size_t power = (bucket >> fine_bits) - 1;
    const std::uint64_t low = (bucket - (power << fine_bits)) << power;
    return low + (std::uint64_t{1} << power) / 2;
  }

  std::array<std::uint64_t, (64 - fine_bits + 1) * fine> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t most_ = 0;
};

/// Runs operations, and times some of them.
class Sampler {
 public:
  explicit Sampler(unsigned every) : every_(every) {}

  template <class Operation>
  void operator()(Operation&& operation) {
    if (++passed_ < every_) {
      operation();
      return;
    }
    passed_ = 0;
    const auto start = Clock::now();
    operation();
    const auto spent = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start);
    histogram_.add(static_cast<std::uint64_t>(spent.count()));
  }
  [[nodiscard]] const Histogram& histogram() const { return histogram_; }

 private:
  unsigned every_;
  unsigned passed_ = 0;
  Histogram histogram_;
};

/// What this process has used since it began.
struct Usage {
  double cpu_seconds = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t disk_bytes_written = 0;

  [[nodiscard]] static Usage now() {
    Usage usage;
    rusage counted{};
    ::getrusage(RUSAGE_SELF, &counted);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    usage.cpu_seconds = seconds(counted.ru_utime) + seconds(counted.ru_stime);
    usage.peak_memory_bytes = static_cast<std::uint64_t>(counted.ru_maxrss) * 1024;
    usage.disk_bytes_written = bytes_written();
    return usage;
  }

 private:
  [[nodiscard]] static std::uint64_t bytes_written() {
    unsigned long long bytes = 0;
    std::FILE* counters = std::fopen("/proc/self/io", "re");
    if (counters == nullptr) {
      return 0;
    }
    char line[128];
    while (std::fgets(line, sizeof line, counters) != nullptr &&
           std::sscanf(line, "write_bytes: %llu", &bytes) != 1) {
    }
    std::fclose(counters);
    return bytes;
  }
};

/// What the files take on the disk; holes take nothing.
[[nodiscard]] inline std::uint64_t bytes_under(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code gone;  // a file that a background thread removes meanwhile
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, gone)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

/// One figure of one engine in one round.
struct Row {
  std::string name{};
  std::uint64_t operations = 0;
  double seconds = 0;
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double most_us = 0;
  double cpu_seconds = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t disk_bytes_written = 0;

  void set_latencies(const Histogram& histogram) {
    p50_us = histogram.percentile(0.5);
    p99_us = histogram.percentile(0.99);
    p999_us = histogram.percentile(0.999);
    most_us = histogram.most();
  }
};

}  // namespace compare
