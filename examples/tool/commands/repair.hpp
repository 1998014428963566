// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `repair`: makes a damaged database open again, and says what is lost.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <strata/io/posix.hpp>
#include <strata/lsm/repair.hpp>
#include <strata/version/salvage.hpp>

#include "../command.hpp"
#include "../progress.hpp"
#include "../session.hpp"
#include "../watcher.hpp"

namespace strata::tool {

template <class Session>
struct Repair : Command {
  static constexpr const char* name = "repair";
  static constexpr const char* help = "Make a damaged database open again, and say what is lost";

  bool yes = false;

  void describe(CLI::App& app) {
    describe_path(app);
    app.add_flag("--yes", yes, "Do it: files are written and renamed");
    app.add_option("--composition", written_by_,
                   "Where no manifest can be read: the number of the composition that wrote it");
    describe_progress(app);
  }

  [[nodiscard]] Result<Exit> run() {
    if (!yes) {
      return fail(ErrorCode::invalid_argument,
                  "repair writes and renames files; copy the directory, then give --yes");
    }
    auto report = repair();
    if (!report) {
      return propagate(std::move(report));
    }
    json ? show_json(*report) : show_text(*report);
    return Exit::ok;
  }

 private:
  std::size_t written_by_ = 0;  ///< 0: the manifest says

  [[nodiscard]] Result<RepairReport> repair() {
    Progress progress("repair", Unit::bytes, 0, wants_progress());
    const Watcher watcher(progress, [] { return std::uint64_t{0}; });  // the time, at least
    const auto repair_as = [this]<class E>(std::type_identity<E>) { return E::repair(path); };
    if (written_by_ != 0) {
      return Session::with_composition(written_by_, repair_as);
    }
    auto state = Session::salvage_state(path);
    if (!state) {
      return propagate(std::move(state));
    }
    if (!*state) {
      return fail(ErrorCode::invalid_argument, path,
                  ": no manifest can be read, so nothing says which composition wrote it; give "
                  "--composition and a number:",
                  Session::known());
    }
    return Session::first_that_fits(path, **state, repair_as);
  }

  static void show_text(const RepairReport& report) {
    for (const std::string& finding : report.findings) {
      print_line("damaged: " + finding);
    }
    for (const wal::LostRange& lost : report.lost_log) {
      print_line("lost: sequences " + std::to_string(lost.first) + " to " +
                 std::to_string(lost.last) + " of the log");
    }
    print_line(report.is_clean()
                   ? "nothing was damaged; " + counted(report.tables_whole, "table") + " whole"
                   : counted(report.tables_whole, "table") + " whole, " +
                         std::to_string(report.tables_rewritten) +
                         " written anew without what can not be read, " +
                         std::to_string(report.tables_lost) + " lost; " +
                         counted(report.log_bytes_dropped, "byte") + " of the log dropped");
  }

  static void show_json(const RepairReport& report) {
    boost::json::array lost;
    for (const wal::LostRange& range : report.lost_log) {
      lost.push_back({{"first", range.first}, {"last", range.last}});
    }
    const boost::json::value all = {
        {"clean", report.is_clean()},
        {"manifest_was_damaged", report.manifest_was_damaged},
        {"tables_whole", report.tables_whole},
        {"tables_rewritten", report.tables_rewritten},
        {"tables_lost", report.tables_lost},
        {"log_bytes_dropped", report.log_bytes_dropped},
        {"lost_log", std::move(lost)},
        {"findings", boost::json::array(report.findings.begin(), report.findings.end())}};
    print_line(boost::json::serialize(all));
  }
};

}  // namespace strata::tool
