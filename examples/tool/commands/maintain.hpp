// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `compact`, `checkpoint`, `destroy`: the whole database at once.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/lsm/destroy.hpp>
#include <strata/observe/concept.hpp>

#include "../command.hpp"
#include "../progress.hpp"
#include "../session.hpp"
#include "../watcher.hpp"

namespace strata::tool {

template <class Session>
struct Compact : Command {
  static constexpr const char* name = "compact";
  static constexpr const char* help = "Merge tables down to the deepest level";

  std::string from;
  std::string to;

  void describe(CLI::App& app) {
    describe_path(app);
    app.add_option("--family", family, "Only this family");
    describe_hex(app);
    app.add_option("--from", from, "The first key");
    app.add_option("--to", to, "The last key");
    describe_progress(app);
  }

  [[nodiscard]] Result<Exit> run() {
    auto first = bytes_of(from);
    auto last = first ? bytes_of(to) : propagate(first);
    auto session = last ? Session::open(path, Access::write) : propagate(last);
    if (!session) {
      return propagate(std::move(session));
    }
    const auto bound = [](const std::string& bytes) {
      return bytes.empty() ? std::nullopt : std::optional<std::string_view>(bytes);
    };
    const std::uint64_t before = table_bytes(*session);
    auto done = [&] {
      Progress progress("compact", Unit::bytes, 0, wants_progress());
      const Watcher watcher(progress, [&session] { return written_bytes(*session); });
      return session->with_families(
          family, [&](auto& handle) { return handle.compact(bound(*first), bound(*last)); });
    }();
    const std::uint64_t after = table_bytes(*session);
    done = done ? session->close() : done;
    if (!done) {
      return propagate(std::move(done));
    }
    show(before, after);
    return Exit::ok;
  }

 private:
  static std::uint64_t table_bytes(Session& session) {
    return session.with_engine([](auto& engine) { return engine.stats().table_bytes(); });
  }
  static std::uint64_t written_bytes(Session& session) {
    return session.with_engine([](auto& engine) {
      return engine.stats().metrics[metrics::Counter::compaction_write_bytes];
    });
  }
  void show(std::uint64_t before, std::uint64_t after) const {
    if (json) {
      print_line(boost::json::serialize(
          boost::json::value{{"bytes_before", before}, {"bytes_after", after}}));
    } else {
      print_line("tables: " + format_bytes(static_cast<double>(before)) + " before, " +
                 format_bytes(static_cast<double>(after)) + " after");
    }
  }
};

template <class Session>
struct Checkpoint : Command {
  static constexpr const char* name = "checkpoint";
  static constexpr const char* help = "Make a copy by hard links, on the same file system";

  std::string target;

  void describe(CLI::App& app) {
    describe_path(app);
    app.add_option("target", target, "The directory to make")->required();
  }

  [[nodiscard]] Result<Exit> run() {
    auto session = Session::open(path, Access::write);
    auto done = session
                    ? session->with_engine([&](auto& engine) { return engine.checkpoint(target); })
                    : Result<void>(propagate(session));
    done = done ? session->close() : done;
    if (!done) {
      return propagate(std::move(done));
    }
    print_line(json ? boost::json::serialize(boost::json::value{{"checkpoint", target}})
                    : "a copy is at " + target);
    return Exit::ok;
  }
};

template <class Session>
struct Destroy : Command {
  static constexpr const char* name = "destroy";
  static constexpr const char* help = "Remove a database, and nothing else";

  bool yes = false;

  void describe(CLI::App& app) {
    describe_path(app);
    app.add_flag("--yes", yes, "Do it");
  }

  [[nodiscard]] Result<Exit> run() {
    if (!yes) {
      return fail(ErrorCode::invalid_argument,
                  "destroy removes the database for good; give --yes to do it");
    }
    if (auto done = destroy(path); !done) {
      return propagate(std::move(done));
    }
    if (json) {
      print_line(R"({"done":true})");
    }
    return Exit::ok;
  }
};

}  // namespace strata::tool
