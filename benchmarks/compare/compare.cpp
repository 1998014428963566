// SPDX-License-Identifier: BSL-1.0

/// strata beside RocksDB, LevelDB, LMDB and WiredTiger: the same work for each in turn, several
/// rounds, each group of rows of each engine in a process and a directory of its own. Progress goes
/// to stderr, every figure of every round to a JSON file, which compare.py makes tables and charts
/// of: `./dev bench compare`. engine.hpp says what is equal for all, each engine's header how it is
/// set up.

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../report/touch_memory.hpp"
#include "engine.hpp"
#include "leveldb.hpp"
#include "lmdb.hpp"
#include "rocksdb.hpp"
#include "scaling.hpp"
#include "stage.hpp"
#include "strata.hpp"
#include "wiredtiger.hpp"
#include "workloads.hpp"
#include "ycsb.hpp"

#ifdef STRATA_PEERS
#define STRATA_PEERS_TEXT STRATA_PEERS
#else
#define STRATA_PEERS_TEXT "as packaged, with assertions and CRC32C in software: for a trial only"
#endif

namespace {

using compare::die;
using compare::Row;

const std::vector<std::string> group_names = {"sequential", "batched", "synced", "random",
                                              "larger",     "ycsb",    "bulk",   "recovery"};
/// Only where it is asked for: the comparison is long without it.
const std::string scaling_group = "scaling";
constexpr const char* row_format =
    "%s\t%llu\t%.9g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%llu\t%llu\t%llu\n";
constexpr const char* row_pattern =
    "%63[^\t]\t%llu\t%lg\t%lg\t%lg\t%lg\t%lg\t%lg\t%llu\t%llu\t%llu";

/// A line of the pipe that is no row: the parent is asked to touch memory.
constexpr const char* touch_line = "touch\n";

/// Writes rows to the pipe that the parent reads.
struct PipeSink {
  std::FILE* pipe;
  int touched;  ///< from where the parent answers

