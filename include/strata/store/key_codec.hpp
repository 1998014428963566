// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Typed fields as key bytes: the byte order of the keys is the order of the fields.
///
/// A key is fields one after another. Each field's encoding is *self-delimiting*, no encoding is
/// a prefix of another of its type, so ("a:b","c") and ("a","b:c") differ, and a prefix of fields
/// is a prefix of bytes: all keys that begin with some fields lie in one range.
///
///     u8 u32 u64    big-endian
///     i64           big-endian, sign bit inverted
///     f64           IEEE bits, big-endian; negative: inverted, else sign bit set.
///                   -0 is stored as 0; every NaN is stored as 0^8, below -infinity
///     flag          00 or 01
///     bytes         00 -> 00 FF, end 00 01
///     number        f64 of the greatest double <= n; where 2^53 <= |that| < 2^64, u16 of the rest.
///                   Integers and doubles that compare equal have the same bytes
///
/// A value whose type varies starts with a `KeyTag`; tags ascend in BSON's order of types:
///
///     null                         tag
///     number | string | ...        tag, then number | bytes | ...
///     array                        tag, each element with its tag, 00
///     object                       tag, for each field: tag of its value, name, value; 00
///
/// A descending field is the ascending one with all its bits inverted. Round trip and order:
/// tests/store/key_codec_test.cpp. Writers and readers are values: one thread each.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <strata/store/key_number.hpp>

namespace strata::store {

/// Which way a field of a key sorts.
enum class Order : std::uint8_t {
  ascending,
  descending
};

/// The type of a value in a key, in BSON's order. Stored: never renumbered. Absent fields are null.
enum class KeyTag : std::uint8_t {
  end = 0x00,  ///< Closes an array or object; below every element, so shorter sorts first.
  least = 0x08,
  null = 0x10,
  number = 0x20,
  string = 0x30,
  object = 0x40,
  array = 0x50,
  binary = 0x60,
  boolean = 0x70,
  date = 0x80,  ///< i64 milliseconds since 1970 UTC.
  greatest = 0xf0,
};

/// Appends fields to a key: `KeyWriter().u8(1).bytes(name).i64(time).take()`.
class KeyWriter {
 public:
  KeyWriter() = default;
  /// Goes on after bytes that are there, such as the key of a parent.
  explicit KeyWriter(std::string head) noexcept : key_(std::move(head)) {}

  KeyWriter& u8(std::uint8_t value, Order order = Order::ascending) {
    return big_endian(value, 1, order);
  }
  KeyWriter& u32(std::uint32_t value, Order order = Order::ascending) {
    return big_endian(value, 4, order);
  }
  KeyWriter& u64(std::uint64_t value, Order order = Order::ascending) {
    return big_endian(value, 8, order);
  }
  KeyWriter& i64(std::int64_t value, Order order = Order::ascending) {
    return big_endian(static_cast<std::uint64_t>(value) ^ detail::sign_bit, 8, order);
  }
  KeyWriter& f64(double value, Order order = Order::ascending) {
    return big_endian(detail::ordered_bits(value), 8, order);
  }
  KeyWriter& flag(bool value, Order order = Order::ascending) {
    return big_endian(value ? 1 : 0, 1, order);
  }
  KeyWriter& bytes(std::string_view value, Order order = Order::ascending) {
    const std::size_t start = key_.size();
    key_.reserve(start + value.size() + 2);
    for (std::size_t zero = value.find('\0'); zero != std::string_view::npos;
         zero = value.find('\0')) {
      key_.append(value.substr(0, zero + 1)).push_back('\xff');
      value.remove_prefix(zero + 1);
    }
    key_.append(value).append("\0\x01", 2);
    return orient(start, order);
  }
  KeyWriter& number(std::int64_t value, Order order = Order::ascending) {
    const auto bits = static_cast<std::uint64_t>(value);
    return integer({value < 0, value < 0 ? ~bits + 1 : bits}, order);
  }
  KeyWriter& number(std::uint64_t value, Order order = Order::ascending) {
    return integer({false, value}, order);
  }
  KeyWriter& number(double value, Order order = Order::ascending) {
    f64(value, order);
    return detail::has_rest(value) ? big_endian(0, 2, order) : *this;
  }
  KeyWriter& number(const KeyNumber& value, Order order = Order::ascending) {
    std::visit([&](auto n) { number(n, order); }, value);
    return *this;
  }
  KeyWriter& tag(KeyTag value, Order order = Order::ascending) {
    return u8(static_cast<std::uint8_t>(value), order);
  }
  /// Bytes that are encoded already, ascending.
  KeyWriter& encoded(std::string_view fields, Order order = Order::ascending) {
    const std::size_t start = key_.size();
    key_.append(fields);
    return orient(start, order);
  }

  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] std::string take() noexcept { return std::move(key_); }

