// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `bench`: how fast this machine is with a composition of the tool's.

#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/io/files.hpp>
#include <strata/lsm/destroy.hpp>
#include <strata/lsm/profile.hpp>
#include <strata/observe/concept.hpp>

#include "../command.hpp"
#include "../session.hpp"
#include "../workload.hpp"

namespace strata::tool {

/// A directory of a name that nobody has, which goes with its database.
class TemporaryDatabase {
 public:
  [[nodiscard]] static Result<TemporaryDatabase> make() {
    const char* const where = std::getenv("TMPDIR");
    std::string path =
        io::join(where != nullptr && *where != '\0' ? where : "/tmp", "strata-bench-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) {
      return fail(ErrorCode::io, path,
                  ": no temporary directory can be made; give --path, or set TMPDIR");
    }
    return TemporaryDatabase(std::move(path));
  }
  TemporaryDatabase(TemporaryDatabase&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  TemporaryDatabase& operator=(TemporaryDatabase&&) = delete;
  ~TemporaryDatabase() {
    if (!path_.empty()) {
      (void)destroy(path_);
    }
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryDatabase(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

template <class Session>
struct Bench : Command {
  static constexpr const char* name = "bench";
  static constexpr const char* help = "Measure workloads, on a temporary database";

  std::vector<std::string> workloads{"fill_random", "read_random", "read_missing", "scan"};
  std::uint64_t count = 1'000'000;
  std::size_t value_bytes = 100;
  unsigned threads = 1;
  std::uint64_t seed = 1;
  bool sync = false;
  bool use_existing = false;
  Tuning tuning;

  void describe(CLI::App& app) {
    app.add_option("workloads", workloads, "What to run, in this order")
        ->check(CLI::IsMember(
            std::vector<std::string>(std::begin(workload_names), std::end(workload_names))))
        ->capture_default_str();
    app.add_option("--count", count, "Entries")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40U))
        ->capture_default_str();
    app.add_option("--value-bytes", value_bytes, "Bytes of a value")->capture_default_str();
    app.add_option("--threads", threads, "Threads that call at once")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app.add_option("--seed", seed, "Of the random workloads")->capture_default_str();
    app.add_flag("--sync", sync, "Sync each write");
    app.add_option("--path", path, "A directory for the database, which is kept");
    app.add_flag("--use-existing", use_existing, "Write into the database that is there");
    std::vector<std::string> profiles;
    for (const profile::Shape* shape : profile::shapes) {
      profiles.emplace_back(shape->name);
    }
    auto* const named = app.add_option("--profile", tuning.profile, "Options of a profile")
                            ->check(CLI::IsMember(profiles));
    app.add_option("--memory", tuning.resources.memory_bytes, "... within so much, as in 64MiB")
        ->transform(CLI::AsSizeValue(false))
        ->needs(named)
        ->capture_default_str();
    app.add_option("--cores", tuning.resources.cores, "... for so many cores")
        ->check(CLI::PositiveNumber)
        ->needs(named)
        ->capture_default_str();
    describe_family(app);
    describe_composition(app);
    describe_json(app);
    describe_progress(app);
  }

  [[nodiscard]] Result<Exit> run() {
    const Interrupt interrupt;
    std::optional<TemporaryDatabase> temporary;
    if (path.empty()) {
      auto made = TemporaryDatabase::make();
      if (!made) {
        return propagate(std::move(made));
      }
      path = temporary.emplace(std::move(*made)).path();
    }
    auto session = Session::open(path, use_existing ? Access::create : Access::create_new,
                                 composition, tuning);
    if (!session) {
      const bool is_there = session.error().code() == ErrorCode::already_exists;
      return is_there ? fail(ErrorCode::already_exists, path,
                             ": there is a database already; give --use-existing to write into it")
                      : propagate(std::move(session));
    }
    auto done = run_all(*session);
    auto closed = session->close();
    done = done ? closed : done;
    return done ? Result<Exit>(Exit::ok) : propagate(std::move(done));
  }

 private:
  [[nodiscard]] Result<void> run_all(Session& session) {
    const BenchOptions options{
        .count = count,
        .value_bytes = value_bytes,
        .threads = threads,
        .seed = seed,
        .write = {.durability = sync ? Durability::synced : Durability::buffered}};
    if (!json) {
      print_line("workload            ops/s      p50 us      p99 us    p99.9 us     seconds");
    }
    for (const std::string& wanted : workloads) {
      std::size_t at = 0;
      while (workload_names[at] != wanted) {
        ++at;
      }
      auto result = session.with_family(family, [&](auto& handle) {
        return run_workload(handle, static_cast<Workload>(at), options, wants_progress());
      });
      if (!result) {
        return propagate(std::move(result));
      }
      if (Interrupt::is_pending()) {
        return {};
      }
      show(*result);
    }
    show_amplification(session);
    return {};
  }

  [[nodiscard]] static double micros(const BenchResult& result, double quantile) {
    return static_cast<double>(result.latency.quantile(quantile)) / 1000;
  }

  void show(const BenchResult& result) const {
    const std::string_view what = workload_names[static_cast<std::size_t>(result.workload)];
    if (json) {
      print_line(
          boost::json::serialize(boost::json::value{{"workload", what},
                                                    {"operations", result.operations},
                                                    {"seconds", result.seconds},
                                                    {"per_second", result.per_second()},
                                                    {"p50_micros", micros(result, 0.5)},
                                                    {"p99_micros", micros(result, 0.99)},
                                                    {"p999_micros", micros(result, 0.999)}}));
      return;
    }
    char line[128];
    std::snprintf(line, sizeof line, "%-15s %9.0f %11.2f %11.2f %11.2f %11.2f",
                  std::string(what).c_str(), result.per_second(), micros(result, 0.5),
                  micros(result, 0.99), micros(result, 0.999), result.seconds);
    print_line(line);
    std::fflush(stdout);
  }

  void show_amplification(Session& session) const {
    const Stats stats = session.with_engine([](auto& engine) { return engine.stats(); });
    if (json) {
      print_line(boost::json::serialize(
          boost::json::value{{"write_amplification", stats.write_amplification()},
                             {"table_bytes", stats.table_bytes()}}));
      return;
    }
    char line[128];
    std::snprintf(line, sizeof line, "write amplification of tables %.2f; tables %s",
                  stats.write_amplification(),
                  format_bytes(static_cast<double>(stats.table_bytes())).c_str());
    print_line(line);
  }
};

}  // namespace strata::tool
