// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The lines of a dump: a name, an offset, fields.
///
///     record  @72  first_sequence=1 count=1 payload_bytes=9
///     {"what":"record","offset":72,"first_sequence":1,"count":1,"payload_bytes":9}

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "command.hpp"
#include "escape.hpp"
#include "json.hpp"

namespace strata::tool {

class DumpOut {
 public:
  DumpOut(bool as_json, bool as_hex, bool shows_entries)
      : json_(as_json), hex_(as_hex), shows_entries_(shows_entries) {}

  [[nodiscard]] bool shows_entries() const { return shows_entries_; }
  [[nodiscard]] bool has_damage() const { return has_damage_; }

  void line(std::string_view what, std::uint64_t offset, boost::json::object fields) const {
    if (json_) {
      boost::json::object all = {{"what", what}, {"offset", offset}};
      for (auto& field : fields) {
        all[field.key()] = std::move(field.value());
      }
      print_line(boost::json::serialize(all));
      return;
    }
    std::string text = std::string(what) + "  @" + std::to_string(offset) + " ";
    for (const auto& field : fields) {
      text += " " + std::string(field.key()) + "=";
      text += field.value().is_string() ? escape(field.value().get_string())
                                        : boost::json::serialize(field.value());
    }
    print_line(text);
  }
  void damage(std::uint64_t offset, std::string_view why) {
    has_damage_ = true;
    line("damaged", offset, {{"why", why}});
  }

  /// A field of bytes: in text escaped or hex, in JSON as everywhere.
  void put(boost::json::object& fields, std::string_view name, std::string_view bytes) const {
    if (json_) {
      put_json_bytes(fields, name, bytes, hex_);
    } else {
      // `line` escapes once more what is escaped here: so bytes go in as they are where they can.
      hex_ ? void(fields[name] = to_hex(bytes)) : void(fields[name] = bytes);
    }
  }

 private:
  bool json_;
  bool hex_;
  bool shows_entries_;
  bool has_damage_ = false;
};

[[nodiscard]] inline std::string_view kind_name(std::uint8_t kind) {
  constexpr std::string_view names[] = {"erase", "put", "merge", "erase_range", "value_pointer"};
  return kind < std::size(names) ? names[kind] : "unknown";
}

}  // namespace strata::tool