  /// Returns once free memory is the machine's own: see `touch_memory`. Not in this process, whose
  /// peak would have it. Engines may catch up meanwhile with work that a row has left them; their
  /// processor time and bytes count.
  void before_row() const {
    std::fputs(touch_line, pipe);
    std::fflush(pipe);
    char answer = 0;
    if (::read(touched, &answer, 1) != 1) {
      die("the parent is gone");
    }
  }
  void operator()(const Row& row) const {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::fprintf(pipe, row_format, row.name.c_str(), number(row.operations), row.seconds,
                 row.p50_us, row.p99_us, row.p999_us, row.most_us, row.cpu_seconds,
                 number(row.peak_memory_bytes), number(row.disk_bytes),
                 number(row.disk_bytes_written));
    std::fflush(pipe);
  }
};

template <compare::Engine E>
void play(std::string_view group, const compare::Settings& settings, PipeSink& sink) {
  compare::Stage<E, PipeSink> stage(settings, sink);
  compare::Workloads<E, PipeSink> workloads(stage);
  if (group == "sequential") {
    workloads.sequential();
  } else if (group == "batched") {
    workloads.batched();
  } else if (group == "synced") {
    workloads.synced();
  } else if (group == "random") {
    workloads.random();
  } else if (group == "larger") {
    workloads.larger();
  } else if (group == "ycsb") {
    compare::Ycsb<E, PipeSink>(stage).all();
  } else if (group == scaling_group) {
    compare::Scaling<E, PipeSink>(stage).all();
  } else if (group == "bulk") {
    workloads.bulk();
  } else {
    workloads.recovery();
  }
}

struct Contender {
  std::string name;
  std::string version;
  std::string configuration;
  bool is_lsm;
  void (*play)(std::string_view, const compare::Settings&, PipeSink&);
};

template <compare::Engine E>
Contender contender() {
  return {std::string(E::name), E::version(), std::string(E::configuration), E::is_lsm, &play<E>};
}

std::vector<Contender> contenders() {
  return {contender<compare::Strata>(), contender<compare::RocksDb>(),
          contender<compare::LevelDb>(), contender<compare::Lmdb>(),
          contender<compare::WiredTiger>()};
}

/// The rows of all, as lines of JSON.
class Report {
 public:
  void add(const Contender& engine, int round, std::size_t value_bytes, const char* line) {
    char name[64];
    unsigned long long counts[4];
    double figures[6];
    if (std::sscanf(line, row_pattern, name, &counts[0], &figures[0], &figures[1], &figures[2],
                    &figures[3], &figures[4], &figures[5], &counts[1], &counts[2],
                    &counts[3]) != 11) {
      die(std::string("a row that can not be read: ") + line);
    }
    char text[640];
    std::snprintf(text, sizeof text,
                  "{\"row\": \"%s\", \"engine\": \"%s\", \"value_bytes\": %zu, \"round\": %d, "
                  "\"operations\": %llu, \"seconds\": %.9g, \"p50_us\": %.6g, \"p99_us\": %.6g, "
                  "\"p999_us\": %.6g, \"most_us\": %.6g, \"cpu_seconds\": %.6g, "
                  "\"peak_memory_bytes\": %llu, \"disk_bytes\": %llu, "
                  "\"disk_bytes_written\": %llu}",
                  name, engine.name.c_str(), value_bytes, round, counts[0], figures[0], figures[1],
                  figures[2], figures[3], figures[4], figures[5], counts[1], counts[2], counts[3]);
    rows_.emplace_back(text);
    std::fprintf(stderr, "  %-11s %5zu B  %-28s %12.0f /s   p99 %9.1f us\n", engine.name.c_str(),
                 value_bytes, name, static_cast<double>(counts[0]) / figures[0], figures[2]);
  }
  void write(const std::string& path, const std::vector<Contender>& engines,
             const std::string& settings) const {
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr) {
      die("can not write " + path);
    }
    std::fprintf(file, "{\"settings\": %s,\n \"peers\": \"%s\",\n \"engines\": [\n",
                 settings.c_str(), STRATA_PEERS_TEXT);
    for (const Contender& engine : engines) {
      std::fprintf(file,
                   "  {\"name\": \"%s\", \"version\": \"%s\", \"is_lsm\": %s, "
                   "\"configuration\": \"%s\"}%s\n",
                   engine.name.c_str(), engine.version.c_str(), engine.is_lsm ? "true" : "false",
                   engine.configuration.c_str(), &engine == &engines.back() ? "" : ",");
    }
    std::fprintf(file, " ],\n \"rows\": [\n");
    for (const std::string& row : rows_) {
      std::fprintf(file, "  %s%s\n", row.c_str(), &row == &rows_.back() ? "" : ",");
    }
    std::fprintf(file, " ]}\n");
    if (std::fclose(file) != 0) {
      die("can not write " + path);
    }
  }

 private:
  std::vector<std::string> rows_;
};

/// One group of one engine, in a process of its own.
void play_apart(const Contender& engine, const std::string& group,
                const compare::Settings& settings, int round, Report& report) {
  ::sync();  // what the one before left dirty is not this one's work
  // More than any row takes: files, what is cached of them, write buffers.
  const std::size_t touched =
      std::min<std::size_t>(6 * settings.data_bytes(), std::size_t{2} << 30);
  int ends[2];
  int answers[2];
  if (::pipe(ends) != 0 || ::pipe(answers) != 0) {
    die("no pipe");
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::close(answers[1]);
    PipeSink sink{::fdopen(ends[1], "w"), answers[0]};
    engine.play(group, settings, sink);
    ::_exit(0);
  }
  ::close(ends[1]);
  ::close(answers[0]);
  std::FILE* rows = ::fdopen(ends[0], "r");
  char line[512];
  while (std::fgets(line, sizeof line, rows) != nullptr) {
    if (std::string_view(line) != touch_line) {
      report.add(engine, round, settings.value_bytes, line);
      continue;
    }
    report::touch_memory(touched);
    if (::write(answers[1], "", 1) != 1) {
      die(engine.name + ": the process of group '" + group + "' is gone");
    }
  }
  std::fclose(rows);
  ::close(answers[1]);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
    die(engine.name + ": the process of group '" + group + "' failed");
  }
  std::filesystem::remove_all(settings.directory);
}

