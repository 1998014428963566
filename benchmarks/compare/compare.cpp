// SPDX-License-Identifier: BSL-1.0

/// strata beside RocksDB, LevelDB and LMDB: the same workloads in one run, in turn, each in a fresh
/// directory, several rounds, medians. Prints a Markdown table of thousands of operations a second
/// and, in the last column, strata's ratio to the best of the others.
///
///     bench_compare [entries=1000000] [rounds=3] [directory=/tmp/strata-compare]
///
/// Keys are 16 digits, values 100 bytes. See peers.hpp for how each engine is set up.

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "peers.hpp"

namespace {

using compare::die;

constexpr std::size_t cache_bytes = std::size_t{512} << 20;

struct Settings {
  std::uint64_t entries = 1'000'000;
  int rounds = 3;
  std::string directory = "/tmp/strata-compare";
};

/// Writes the 16 digits of `number` to `to`.
void write_key(std::uint64_t number, char* to) {
  for (int i = 15; i >= 0; --i) {
    to[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

/// Rows in the order of the table; samples by engine.
struct Results {
  std::vector<std::string> rows;
  std::map<std::string, std::map<std::string, std::vector<double>>> samples;

  void add(const std::string& row, const std::string& engine, double kops) {
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) {
      rows.push_back(row);
    }
    samples[row][engine].push_back(kops);
  }
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Values differ, so that nothing can share them.
class Values {
 public:
  Values() : bytes_(1 << 20, '\0') {
    std::mt19937_64 random(301);
    for (char& byte : bytes_) {
      byte = static_cast<char>(random());
    }
  }
  std::string_view next() {
    at_ = (at_ + 101) % (bytes_.size() - 100);
    return std::string_view(bytes_).substr(at_, 100);
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

/// What the files take on the disk: LMDB's has holes.
std::uint64_t bytes_under(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

template <class Engine>
class Run {
 public:
  Run(const Settings& settings, Results& results) : settings_(settings), results_(results) {}

  void all() {
    sequential();
    random_order();
  }

 private:
  void report(const char* row, std::uint64_t operations, double seconds) {
    results_.add(row, Engine::name, static_cast<double>(operations) / seconds / 1000);
    std::fprintf(stderr, "  %-10s %-28s %10.0f k/s\n", Engine::name, row,
                 static_cast<double>(operations) / seconds / 1000);
  }
  void open_fresh() {
    std::filesystem::remove_all(settings_.directory);
    engine_ = Engine();
    engine_.open(settings_.directory, cache_bytes);
  }

  void sequential() {
    open_fresh();
    char key[16];
    report("fill sequential", settings_.entries, seconds_of([&] {
             for (std::uint64_t i = 0; i < settings_.entries; ++i) {
               write_key(i, key);
               engine_.put({key, 16}, values_.next());
             }
           }));
    engine_.close();
  }

  void random_order() {
    open_fresh();
    std::mt19937_64 random(17);
    std::vector<std::uint64_t> numbers(settings_.entries);
    for (std::uint64_t i = 0; i < settings_.entries; ++i) {
      numbers[i] = 2 * i;  // odd numbers stay missing
    }
    std::shuffle(numbers.begin(), numbers.end(), random);
    char key[16];
    report("fill random", settings_.entries, seconds_of([&] {
             for (const std::uint64_t number : numbers) {
               write_key(number, key);
               engine_.put({key, 16}, values_.next());
             }
           }));
    std::shuffle(numbers.begin(), numbers.end(), random);
    report("overwrite", settings_.entries, seconds_of([&] {
             for (const std::uint64_t number : numbers) {
               write_key(number, key);
               engine_.put({key, 16}, values_.next());
             }
           }));
    read("read random (fresh)", numbers, 0, true);
    engine_.settle();
    read("read random (compacted)", numbers, 0, true);
    read("read missing", numbers, 1, false);
    scan("scan all");
    engine_.close();
    results_.add("bytes on disk / entry", Engine::name,
                 static_cast<double>(bytes_under(settings_.directory)) /
                     static_cast<double>(settings_.entries));
  }

  void read(const char* row, const std::vector<std::uint64_t>& numbers, std::uint64_t offset,
            bool expected) {
    char key[16];
    std::uint64_t right = 0;
    const std::uint64_t reads = numbers.size();
    report(row, reads, seconds_of([&] {
             for (std::uint64_t i = 0; i < reads; ++i) {
               write_key(numbers[i] + offset, key);
               right += engine_.get({key, 16}) == expected ? 1 : 0;
             }
           }));
    if (right != reads) {
      die(std::string(Engine::name) + ": wrong answers in " + row);
    }
  }
  void scan(const char* row) {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    const double seconds = seconds_of([&] {
      engine_.scan([&](std::string_view key, std::string_view value) {
        ++entries;
        bytes += key.size() + value.size();
      });
    });
    if (entries != settings_.entries || bytes != entries * 116) {
      die(std::string(Engine::name) + ": a scan saw the wrong entries");
    }
    report(row, entries, seconds);
  }

  const Settings& settings_;
  Results& results_;
  Engine engine_;
  Values values_;
};

double median(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

void print(const Results& results) {
  const std::vector<std::string> engines = {"strata", "RocksDB", "LevelDB", "LMDB"};
  std::printf("| k operations / s |");
  for (const auto& engine : engines) {
    std::printf(" %s |", engine.c_str());
  }
  std::printf(" strata / best other |\n|---|---|---|---|---|---|\n");
  for (const auto& row : results.rows) {
    const bool less_is_better = row.find("bytes") != std::string::npos;
    std::printf("| %s |", row.c_str());
    double own = 0;
    double best = less_is_better ? 1e300 : 0;
    for (const auto& engine : engines) {
      const double value = median(results.samples.at(row).at(engine));
      std::printf(" %.0f |", value);
      if (engine == "strata") {
        own = value;
      } else {
        best = less_is_better ? std::min(best, value) : std::max(best, value);
      }
    }
    std::printf(" %.2f |\n", own / best);
  }
}

}  // namespace

int main(int count, char** arguments) {
  Settings settings;
  if (count > 1) {
    settings.entries = std::strtoull(arguments[1], nullptr, 10);
  }
  if (count > 2) {
    settings.rounds = std::atoi(arguments[2]);
  }
  if (count > 3) {
    settings.directory = arguments[3];
  }
  if (settings.entries == 0 || settings.rounds <= 0) {
    die("usage: compare [entries] [rounds] [directory]; numbers above 0");
  }
  Results results;
  for (int round = 0; round < settings.rounds; ++round) {
    std::fprintf(stderr, "round %d of %d\n", round + 1, settings.rounds);
    Run<compare::Strata>(settings, results).all();
    Run<compare::RocksDb>(settings, results).all();
    Run<compare::LevelDb>(settings, results).all();
    Run<compare::Lmdb>(settings, results).all();
  }
  std::filesystem::remove_all(settings.directory);
  print(results);
  return 0;
}
