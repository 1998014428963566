// SPDX-License-Identifier: BSL-1.0
#pragma once

/// JSON for bytes: `{"key": "text"}` where they are UTF-8, else `{"key_hex": "00ff"}`, so that what
/// was exported is what is loaded, whatever it was.

#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include <strata/core/error.hpp>

#include "escape.hpp"

namespace strata::tool {

inline void put_json_bytes(boost::json::object& object, std::string_view name,
                           std::string_view bytes, bool as_hex = false) {
  if (as_hex || !is_utf8(bytes)) {
    object[std::string(name) + "_hex"] = to_hex(bytes);
  } else {
    object[name] = bytes;
  }
}

/// Error: `name` is missing, or no string.
[[nodiscard]] inline Result<std::string> take_json_bytes(const boost::json::object& object,
                                                         std::string_view name) {
  const boost::json::value* const text = object.if_contains(name);
  const boost::json::value* const hex = object.if_contains(std::string(name) + "_hex");
  if (text != nullptr && text->is_string() && hex == nullptr) {
    return std::string(text->get_string());
  }
  if (hex != nullptr && hex->is_string() && text == nullptr) {
    return from_hex(hex->get_string());
  }
  return fail(ErrorCode::invalid_argument, "'", name, "' or '", name,
              "_hex' must be there, one of them, as a string");
}

}  // namespace strata::tool