struct Options {
  std::uint64_t entries = 1'000'000;
  int rounds = 3;
  std::vector<std::size_t> value_bytes = {100, 1024};
  std::vector<std::string> engines;
  std::vector<std::string> groups = group_names;
  std::string directory = "build/compare";
  std::string json = "compare.json";
  std::uint64_t synced_operations = 2000;
  std::uint64_t log_mib = 256;
};

void run(const Options& options) {
  std::vector<Contender> engines;
  for (Contender& engine : contenders()) {
    if (options.engines.empty() || std::find(options.engines.begin(), options.engines.end(),
                                             engine.name) != options.engines.end()) {
      engines.push_back(std::move(engine));
    }
  }
  Report report;
  for (int round = 0; round < options.rounds; ++round) {
    for (const std::size_t value_bytes : options.value_bytes) {
      compare::Settings settings{.directory = options.directory,
                                 .value_bytes = value_bytes,
                                 .synced_operations = options.synced_operations,
                                 .log_bytes = options.log_mib << 20};
      settings.entries =
          std::max<std::uint64_t>(options.entries * (16 + 100) / (16 + value_bytes), 1000);
      for (const std::string& group : options.groups) {
        std::fprintf(stderr, "== round %d of %d, %s\n", round + 1, options.rounds, group.c_str());
        for (std::size_t i = 0; i < engines.size(); ++i) {  // another one begins in each round
          const std::size_t at = (i + static_cast<std::size_t>(round)) % engines.size();
          play_apart(engines[at], group, settings, round, report);
        }
      }
    }
  }
  report.write(options.json, engines,
               "{\"entries\": " + std::to_string(options.entries) +
                   ", \"rounds\": " + std::to_string(options.rounds) +
                   ", \"synced_operations\": " + std::to_string(options.synced_operations) +
                   ", \"log_mib\": " + std::to_string(options.log_mib) + "}");
}

}  // namespace

int main(int count, char** arguments) {
  (void)std::signal(SIGPIPE, SIG_IGN);  // a child that is gone is reported where it is written to
  Options options;
  std::vector<std::string> engine_names;
  for (const Contender& engine : contenders()) {
    engine_names.push_back(engine.name);
  }
  CLI::App app("strata beside other storage engines; `./dev bench compare` runs it");
  app.add_option("--entries", options.entries,
                 "of 16-byte keys with 100-byte values; longer "
                 "values: fewer entries, as many bytes")
      ->check(CLI::Range(std::uint64_t{1000}, std::uint64_t{1'000'000'000}));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000));
  app.add_option("--value-bytes", options.value_bytes)
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{8}, std::size_t{65536}));
  app.add_option("--engines", options.engines)->delimiter(',')->check(CLI::IsMember(engine_names));
  std::vector<std::string> known_groups = group_names;
  known_groups.push_back(scaling_group);
  app.add_option("--workloads", options.groups, "groups of rows; all but scaling")
      ->delimiter(',')
      ->check(CLI::IsMember(known_groups));
  app.add_option("--directory", options.directory, "where databases are made, and removed");
  app.add_option("--json", options.json, "where the figures go");
  app.add_option("--synced-operations", options.synced_operations, "by one thread");
  app.add_option("--log-mib", options.log_mib, "of the log that an open replays");
  CLI11_PARSE(app, count, arguments);
  if (std::filesystem::exists(options.directory) && !std::filesystem::is_empty(options.directory)) {
    die(options.directory + " is not empty: choose another --directory, or remove it");
  }
  run(options);
  return 0;
}
