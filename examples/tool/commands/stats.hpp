// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `stats`: how large a database is, and where its entries lie.

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm/stats.hpp>

#include "../command.hpp"
#include "../progress.hpp"
#include "../session.hpp"

namespace strata::tool {

/// The log as it lies in the directory: who only reads has none open.
struct LogFiles {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
};

[[nodiscard]] inline Result<LogFiles> log_files(const std::string& path) {
  io::Posix fs;
  auto names = fs.list(path);
  if (!names) {
    return propagate(std::move(names));
  }
  LogFiles log;
  for (const std::string& name : *names) {
    if (lsm::classify(name).kind == lsm::FileKind::log) {
      auto bytes = fs.file_size(io::join(path, name));
      log.bytes += bytes ? *bytes : 0;
      ++log.segments;
    }
  }
  return log;
}

template <class Session>
struct ShowStats : Command {
  static constexpr const char* name = "stats";
  static constexpr const char* help =
      "Show levels, entries, bytes, log, cache, composition, health";

  void describe(CLI::App& app) { describe_path(app); }

  [[nodiscard]] Result<Exit> run() {
    auto state = Session::read_state(path);
    auto log = state ? log_files(path) : propagate(state);
    auto session = log ? Session::open(path, Access::read) : propagate(log);
    if (!session) {
      return propagate(std::move(session));
    }
    const auto [stats, health] = session->with_engine(
        [](auto& engine) { return std::pair(engine.stats(), engine.health()); });
    json ? show_json(*state, stats, health, *log) : show_text(*state, stats, health, *log);
    return Exit::ok;
  }

 private:
  static void show_text(const version::State& state, const Stats& stats, const Health& health,
                        const LogFiles& log) {
    print_line("composition   " + stats.composition);
    print_line("fingerprint   " + fingerprint_text(state));
    print_line("sequence      " + std::to_string(stats.last_sequence));
    print_line("log           " + format_bytes(static_cast<double>(log.bytes)) + " in " +
               counted(log.segments, "segment"));
    print_line("tables        " + format_bytes(static_cast<double>(stats.table_bytes())));
    print_line("cache         " + format_bytes(static_cast<double>(stats.cache_used_bytes)) +
               " of " + format_bytes(static_cast<double>(stats.cache_capacity_bytes)));
    print_line("health        " + std::string(to_string(health.state)));
    for (const std::string& reason : health.reasons) {
      print_line("              " + reason);
    }
    for (const FamilyStats& family : stats.families) {
      print_line("\nfamily '" + family.name + "': " +
                 (family.memtable_entries == 1
                      ? "1 entry"
                      : std::to_string(family.memtable_entries) + " entries") +
                 " of the log in memory");
      show_levels(family);
    }
  }

  static void show_levels(const FamilyStats& family) {
    print_line("  level   tables      entries     erased        bytes");
    for (std::size_t level = 0; level < family.levels.size(); ++level) {
      const LevelStats& at = family.levels[level];
      if (at.files != 0) {
        char line[128];
        std::snprintf(line, sizeof line, "  %5zu %8llu %12llu %10llu %12s", level,
                      static_cast<unsigned long long>(at.files),
                      static_cast<unsigned long long>(at.entries),
                      static_cast<unsigned long long>(at.tombstones),
                      format_bytes(static_cast<double>(at.bytes)).c_str());
        print_line(line);
      }
    }
  }

  static void show_json(const version::State& state, const Stats& stats, const Health& health,
                        const LogFiles& log) {
    boost::json::array families;
    for (const FamilyStats& family : stats.families) {
      boost::json::array levels;
      for (const LevelStats& level : family.levels) {
        levels.push_back({{"tables", level.files},
                          {"entries", level.entries},
                          {"erased", level.tombstones},
                          {"bytes", level.bytes}});
      }
      families.push_back({{"name", family.name},
                          {"memory_entries", family.memtable_entries},
                          {"memory_bytes", family.memtable_bytes},
                          {"levels", std::move(levels)}});
    }
    const boost::json::value all = {
        {"composition", stats.composition},
        {"fingerprint", fingerprint_text(state)},
        {"sequence", stats.last_sequence},
        {"log", {{"segments", log.segments}, {"bytes", log.bytes}}},
        {"table_bytes", stats.table_bytes()},
        {"cache",
         {{"used_bytes", stats.cache_used_bytes}, {"capacity_bytes", stats.cache_capacity_bytes}}},
        {"write_amplification", stats.write_amplification()},
        {"health",
         {{"state", to_string(health.state)},
          {"reasons", boost::json::array(health.reasons.begin(), health.reasons.end())}}},
        {"families", std::move(families)}};
    print_line(boost::json::serialize(all));
  }
};

}  // namespace strata::tool
