// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `get`, `put`, `erase`: one key.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/durability.hpp>
#include <strata/lsm/options.hpp>

#include "../command.hpp"
#include "../session.hpp"

namespace strata::tool {

template <class Session>
struct Get : Command {
  static constexpr const char* name = "get";
  static constexpr const char* help = "Print the value of a key; exit code 1 where it is absent";

  std::string key;
  bool raw = false;

  void describe(CLI::App& app) {
    describe_path(app);
    app.add_option("key", key, "The key")->required();
    describe_family(app);
    describe_hex(app);
    app.add_flag("--raw", raw, "Print the bytes of the value and nothing else");
  }

  [[nodiscard]] Result<Exit> run() {
    auto wanted = bytes_of(key);
    auto session = wanted ? Session::open(path, Access::read) : propagate(wanted);
    if (!session) {
      return propagate(std::move(session));
    }
    auto value = session->with_family(family, [&](auto& handle) { return handle.get(*wanted); });
    if (!value) {
      return propagate(std::move(value));
    }
    show(*wanted, *value);
    return *value ? Exit::ok : Exit::finding;
  }

 private:
  void show(std::string_view wanted, const std::optional<std::string>& value) const {
    if (json) {
      boost::json::object answer;
      put_bytes(answer, "key", wanted);
      answer["found"] = value.has_value();
      if (value) {
        put_bytes(answer, "value", *value);
      }
      print_line(boost::json::serialize(answer));
    } else if (value) {
      raw ? print(*value) : print_line(text_of(*value));
    } else {
      complain("there is no key '" + text_of(wanted) + "'");
    }
  }
};

/// What `put` and `erase` share.
struct Write : Command {
  std::string key;
  bool sync = false;

  void describe_write(CLI::App& app) {
    describe_path(app);
    app.add_option("key", key, "The key")->required();
    describe_family(app);
    describe_hex(app);
    app.add_flag("--sync", sync, "Return only when the write survives a power loss");
  }
  [[nodiscard]] WriteOptions options() const {
    return {.durability = sync ? std::optional(Durability::synced) : std::nullopt};
  }
  /// Opens, writes by `change(handle)`, closes.
  template <class Session, class Change>
  [[nodiscard]] Result<Exit> write(Access access, Change change) {
    auto session = Session::open(path, access, composition);
    if (!session) {
      return propagate(std::move(session));
    }
    auto done = session->with_family(family, change);
    done = done ? session->close() : done;
    if (!done) {
      return propagate(std::move(done));
    }
    if (json) {
      print_line(R"({"done":true})");
    }
    return Exit::ok;
  }
};

template <class Session>
struct Put : Write {
  static constexpr const char* name = "put";
  static constexpr const char* help = "Write a value";

  std::string value;
  bool create = false;

  void describe(CLI::App& app) {
    describe_write(app);
    app.add_option("value", value, "The value")->required();
    app.add_flag("--create", create, "Make the database where there is none");
    describe_composition(app);
  }

  [[nodiscard]] Result<Exit> run() {
    auto key_bytes = bytes_of(key);
    auto value_bytes = key_bytes ? bytes_of(value) : propagate(key_bytes);
    if (!value_bytes) {
      return propagate(std::move(value_bytes));
    }
    return write<Session>(create ? Access::create : Access::write, [&](auto& handle) {
      return handle.put(*key_bytes, *value_bytes, options());
    });
  }
};

template <class Session>
struct Erase : Write {
  static constexpr const char* name = "erase";
  static constexpr const char* help = "Erase a key; no error where it is absent";

  void describe(CLI::App& app) { describe_write(app); }

  [[nodiscard]] Result<Exit> run() {
    auto key_bytes = bytes_of(key);
    if (!key_bytes) {
      return propagate(std::move(key_bytes));
    }
    return write<Session>(Access::write,
                          [&](auto& handle) { return handle.erase(*key_bytes, options()); });
  }
};

}  // namespace strata::tool
