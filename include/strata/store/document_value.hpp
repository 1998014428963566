// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A document as it is stored, and its way from and to JSON.
///
/// At the edge a document is a `boost::json::value`. Stored, it is a FlexBuffer, so that one field
/// is read without a parse of the others, and a byte that tells the version of the form:
///
///     flexbuffer          untyped vectors and maps (sorted by name), strings, blobs, scalars;
///                         an indirect int is a date
///     u8 format           1
///
/// JSON has neither dates nor bytes. They enter and leave as MongoDB's extended JSON:
/// `{"$date": milliseconds since 1970}` and `{"$binary": "base64"}`. Objects keep no order of
/// fields; numbers keep their type and value; infinities and NaN are refused.
///
/// Stored bytes are untrusted: `parse` checks every offset, length and key once, and what it
/// returns can be walked without further care. Sort order and key bytes are those of
/// store/key_codec.hpp. Threads: values may be shared once made.
/// Needs FlatBuffers 2 and Boost.JSON 1.81: link `strata::flatbuffers` and `strata::json`.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <flatbuffers/flexbuffers.h>
#include <boost/json/value.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/store/base64.hpp>
#include <strata/store/key_codec.hpp>

#if FLATBUFFERS_LOCALE_INDEPENDENT != 0
#error \
    "strata: compile with -DFLATBUFFERS_LOCALE_INDEPENDENT=0; the target strata::flatbuffers does"
#endif

