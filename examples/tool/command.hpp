// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What all commands share: exit codes, options, and how bytes come in and go out.
///
/// A command is a class with `name`, `help`, its options as members, `describe(CLI::App&)` and
/// `run() -> Result<Exit>`. It stands in one file; tool.hpp lists them all.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include <strata/core/error.hpp>

#include "escape.hpp"
#include "json.hpp"

namespace strata::tool {

enum class Exit : std::uint8_t {
  ok = 0,
  finding = 1,  ///< a key is absent, or damage was found
  usage = 2,
  error = 3,
};

/// Writes to standard output; what could not be written shows when the tool ends.
inline void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}
inline void print_line(std::string_view text) {
  print(text);
  print("\n");
}
inline void complain(std::string_view text) {
  const std::string line = "strata: " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

/// "1 table", "2 tables"
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

struct Command {
  std::string path;
  std::string family;
  std::size_t composition = 1;
  bool hex = false;
  bool json = false;
  bool show_progress = false;
  bool hide_progress = false;

  void describe_path(CLI::App& app) {
    app.add_option("path", path, "The database's directory")->required();
    describe_json(app);
  }
  void describe_json(CLI::App& app) {
    app.add_flag("--json", json, "Print JSON, an object a line");
  }
  void describe_family(CLI::App& app) {
    app.add_option("--family", family, "The family, where the database has several");
  }
  void describe_composition(CLI::App& app) {
    app.add_option("--composition", composition, "The number of the composition of what is made")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  }
  void describe_hex(CLI::App& app) {
    app.add_flag("--hex", hex, "Keys and values are hex digits, given and printed");
  }
  void describe_progress(CLI::App& app) {
    auto* const off = app.add_flag("--no-progress", hide_progress, "Show no progress");
    app.add_flag("--progress", show_progress, "Show progress though stderr is no terminal")
        ->excludes(off);
  }

  /// None: as stderr is a terminal or not.
  [[nodiscard]] std::optional<bool> wants_progress() const {
    return show_progress || hide_progress ? std::optional(show_progress) : std::nullopt;
  }
  /// Bytes that were given as an argument.
  [[nodiscard]] Result<std::string> bytes_of(const std::string& argument) const {
    return hex ? from_hex(argument) : Result<std::string>(argument);
  }
  /// Bytes for a person to read.
  [[nodiscard]] std::string text_of(std::string_view bytes) const {
    return hex ? to_hex(bytes) : escape(bytes);
  }
  void put_bytes(boost::json::object& object, std::string_view name, std::string_view bytes) const {
    put_json_bytes(object, name, bytes, hex);
  }
};

}  // namespace strata::tool