 private:
  KeyWriter& big_endian(std::uint64_t value, unsigned width, Order order) {
    value = order == Order::descending ? ~value : value;
    for (unsigned i = width; i-- > 0;) {
      key_.push_back(static_cast<char>(value >> (8 * i)));
    }
    return *this;
  }
  KeyWriter& integer(detail::Magnitude value, Order order) {
    const auto [floor, rest] = detail::split_integer(value);
    f64(floor, order);
    return detail::has_rest(floor) ? big_endian(rest, 2, order) : *this;
  }
  KeyWriter& orient(std::size_t start, Order order) {
    if (order == Order::descending) {
      for (std::size_t i = start; i < key_.size(); ++i) {
        key_[i] = static_cast<char>(~key_[i]);
      }
    }
    return *this;
  }

  std::string key_;
};

/// Reads the fields of a key back. The bytes are untrusted: each `take_*` returns false, and takes
/// nothing, where they are not what the writer makes.
class KeyReader {
 public:
  /// Requires: the bytes outlive the reader.
  explicit KeyReader(std::string_view key) noexcept : rest_(key) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  [[nodiscard]] bool take_u8(std::uint8_t& value, Order order = Order::ascending) noexcept {
    return take_integer(value, order);
  }
  [[nodiscard]] bool take_u32(std::uint32_t& value, Order order = Order::ascending) noexcept {
    return take_integer(value, order);
  }
  [[nodiscard]] bool take_u64(std::uint64_t& value, Order order = Order::ascending) noexcept {
    return take_integer(value, order);
  }
  [[nodiscard]] bool take_i64(std::int64_t& value, Order order = Order::ascending) noexcept {
    std::uint64_t bits = 0;
    if (!take_integer(bits, order)) {
      return false;
    }
    value = static_cast<std::int64_t>(bits ^ detail::sign_bit);
    return true;
  }
  [[nodiscard]] bool take_f64(double& value, Order order = Order::ascending) noexcept {
    KeyReader attempt = *this;
    std::uint64_t bits = 0;
    if (!attempt.take_integer(bits, order)) {
      return false;
    }
    const double decoded = detail::from_ordered_bits(bits);
    if (detail::ordered_bits(decoded) != bits) {
      return false;  // -0, or a NaN that the writer does not make
    }
    value = decoded;
    *this = attempt;
    return true;
  }
  [[nodiscard]] bool take_flag(bool& value, Order order = Order::ascending) noexcept {
    KeyReader attempt = *this;
    std::uint8_t byte = 0;
    if (!attempt.take_integer(byte, order) || byte > 1) {
      return false;
    }
    value = byte == 1;
    *this = attempt;
    return true;
  }
  [[nodiscard]] bool take_bytes(std::string& value, Order order = Order::ascending) {
    std::string decoded;
    std::size_t used = 0;
    if (!scan_bytes(used, order, &decoded)) {
      return false;
    }
    value = std::move(decoded);
    rest_.remove_prefix(used);
    return true;
  }
  [[nodiscard]] bool take_number(KeyNumber& value, Order order = Order::ascending) noexcept {
    KeyReader attempt = *this;
    double floor = 0;
    std::uint16_t rest = 0;
    if (!attempt.take_f64(floor, order) ||
        (detail::has_rest(floor) && !attempt.take_integer(rest, order)) ||
        !detail::join_number(floor, rest, value)) {
      return false;
    }
    *this = attempt;
    return true;
  }
  [[nodiscard]] bool take_tag(KeyTag& tag, Order order = Order::ascending) noexcept {
    KeyReader attempt = *this;
    std::uint8_t byte = 0;
    if (!attempt.take_integer(byte, order)) {
      return false;
    }
    switch (static_cast<KeyTag>(byte)) {
      case KeyTag::end:
      case KeyTag::least:
      case KeyTag::null:
      case KeyTag::number:
      case KeyTag::string:
      case KeyTag::object:
      case KeyTag::array:
      case KeyTag::binary:
      case KeyTag::boolean:
      case KeyTag::date:
      case KeyTag::greatest: break;
      default: return false;
    }
    tag = static_cast<KeyTag>(byte);
    *this = attempt;
    return true;
  }
  /// Passes over one value with its tag, however nested.
  [[nodiscard]] bool skip_value(Order order = Order::ascending) noexcept {
    KeyReader attempt = *this;
    KeyTag tag{};
    if (!attempt.take_tag(tag, order) || tag == KeyTag::end ||
        !attempt.skip_body(tag, order, nesting_max)) {
      return false;
    }
    *this = attempt;
    return true;
  }