namespace strata::store {

using Json = boost::json::value;

/// A value inside a stored document: points into its bytes, which it must not outlive.
using ValueRef = flexbuffers::Reference;

inline constexpr std::size_t document_bytes_max = 16_MiB;
/// Arrays and objects within each other; the verifier of FlexBuffers stops at 64.
inline constexpr int document_nesting_max = 60;

[[nodiscard]] inline std::string_view text_of(ValueRef value) {
  const auto text = value.AsString();
  return {text.c_str(), text.size()};
}
[[nodiscard]] inline std::string_view bytes_of(ValueRef value) {
  const auto blob = value.AsBlob();
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}
[[nodiscard]] inline std::string_view view_of(const boost::json::string& text) noexcept {
  return {text.data(), text.size()};
}
/// A field of an object; null where `object` is none or lacks it (`found` tells).
[[nodiscard]] inline bool find_field(ValueRef object, const std::string& name, ValueRef& found) {
  if (!object.IsMap()) {
    return false;
  }
  const auto map = object.AsMap();
  const auto keys = map.Keys();
  std::size_t low = 0;
  for (std::size_t high = keys.size(); low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = std::strcmp(keys[middle].AsKey(), name.c_str());
    if (order == 0) {
      found = map.Values()[middle];
      return true;
    }
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return false;
}

[[nodiscard]] inline KeyTag tag_of(ValueRef value) noexcept {
  switch (value.GetType()) {
    case flexbuffers::FBT_NULL: return KeyTag::null;
    case flexbuffers::FBT_BOOL: return KeyTag::boolean;
    case flexbuffers::FBT_INT:
    case flexbuffers::FBT_UINT:
    case flexbuffers::FBT_FLOAT: return KeyTag::number;
    case flexbuffers::FBT_STRING: return KeyTag::string;
    case flexbuffers::FBT_MAP: return KeyTag::object;
    case flexbuffers::FBT_VECTOR: return KeyTag::array;
    case flexbuffers::FBT_BLOB: return KeyTag::binary;
    case flexbuffers::FBT_INDIRECT_INT: return KeyTag::date;
    default: return KeyTag::greatest;  // no type that a document has; `verify` refuses it
  }
}

[[nodiscard]] inline KeyNumber number_of(ValueRef value) {
  if (value.IsFloat()) {
    return value.AsDouble();
  }
  return value.IsUInt() ? KeyNumber(value.AsUInt64()) : KeyNumber(value.AsInt64());
}

/// Appends the value with its tag: the order of these bytes is the order of documents' values.
inline void write_key(KeyWriter& to, ValueRef value) {
  const KeyTag tag = tag_of(value);
  to.tag(tag);
  switch (tag) {
    case KeyTag::number: to.number(number_of(value)); break;
    case KeyTag::string: to.bytes(text_of(value)); break;
    case KeyTag::binary: to.bytes(bytes_of(value)); break;
    case KeyTag::boolean: to.flag(value.AsBool()); break;
    case KeyTag::date: to.i64(value.AsInt64()); break;
    case KeyTag::array: {
      const auto elements = value.AsVector();
      for (std::size_t i = 0; i < elements.size(); ++i) {
        write_key(to, elements[i]);
      }
      to.tag(KeyTag::end);
      break;
    }
    case KeyTag::object: {
      const auto names = value.AsMap().Keys();
      const auto values = value.AsMap().Values();
      for (std::size_t i = 0; i < names.size(); ++i) {
        to.tag(tag_of(values[i])).bytes(names[i].AsKey());
        write_key(to, values[i]);
      }
      to.tag(KeyTag::end);
      break;
    }
    default: break;
  }
}
[[nodiscard]] inline std::string key_of(ValueRef value) {
  KeyWriter writer;
  write_key(writer, value);
  return writer.take();
}

/// The value as JSON at the edge.
[[nodiscard]] inline Json to_json(ValueRef value) {
  switch (tag_of(value)) {
    case KeyTag::number: return std::visit([](auto n) { return Json(n); }, number_of(value));
    case KeyTag::string: return Json(boost::json::string_view(text_of(value)));
    case KeyTag::boolean: return Json(value.AsBool());
    case KeyTag::date: {
      boost::json::object date;
      date.emplace("$date", value.AsInt64());
      return date;
    }
    case KeyTag::binary: {
      boost::json::object binary;
      binary.emplace("$binary", to_base64(bytes_of(value)));
      return binary;
    }
    case KeyTag::array: {
      const auto elements = value.AsVector();
      boost::json::array array;
      array.reserve(elements.size());
      for (std::size_t i = 0; i < elements.size(); ++i) {
        array.push_back(to_json(elements[i]));
      }
      return array;
    }
    case KeyTag::object: {
      const auto names = value.AsMap().Keys();
      const auto values = value.AsMap().Values();
      boost::json::object object;
      object.reserve(names.size());
      for (std::size_t i = 0; i < names.size(); ++i) {
        object.emplace(names[i].AsKey(), to_json(values[i]));
      }
      return object;
    }
    default: return nullptr;
  }
}

namespace detail {

inline constexpr std::uint8_t document_format = 1;

/// What the verifier of FlexBuffers leaves open: only types that documents have, as many names as
/// values, names that end inside the buffer, in ascending order.
[[nodiscard]] inline bool is_well_formed(ValueRef value, const char* end) {
  if (value.IsMap()) {
    const auto names = value.AsMap().Keys();
    const auto values = value.AsMap().Values();
    if (names.size() != values.size()) {
      return false;
    }
    const char* before = nullptr;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const char* name = names[i].AsKey();
      if (std::memchr(name, 0, static_cast<std::size_t>(end - name)) == nullptr ||
          (before != nullptr && std::strcmp(before, name) >= 0) ||
          !is_well_formed(values[i], end)) {
        return false;
      }
      before = name;
    }
    return true;
  }
  if (value.IsUntypedVector()) {
    const auto elements = value.AsVector();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (!is_well_formed(elements[i], end)) {
        return false;
      }
    }
    return true;
  }
  return tag_of(value) != KeyTag::greatest;
}

class DocumentBuilder {
 public:
  [[nodiscard]] Result<void> add(const Json& json, int nesting = document_nesting_max) {
    switch (json.kind()) {
      case boost::json::kind::null: builder_.Null(); return {};
      case boost::json::kind::bool_: builder_.Bool(json.get_bool()); return {};
      case boost::json::kind::int64: builder_.Int(json.get_int64()); return {};
      case boost::json::kind::uint64: builder_.UInt(json.get_uint64()); return {};
      case boost::json::kind::double_:
        if (!std::isfinite(json.get_double())) {
          return fail(ErrorCode::invalid_argument,
                      "a number of the document is infinite or NaN; store null instead");
        }
        builder_.Double(json.get_double());
        return {};
      case boost::json::kind::string:
        builder_.String(json.get_string().data(), json.get_string().size());
        return {};
      default: break;
    }
    if (nesting == 0) {
      return fail(ErrorCode::invalid_argument,
                  "the document nests arrays and objects deeper than 60; flatten it");
    }
    return json.is_array() ? add_array(json.get_array(), nesting - 1)
                           : add_object(json.get_object(), nesting - 1);
  }
  [[nodiscard]] std::string finish() {
    builder_.Finish();
    const auto& buffer = builder_.GetBuffer();
    std::string bytes;
    bytes.reserve(buffer.size() + 1);
    bytes.assign(reinterpret_cast<const char*>(buffer.data()), buffer.size());
    bytes.push_back(static_cast<char>(document_format));
    return bytes;
  }

