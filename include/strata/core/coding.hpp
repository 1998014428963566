// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Integers and strings as bytes, and a reader that can not run past its input.
///
/// Fixed-width integers are little-endian; `varint` is LEB128. `put_*` append to a string,
/// `store_*` write to memory that has room. `Decoder` reads untrusted bytes (invariant 11): each
/// `take_*` returns false, and takes nothing, when fewer bytes remain than the value claims.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace strata {

template <class Integer>
requires std::is_integral_v<Integer>
inline void store_fixed(char* to, Integer value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

template <class Integer>
requires std::is_integral_v<Integer>
[[nodiscard]] inline Integer load_fixed(const char* from) noexcept {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Integer>
requires std::is_integral_v<Integer>
inline void put_fixed(std::string& out, Integer value) {
  char bytes[sizeof value];
  store_fixed(bytes, value);
  out.append(bytes, sizeof bytes);
}

/// The most bytes that a varint has.
inline constexpr std::size_t varint_bytes_max = 10;

/// Returns where it ends. Requires: room for it.
[[nodiscard]] inline char* store_varint(char* to, std::uint64_t value) noexcept {
  for (; value >= 0x80; value >>= 7) {
    *to++ = static_cast<char>(value | 0x80);
  }
  *to++ = static_cast<char>(value);
  return to;
}
/// Length (varint), then the bytes. Returns where they end.
[[nodiscard]] inline char* store_string(char* to, std::string_view bytes) noexcept {
  to = store_varint(to, bytes.size());
  return std::char_traits<char>::copy(to, bytes.data(), bytes.size()) + bytes.size();
}

inline void put_varint(std::string& out, std::uint64_t value) {
  char bytes[varint_bytes_max];
  out.append(bytes, static_cast<std::size_t>(store_varint(bytes, value) - bytes));
}

/// Length (varint), then the bytes.
inline void put_string(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  template <class Integer>
  requires std::is_integral_v<Integer>
  [[nodiscard]] bool take_fixed(Integer& value) noexcept {
    if (rest_.size() < sizeof value) {
      return false;
    }
    value = load_fixed<Integer>(rest_.data());
    rest_.remove_prefix(sizeof value);
    return true;
  }

  [[nodiscard]] bool take_varint(std::uint64_t& value) noexcept {
    // Most are lengths of one byte.
    if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80) [[likely]] {
      value = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      return true;
    }
    return take_long_varint(value);
  }

  [[nodiscard]] bool take_bytes(std::size_t length, std::string_view& bytes) noexcept {
    if (length > rest_.size()) {
      return false;
    }
    bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

  [[nodiscard]] bool take_string(std::string_view& bytes) noexcept {
    const std::string_view before = rest_;
    std::uint64_t length = 0;
    if (take_varint(length) && take_bytes(length, bytes)) [[likely]] {
      return true;
    }
    rest_ = before;
    return false;
  }

 private:
  [[nodiscard, gnu::noinline]] bool take_long_varint(std::uint64_t& value) noexcept {
    std::uint64_t decoded = 0;
    for (std::size_t i = 0; i < rest_.size() && i < varint_bytes_max; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      if (i == 9 && byte > 1) {
        return false;  // more than 64 bits
      }
      decoded |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        value = decoded;
        return true;
      }
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace strata
