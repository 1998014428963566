// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The tool, for the compositions that it is given:
///
///     #include "tool.hpp"
///     int main(int argc, char** argv) {
///       return strata::tool::main<strata::LsmTree<My::Cache>>(argc, argv);
///     }
///
/// The first composition is what new databases are made of. Each must be another type.

#include <cstdio>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <CLI/CLI.hpp>

#include <strata/version.hpp>

#include "command.hpp"
#include "commands/access.hpp"
#include "commands/bench.hpp"
#include "commands/dump.hpp"
#include "commands/load.hpp"
#include "commands/maintain.hpp"
#include "commands/repair.hpp"
#include "commands/scan.hpp"
#include "commands/stats.hpp"
#include "commands/verify.hpp"
#include "session.hpp"

namespace strata::tool {

template <class Session>
using Commands =
    std::tuple<ShowStats<Session>, Get<Session>, Put<Session>, Erase<Session>, Scan<Session>,
               Export<Session>, Load<Session>, Dump, Verify<Session>, Repair<Session>,
               Compact<Session>, Checkpoint<Session>, Destroy<Session>, Bench<Session>>;

[[nodiscard]] inline Exit exit_of(const Error& error) {
  complain(error.message());
  return error.code() == ErrorCode::invalid_argument ? Exit::usage : Exit::error;
}

template <class Command>
void add_command(CLI::App& app, Command& command, std::optional<Exit>& exit) {
  CLI::App* const own = app.add_subcommand(Command::name, Command::help);
  command.describe(*own);
  own->callback([&command, &exit] {
    auto ran = command.run();
    exit = ran ? *ran : exit_of(ran.error());
  });
}

template <class... Compositions>
[[nodiscard]] int main(int argc, const char* const* argv) {
  CLI::App app("Looks into a strata database, and after it.", "strata");
  app.footer(
      "Exit codes: 0 done; 1 a key is absent, or damage was found; 2 wrong arguments; 3 an error.\n"
      "Commands that only read change nothing, and take no lock.");
  app.set_version_flag("--version", "strata " + std::to_string(STRATA_VERSION_MAJOR) + "." +
                                        std::to_string(STRATA_VERSION_MINOR) + "." +
                                        std::to_string(STRATA_VERSION_PATCH));
  app.require_subcommand(1);
  Commands<Session<Compositions...>> commands;
  std::optional<Exit> exit;
  std::apply([&](auto&... command) { (add_command(app, command, exit), ...); }, commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      return app.exit(error);
    }
    complain(std::string(error.what()) + "; see strata --help");
    return static_cast<int>(Exit::usage);
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain("standard output could not be written; is the disk full?");
    return static_cast<int>(Exit::error);
  }
  return static_cast<int>(exit.value_or(Exit::usage));
}

}  // namespace strata::tool