  /// Values nested deeper are refused: the reader recurses.
  static constexpr int nesting_max = 200;

 private:
  [[nodiscard]] static unsigned char at(std::string_view bytes, std::size_t i,
                                        Order order) noexcept {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    return order == Order::descending ? static_cast<unsigned char>(~byte) : byte;
  }

  template <class Integer>
  [[nodiscard]] bool take_integer(Integer& value, Order order) noexcept {
    if (rest_.size() < sizeof value) {
      return false;
    }
    std::uint64_t decoded = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
      decoded = decoded << 8 | at(rest_, i, order);
    }
    value = static_cast<Integer>(decoded);
    rest_.remove_prefix(sizeof value);
    return true;
  }

  [[nodiscard]] bool scan_bytes(std::size_t& used, Order order, std::string* decoded) const {
    for (std::size_t i = 0; i + 1 < rest_.size(); ++i) {
      const unsigned char byte = at(rest_, i, order);
      if (byte == 0) {
        const unsigned char escape = at(rest_, ++i, order);
        if (escape == 1) {
          used = i + 1;
          return true;
        }
        if (escape != 0xff) {
          return false;
        }
      }
      if (decoded != nullptr) {
        decoded->push_back(static_cast<char>(byte));
      }
    }
    return false;
  }
  [[nodiscard]] bool skip_bytes(Order order) noexcept {
    std::size_t used = 0;
    if (!scan_bytes(used, order, nullptr)) {
      return false;
    }
    rest_.remove_prefix(used);
    return true;
  }

  [[nodiscard]] bool skip_body(KeyTag tag, Order order, int nesting) noexcept {
    KeyNumber number;
    std::int64_t date = 0;
    bool flag = false;
    switch (tag) {
      case KeyTag::number: return take_number(number, order);
      case KeyTag::string:
      case KeyTag::binary: return skip_bytes(order);
      case KeyTag::boolean: return take_flag(flag, order);
      case KeyTag::date: return take_i64(date, order);
      case KeyTag::array:
      case KeyTag::object: return nesting > 0 && skip_elements(tag, order, nesting - 1);
      default: return true;
    }
  }
  [[nodiscard]] bool skip_elements(KeyTag container, Order order, int nesting) noexcept {
    KeyTag tag{};
    while (take_tag(tag, order)) {
      if (tag == KeyTag::end) {
        return true;
      }
      KeyTag repeated{};
      if (container == KeyTag::object &&
          (!skip_bytes(order) || !take_tag(repeated, order) || repeated != tag)) {
        return false;
      }
      if (!skip_body(tag, order, nesting)) {
        return false;
      }
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace strata::store
