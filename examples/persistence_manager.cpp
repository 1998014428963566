// SPDX-License-Identifier: BSL-1.0
//
// Five stores in one database, over real data: loads what the data directory (the first argument,
// or $STRATA_DATA, or examples/data) holds, asks for facts that are known, is killed with SIGKILL
// while it writes, and is asked again.
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <strata/lsm/destroy.hpp>

#include "persistence_manager/facts.hpp"
#include "persistence_manager/load.hpp"
#include "persistence_manager/report.hpp"

namespace {

constexpr const char* path = "persistence_manager.db";

Manager open_manager() {
  const Stopwatch watch;
  Manager pm = must(Manager::open(path), "open");
  std::printf("  opened %s in %.1f ms\n", path, watch.milliseconds());
  return pm;
}

void print_stats(Manager& pm) {
  using strata::metrics::Counter;
  using strata::metrics::Latency;
  const strata::Stats stats = pm.stats();
  for (const strata::FamilyStats& family : stats.families) {
    std::uint64_t entries = family.memtable_entries;
    std::uint64_t bytes = 0;
    for (const strata::LevelStats& level : family.levels) {
      entries += level.entries;
      bytes += level.bytes;
    }
    std::printf("  %-10s %8llu entries, memtable %7.1f KiB, tables %7.1f KiB\n",
                family.name.c_str(), static_cast<unsigned long long>(entries),
                static_cast<double>(family.memtable_bytes) / 1024,
                static_cast<double>(bytes) / 1024);
  }
  const auto& m = stats.metrics;
  std::printf("  %llu commits, %llu syncs, log %.1f MiB, commit p50 %.2f ms, p99 %.2f ms\n",
              static_cast<unsigned long long>(m[Counter::batches]),
              static_cast<unsigned long long>(m[Counter::wal_syncs]),
              static_cast<double>(m[Counter::wal_bytes]) / (1 << 20),
              static_cast<double>(m[Latency::put].quantile(0.5)) / 1e6,
              static_cast<double>(m[Latency::put].quantile(0.99)) / 1e6);
  std::printf("  health: %s\n", std::string(to_string(pm.health().state)).c_str());
  std::fflush(stdout);
}

/// Loads, asks, and then writes until it is killed. Each acknowledged write is told to `out`.
[[noreturn]] void load_and_write(const std::string& data, int out) {
  std::puts("Loading");
  Manager pm = open_manager();
  const Stopwatch watch;
  load_everything(pm, data);
  std::printf("  everything in %.1f ms\n", watch.milliseconds());
  std::puts("Asking");
  const Facts facts = ask_everything(pm, data);
  std::puts("Stats");
  print_stats(pm);
  if (facts.asked() == 0 || facts.wrong() != 0) {
    std::_Exit(1);
  }
  for (std::uint64_t beat = 1;; ++beat) {
    must(pm.kv().put("heartbeat", std::to_string(beat)), "heartbeat");
    if (::write(out, &beat, sizeof beat) != sizeof beat) {
      std::_Exit(1);
    }
  }
}

/// Kills the child after some acknowledged writes; the last one it told of.
std::uint64_t kill_while_writing(pid_t child, int in) {
  std::uint64_t beat = 0;
  std::uint64_t last = 0;
  while (last < 300 && ::read(in, &beat, sizeof beat) == sizeof beat) {
    last = beat;
  }
  ::kill(child, SIGKILL);
  while (::read(in, &beat, sizeof beat) == sizeof beat) {
    last = beat;
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
    std::exit(1);  // it failed by itself, and has said why
  }
  return last;
}

}  // namespace

int main(int argc, char** argv) {
  const char* from_environment = std::getenv("STRATA_DATA");
  const std::string data =
      argc > 1 ? argv[1] : (from_environment != nullptr ? from_environment : "examples/data");
  std::printf("Data: %s\n", data.c_str());
  std::fflush(stdout);
  (void)strata::destroy(path);  // of an earlier run, if there was one

  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) {
    std::perror("pipe");
    return 1;
  }
  const pid_t child = ::fork();  // before there is any thread
  if (child == 0) {
    ::close(pipe_ends[0]);
    load_and_write(data, pipe_ends[1]);
  }
  ::close(pipe_ends[1]);
  const std::uint64_t acknowledged = kill_while_writing(child, pipe_ends[0]);

  std::printf("Killed after %llu acknowledged heartbeats; opening what is left\n",
              static_cast<unsigned long long>(acknowledged));
  Manager pm = open_manager();
  const auto beat = must(pm.kv().get("heartbeat"), "heartbeat");
  const std::uint64_t found = beat ? std::stoull(*beat) : 0;
  std::printf("  heartbeat %llu is there\n", static_cast<unsigned long long>(found));
  const Facts facts = ask_everything(pm, data);
  must(pm.verify(), "verify");
  print_stats(pm);
  must(pm.close(), "close");
  const bool is_good = facts.asked() > 0 && facts.wrong() == 0 && found >= acknowledged;
  std::puts(is_good ? "All of it survived." : "Something is wrong: see above.");
  return is_good ? 0 : 1;
}
