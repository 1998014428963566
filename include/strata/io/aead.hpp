// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The encryption slot: authenticated encryption with associated data (AEAD, RFC 5116).
///
/// | expression                                | result           | promise                     |
/// |-------------------------------------------|------------------|-----------------------------|
/// | `A::name`, `A::id`                        | name, `uint8_t`  | `id` is stored in files:    |
/// |                                           |                  | never given to another one  |
/// | `A::start(key)`                           | `Result<Cipher>` | keys are 32 bytes           |
/// | `cipher.seal(nonce, aad, bytes, size, tag)` | `Result<void>` | encrypts in place, writes a |
/// |                                           |                  | tag of 16 bytes             |
/// | `cipher.open(nonce, aad, bytes, size, tag)` | `Result<bool>` | decrypts in place; false:   |
/// |                                           |                  | not what was sealed, and    |
/// |                                           |                  | `bytes` hold nothing of use |
///
/// `seal` and `open` are const, all threads may call them. Nonces are 12 bytes; to seal two texts
/// with one key and one nonce gives both away, so whoever uses this must never do it: see
/// `io/encrypted.hpp` for why it does not.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata::io {

inline constexpr std::size_t secret_key_bytes = 32;
inline constexpr std::size_t aead_tag_bytes = 16;

/// A key of 256 bits, wiped where it ends.
class SecretKey {
 public:
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey() { ::explicit_bzero(bytes_.data(), bytes_.size()); }

  [[nodiscard]] static Result<SecretKey> from(std::string_view bytes) {
    if (bytes.size() != secret_key_bytes) {
      return fail(ErrorCode::invalid_argument, "a key has 32 bytes, this one has ",
                  std::to_string(bytes.size()));
    }
    SecretKey key;
    std::memcpy(key.bytes_.data(), bytes.data(), bytes.size());
    return key;
  }

  [[nodiscard]] const unsigned char* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] unsigned char* data() noexcept { return bytes_.data(); }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return secret_key_bytes; }
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  std::array<unsigned char, secret_key_bytes> bytes_{};
};

using AeadNonce = std::array<unsigned char, 12>;

/// Distinct for distinct arguments.
[[nodiscard]] inline AeadNonce make_nonce(std::uint32_t domain, std::uint64_t counter) noexcept {
  char bytes[12];
  store_fixed(bytes, counter);
  store_fixed(bytes + 8, domain);
  AeadNonce nonce;
  std::memcpy(nonce.data(), bytes, sizeof bytes);
  return nonce;
}

}  // namespace strata::io

namespace strata {

template <class A>
concept AeadPolicy = std::same_as<typename A::policy_slot, encryption_slot> &&
    std::movable<typename A::Cipher> &&
    requires(const typename A::Cipher& cipher, const io::SecretKey& key, const io::AeadNonce& nonce,
             std::string_view aad, char* bytes, const char* tag) {
  { A::name } -> std::convertible_to<std::string_view>;
  { A::id } -> std::convertible_to<std::uint8_t>;
  { A::start(key) } -> std::same_as<Result<typename A::Cipher>>;
  { cipher.seal(nonce, aad, bytes, std::size_t{}, bytes) } -> std::same_as<Result<void>>;
  { cipher.open(nonce, aad, bytes, std::size_t{}, tag) } -> std::same_as<Result<bool>>;
};

}  // namespace strata
