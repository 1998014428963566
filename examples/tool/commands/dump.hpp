// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `dump`: what one file of a database holds, with offsets, whatever composition wrote it; of a
/// damaged file as much as can be read.
///
/// Each line is an object of JSON with `--json`, else its fields as text. What is damaged is a line
/// of its own, `damaged`, and the exit code is 1.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/io/posix.hpp>
#include <strata/table/format.hpp>
#include <strata/version/manifest_reader.hpp>
#include <strata/wal/log_header.hpp>

#include "../command.hpp"
#include "../dump_log.hpp"
#include "../dump_out.hpp"
#include "../dump_table.hpp"

namespace strata::tool {

struct Dump : Command {
  static constexpr const char* name = "dump";
  static constexpr const char* help = "Print what a .table, a .log or a MANIFEST file holds";

  bool no_entries = false;

  void describe(CLI::App& app) {
    app.add_option("file", path, "The file")->required();
    describe_json(app);
    describe_hex(app);
    app.add_flag("--no-entries", no_entries, "Headers, properties, blocks and records only");
  }

  [[nodiscard]] Result<Exit> run() {
    io::Posix fs;
    auto file = fs.open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    DumpOut out(json, hex, !no_entries);
    auto kind = kind_of(*file);
    auto done = kind ? dump(*kind, std::move(*file), out) : Result<void>(propagate(kind));
    if (!done) {
      return propagate(std::move(done));
    }
    return out.has_damage() ? Exit::finding : Exit::ok;
  }

 private:
  enum class Kind : std::uint8_t {
    table,
    log,
    manifest
  };

  /// By the bytes where they say so, else by the name: either may be damaged.
  [[nodiscard]] Result<Kind> kind_of(const io::Posix::RandomFile& file) const {
    char magic[8] = {};
    auto read = file.read(0, magic, sizeof magic);
    if (!read) {
      return propagate(std::move(read));
    }
    const std::string_view first(magic, sizeof magic);
    const std::string_view file_name = std::string_view(path).substr(path.rfind('/') + 1);
    if (first == std::string_view(wal::segment_magic.text) || file_name.ends_with(".log")) {
      return Kind::log;
    }
    if (first == std::string_view(version::manifest_magic.text) ||
        file_name.starts_with("MANIFEST-")) {
      return Kind::manifest;
    }
    if (file.size_bytes() >= table::footer_bytes) {
      auto footer = file.read(file.size_bytes() - table::footer_bytes, magic, sizeof magic);
      if (footer && load_fixed<std::uint64_t>(magic) == table::table_magic) {
        return Kind::table;
      }
    }
    if (file_name.ends_with(".table") || file_name.ends_with(".damaged")) {
      return Kind::table;
    }
    return fail(ErrorCode::invalid_argument, path,
                ": is no table, log or manifest, by its bytes or by its name");
  }

  [[nodiscard]] Result<void> dump(Kind kind, io::Posix::RandomFile file, DumpOut& out) const {
    switch (kind) {
      case Kind::log: return LogDump(std::move(file), path, out).run(wal::segment_magic);
      case Kind::manifest: return LogDump(std::move(file), path, out).run(version::manifest_magic);
      case Kind::table: break;
    }
    return TableDump(path, out).run();
  }
};

}  // namespace strata::tool
