// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/aead_openssl.hpp>

using namespace strata;
using io::AeadNonce;
using io::SecretKey;

namespace {

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

SecretKey key_of(std::string_view hex) {
  return SecretKey::from(from_hex(hex)).value();
}

AeadNonce nonce_of(std::string_view hex) {
  AeadNonce nonce{};
  const std::string bytes = from_hex(hex);
  std::memcpy(nonce.data(), bytes.data(), nonce.size());
  return nonce;
}

/// Ciphertext and tag.
template <class A>
std::string sealed(const SecretKey& key, const AeadNonce& nonce, std::string_view aad,
                   std::string text) {
  std::string tag(io::aead_tag_bytes, '\0');
  REQUIRE(A::start(key).value().seal(nonce, aad, text.data(), text.size(), tag.data()));
  return text + tag;
}

}  // namespace

TEST_CASE("AES-256-GCM gives what McGrew and Viega's test cases 13 to 16 say") {
  const SecretKey zero;
  CHECK(sealed<aead::Aes256Gcm>(zero, AeadNonce{}, "", "") ==
        from_hex("530f8afbc74536b9a963b4f1c4cb738b"));
  CHECK(sealed<aead::Aes256Gcm>(zero, AeadNonce{}, "", std::string(16, '\0')) ==
        from_hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
  CHECK(sealed<aead::Aes256Gcm>(
            key_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
            nonce_of("cafebabefacedbaddecaf888"),
            from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
            from_hex(
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
                "2fcf0e2449a6b525b16aedf5aa0de657ba637b39")) ==
        from_hex(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b0"
            "8b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"));
}

TEST_CASE("ChaCha20-Poly1305 gives what RFC 8439, 2.8.2 says") {
  const std::string text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const std::string out = sealed<aead::ChaCha20Poly1305>(
      key_of("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
      nonce_of("070000004041424344454647"), from_hex("50515253c0c1c2c3c4c5c6c7"), text);
  CHECK(out.substr(0, 16) == from_hex("d31a8d34648e60db7b86afbc53ef7ec2"));
  CHECK(out.substr(text.size()) == from_hex("1ae10b594f09e26a7e902ecbd0600691"));
}

TEST_CASE("HKDF-SHA256 gives what RFC 5869 says of keys of 32 bytes") {
  // Extract and expand once more by hand is what the vectors A.1 to A.3 test; their secrets are
  // of other lengths, so this one was computed with Python's hmac.
  const SecretKey secret =
      key_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  CHECK(io::detail::hkdf_sha256(secret, "salt", "info").value().view() ==
        from_hex("64cc2a23b7a1da4310420350405fdf5d632cb9bda3700d753e96cbcfeb81d449"));
  CHECK(io::detail::hkdf_sha256(secret, "salt", "other").value().view() !=
        io::detail::hkdf_sha256(secret, "salt", "info").value().view());
}

TEMPLATE_TEST_CASE("what was sealed opens; anything else does not", "", aead::Aes256Gcm,
                   aead::ChaCha20Poly1305) {
  const auto cipher = TestType::start(io::random_key().value()).value();
  const AeadNonce nonce = io::make_nonce(0, 7);
  const std::string text = "attack at dawn";
  std::string bytes = text;
  std::string tag(io::aead_tag_bytes, '\0');
  REQUIRE(cipher.seal(nonce, "aad", bytes.data(), bytes.size(), tag.data()));
  CHECK(bytes != text);
  const auto opens = [&](const AeadNonce& n, std::string_view aad, std::string b,
                         const std::string& t) {
    return cipher.open(n, aad, b.data(), b.size(), t.data()).value() && b == text;
  };
  CHECK(opens(nonce, "aad", bytes, tag));
  CHECK(opens(nonce, "aad", bytes, tag));  // again, in a context that was used
  CHECK_FALSE(opens(io::make_nonce(0, 8), "aad", bytes, tag));
  CHECK_FALSE(opens(io::make_nonce(1, 7), "aad", bytes, tag));
  CHECK_FALSE(opens(nonce, "aae", bytes, tag));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK_FALSE(opens(nonce, "aad", damaged, tag));
  }
  std::string other_tag = tag;
  other_tag[15] = static_cast<char>(other_tag[15] ^ 1);
  CHECK_FALSE(opens(nonce, "aad", bytes, other_tag));
  const auto other = TestType::start(io::random_key().value()).value();
  CHECK_FALSE(other.open(nonce, "aad", bytes.data(), bytes.size(), tag.data()).value());
}

TEST_CASE("threads share one cipher") {
  const auto cipher = aead::Aes256Gcm::start(io::random_key().value()).value();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 300; ++i) {
        std::string bytes(1000, static_cast<char>('a' + t));
        char tag[io::aead_tag_bytes];
        const AeadNonce nonce = io::make_nonce(t, i);
        wrong += !cipher.seal(nonce, "", bytes.data(), bytes.size(), tag);
        wrong += bytes.find("aaaa") == 0;
        wrong += cipher.open(nonce, "", bytes.data(), bytes.size(), tag) != Result<bool>(true);
        wrong += bytes != std::string(1000, static_cast<char>('a' + t));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}

TEST_CASE("a key of another length is refused, random keys differ") {
  const auto refused = SecretKey::from("short");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(refused.error().message(), Catch::Contains("32 bytes"));
  CHECK(io::random_key().value().view() != io::random_key().value().view());
}