 private:
  [[nodiscard]] Result<void> add_array(const boost::json::array& array, int nesting) {
    const std::size_t start = builder_.StartVector();
    for (const Json& element : array) {
      if (auto added = add(element, nesting); !added) {
        return added;
      }
    }
    builder_.EndVector(start, false, false);
    return {};
  }
  [[nodiscard]] Result<void> add_object(const boost::json::object& object, int nesting) {
    if (object.size() == 1 && object.begin()->key() == "$date") {
      return add_date(object.begin()->value());
    }
    if (object.size() == 1 && object.begin()->key() == "$binary") {
      return add_binary(object.begin()->value());
    }
    const std::size_t start = builder_.StartMap();
    for (const auto& field : object) {
      const std::string_view name(field.key().data(), field.key().size());
      if (name.find('\0') != std::string_view::npos) {
        return fail(ErrorCode::invalid_argument,
                    "a field's name contains the character U+0000; rename the field");
      }
      if (name.starts_with('$')) {
        return fail(ErrorCode::invalid_argument, "the field's name '", name,
                    "' starts with $, which is for operators; rename the field");
      }
      builder_.Key(name.data(), name.size());
      if (auto added = add(field.value(), nesting); !added) {
        return added;
      }
    }
    builder_.EndMap(start);
    return {};
  }
  [[nodiscard]] Result<void> add_date(const Json& milliseconds) {
    if (!milliseconds.is_int64()) {
      return fail(ErrorCode::invalid_argument,
                  "$date takes the milliseconds since 1970-01-01 UTC as an integer");
    }
    builder_.IndirectInt(milliseconds.get_int64());
    return {};
  }
  [[nodiscard]] Result<void> add_binary(const Json& base64) {
    std::string bytes;
    if (!base64.is_string() || !from_base64(view_of(base64.get_string()), bytes)) {
      return fail(ErrorCode::invalid_argument, "$binary takes a string of base64 with padding");
    }
    builder_.Blob(bytes.data(), bytes.size());
    return {};
  }

  flexbuffers::Builder builder_;
};

}  // namespace detail

/// The value in stored bytes, which it must not outlive.
/// Errors: `corruption` where the bytes are no stored value.
[[nodiscard]] inline Result<ValueRef> parse_stored(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (bytes.size() < 4 || bytes.size() > document_bytes_max ||
      static_cast<std::uint8_t>(bytes.back()) != detail::document_format ||
      !flexbuffers::VerifyBuffer(begin, bytes.size() - 1)) {
    return fail(ErrorCode::corruption, "the stored bytes are no document");
  }
  const ValueRef root = flexbuffers::GetRoot(begin, bytes.size() - 1);
  if (!detail::is_well_formed(root, bytes.data() + bytes.size() - 1)) {
    return fail(ErrorCode::corruption, "the stored bytes are no document");
  }
  return root;
}

/// A value that owns its stored form.
class StoredValue {
 public:
  StoredValue() : StoredValue(*of(nullptr)) {}

  /// Errors: `invalid_argument` where JSON holds what a document can not.
  [[nodiscard]] static Result<StoredValue> of(const Json& json) {
    detail::DocumentBuilder builder;
    if (auto added = builder.add(json); !added) {
      return propagate(std::move(added));
    }
    std::string bytes = builder.finish();
    if (bytes.size() > document_bytes_max) {
      return fail(ErrorCode::invalid_argument, "the document takes ", std::to_string(bytes.size()),
                  " bytes; the limit is 16 MiB, keep large parts in the object store");
    }
    return StoredValue(std::move(bytes));
  }
  /// Errors: `corruption` where the bytes are no stored value.
  [[nodiscard]] static Result<StoredValue> parse(std::string bytes) {
    if (auto root = parse_stored(bytes); !root) {
      return propagate(std::move(root));
    }
    return StoredValue(std::move(bytes));
  }

  [[nodiscard]] ValueRef root() const { return root_of(bytes_); }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  explicit StoredValue(std::string bytes) noexcept : bytes_(std::move(bytes)) {}

  [[nodiscard]] static ValueRef root_of(const std::string& bytes) {
    return flexbuffers::GetRoot(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                bytes.size() - 1);
  }

  std::string bytes_;
};

}  // namespace strata::store
