// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `scan` and `export`: entries in the order of their keys.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/lsm/options.hpp>

#include "../command.hpp"
#include "../session.hpp"

namespace strata::tool {

/// Calls `visit(key, value)` for each entry in the bounds of `options`, at most `limit`.
template <class Session, class Visit>
[[nodiscard]] Result<std::uint64_t> for_each_entry(Session& session, std::string_view family,
                                                   const ReadOptions& options, bool reverse,
                                                   std::uint64_t limit, Visit visit) {
  return session.with_family(family, [&](auto& handle) -> Result<std::uint64_t> {
    auto cursor = handle.cursor(options);
    reverse ? cursor.seek_to_last() : cursor.seek_to_first();
    std::uint64_t count = 0;
    for (; count < limit && cursor.valid(); ++count) {
      visit(cursor.key(), cursor.value());
      reverse ? cursor.prev() : cursor.next();
    }
    auto read = cursor.status();
    return read ? Result<std::uint64_t>(count) : propagate(std::move(read));
  });
}

template <class Session>
struct Scan : Command {
  static constexpr const char* name = "scan";
  static constexpr const char* help = "Print entries in the order of their keys";

  std::string from;
  std::string to;
  std::string prefix;
  std::uint64_t limit = UINT64_MAX;
  bool reverse = false;
  bool keys_only = false;
  bool count_only = false;

  void describe(CLI::App& app) {
    describe_path(app);
    describe_family(app);
    describe_hex(app);
    app.add_option("--from", from, "The first key");
    app.add_option("--to", to, "The key to end before");
    app.add_option("--prefix", prefix, "What the keys begin with")->excludes("--from", "--to");
    app.add_option("--limit", limit, "At most so many");
    app.add_flag("--reverse", reverse, "From the last to the first");
    auto* const keys = app.add_flag("--keys-only", keys_only, "No values");
    app.add_flag("--count", count_only, "Print how many there are, and nothing else")
        ->excludes(keys);
  }

  [[nodiscard]] Result<Exit> run() {
    if (auto parsed = parse_bounds(); !parsed) {
      return propagate(std::move(parsed));
    }
    auto session = Session::open(path, Access::read);
    if (!session) {
      return propagate(std::move(session));
    }
    const ReadOptions options{.fill_cache = false, .lower_bound = lower_, .upper_bound = upper_};
    auto count = for_each_entry(*session, family, options, reverse, limit,
                                [&](std::string_view key, std::string_view value) {
                                  if (!count_only) {
                                    show(key, value);
                                  }
                                });
    if (!count) {
      return propagate(std::move(count));
    }
    if (count_only) {
      const std::string number = std::to_string(*count);
      print_line(json ? R"({"count":)" + number + "}" : number);
    }
    return Exit::ok;
  }

 private:
  [[nodiscard]] Result<void> parse_bounds() {
    const auto parse = [this](const std::string& text, std::optional<std::string>& to_bytes) {
      auto bytes = bytes_of(text);
      if (bytes && !text.empty()) {
        to_bytes = std::move(*bytes);
      }
      return bytes ? Result<void>() : Result<void>(propagate(std::move(bytes)));
    };
    auto parsed = parse(prefix.empty() ? from : prefix, lower_);
    parsed = parsed ? parse(to, upper_) : parsed;
    if (parsed && !prefix.empty()) {
      upper_ = prefix_successor(*lower_);
    }
    return parsed;
  }

  void show(std::string_view key, std::string_view value) const {
    if (json) {
      boost::json::object entry;
      put_bytes(entry, "key", key);
      if (!keys_only) {
        put_bytes(entry, "value", value);
      }
      print_line(boost::json::serialize(entry));
    } else {
      print_line(keys_only ? text_of(key) : text_of(key) + "\t" + text_of(value));
    }
  }

  std::optional<std::string> lower_;
  std::optional<std::string> upper_;
};

template <class Session>
struct Export : Command {
  static constexpr const char* name = "export";
  static constexpr const char* help = "Print all entries as JSON lines, for `load`";

  bool tsv = false;

  void describe(CLI::App& app) {
    app.add_option("path", path, "The database's directory")->required();
    app.add_flag("--tsv", tsv, "Key, tab, value; with escapes");
    app.add_flag("--json", json, "As without it: JSON lines")->excludes("--tsv");
    describe_family(app);
  }

  [[nodiscard]] Result<Exit> run() {
    auto session = Session::open(path, Access::read);
    if (!session) {
      return propagate(std::move(session));
    }
    auto count = for_each_entry(
        *session, family, {.fill_cache = false}, false, UINT64_MAX,
        [&](std::string_view key, std::string_view value) { print_line(line_of(key, value)); });
    return count ? Result<Exit>(Exit::ok) : propagate(std::move(count));
  }

 private:
  [[nodiscard]] std::string line_of(std::string_view key, std::string_view value) const {
    if (tsv) {
      return escape(key) + "\t" + escape(value);
    }
    boost::json::object entry;
    put_json_bytes(entry, "key", key);
    put_json_bytes(entry, "value", value);
    return boost::json::serialize(entry);
  }
};

}  // namespace strata::tool
