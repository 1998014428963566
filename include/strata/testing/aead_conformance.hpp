// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/io/aead.hpp, checked on any policy of the encryption slot: what was
/// sealed opens, and nothing else does. Whether it is secret no test can say.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <strata/io/aead.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

struct Sealed {
  std::string bytes;
  std::array<char, io::aead_tag_bytes> tag{};
};

/// Whether `sealed` opens, and to `expected`, where that is not null.
template <class Cipher>
[[nodiscard]] bool opens(const Cipher& cipher, const io::AeadNonce& nonce, std::string_view aad,
                         Sealed sealed, const std::string* expected = nullptr) {
  const auto opened =
      cipher.open(nonce, aad, sealed.bytes.data(), sealed.bytes.size(), sealed.tag.data());
  return opened && *opened && (expected == nullptr || sealed.bytes == *expected);
}

/// Any bit of the text, of the tag, of what goes with it; another nonce, another size.
template <class Cipher>
void check_forgeries(Conformance& found, const Cipher& cipher, const Sealed& sealed,
                     std::mt19937_64& random) {
  const io::AeadNonce nonce = io::make_nonce(1, 7);
  const auto flip = [&](auto& bytes) {
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
  };
  for (int round = 0; round < 40; ++round) {
    Sealed forged = sealed;
    flip(forged.tag);
    found.expect(!opens(cipher, nonce, "aad", forged), "another tag does not open");
    if (!sealed.bytes.empty()) {
      forged = sealed;
      flip(forged.bytes);
      found.expect(!opens(cipher, nonce, "aad", forged), "changed bytes do not open");
      forged = sealed;
      forged.bytes.pop_back();
      found.expect(!opens(cipher, nonce, "aad", forged), "bytes cut short do not open");
    }
  }
  found.expect(!opens(cipher, nonce, "aae", sealed), "other associated data does not open");
  found.expect(!opens(cipher, nonce, "", sealed), "missing associated data does not open");
  found.expect(!opens(cipher, io::make_nonce(1, 8), "aad", sealed), "another nonce does not open");
}

}  // namespace detail

template <AeadPolicy A>
[[nodiscard]] Conformance aead_conformance(std::uint64_t seed = 1) {
  Conformance found;
  std::mt19937_64 random(seed);
  std::string secret(io::secret_key_bytes, 'k');
  auto cipher = A::start(*io::SecretKey::from(secret));
  secret.back() = 'l';
  auto other = A::start(*io::SecretKey::from(secret));
  found.expect(cipher.has_value() && other.has_value(), "a cipher starts with any key");
  if (!cipher || !other) {
    return found;
  }
  const auto moved = std::move(*cipher);
  const io::AeadNonce nonce = io::make_nonce(1, 7);
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 4096U, 100'000U}) {
    std::string text(size, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    detail::Sealed sealed{text};
    const auto seal = [&](detail::Sealed& one) {
      return moved.seal(nonce, "aad", one.bytes.data(), size, one.tag.data()).has_value();
    };
    found.expect(seal(sealed), "any text can be sealed");
    found.expect(size < 15 || sealed.bytes != text, "sealing changes the bytes in place");
    detail::Sealed again{text};
    found.expect(seal(again) && again.bytes == sealed.bytes && again.tag == sealed.tag,
                 "the same key, nonce and text give the same bytes");
    found.expect(detail::opens(moved, nonce, "aad", sealed, &text), "what was sealed opens");
    found.expect(!detail::opens(*other, nonce, "aad", sealed), "another key does not open");
    detail::check_forgeries(found, moved, sealed, random);
  }
  return found;
}

}  // namespace strata::testing
