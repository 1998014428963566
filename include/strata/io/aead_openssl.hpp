// SPDX-License-Identifier: BSL-1.0
#pragma once

/// AES-256-GCM and ChaCha20-Poly1305, HKDF and randomness, all of OpenSSL 3.
///
/// With AES instructions (nearly every server) `Aes256Gcm` is the faster one by far; without them
/// `ChaCha20Poly1305` is, and takes the same time whatever the key.
///
/// Contexts of OpenSSL belong to one thread at a time and take a microsecond to make; a cipher
/// keeps those it made, as many as threads were in it at once. Sources: NIST SP 800-38D,
/// RFC 8439, RFC 5869.

#include <cassert>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<openssl/evp.h>)
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#else
#error "strata: <strata/io/aead_openssl.hpp> needs OpenSSL; link the CMake target strata::openssl"
#endif

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/io/aead.hpp>

namespace strata::io {

namespace detail {

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { ::EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

[[nodiscard]] inline tl::unexpected<Error> openssl_failed(std::string_view call) {
  return fail(ErrorCode::io, "OpenSSL: ", call, " failed; is its default provider there?");
}

class OpensslCipher {
 public:
  [[nodiscard]] static Result<OpensslCipher> start(const EVP_CIPHER* algorithm,
                                                   const SecretKey& key) {
    OpensslCipher cipher(algorithm, key);
    auto context = cipher.make_context();
    if (!context) {
      return propagate(std::move(context));
    }
    cipher.give(std::move(*context));
    return cipher;
  }

  [[nodiscard]] Result<void> seal(const AeadNonce& nonce, std::string_view aad, char* bytes,
                                  std::size_t size, char* tag) const {
    auto context = take();
    if (!context) {
      return propagate(std::move(context));
    }
    EVP_CIPHER_CTX* const c = context->get();
    int done = 0;
    const bool sealed =
        ::EVP_CipherInit_ex(c, nullptr, nullptr, nullptr, nonce.data(), 1) == 1 &&
        ::EVP_CipherUpdate(c, nullptr, &done, unsigned_of(aad.data()), length(aad.size())) == 1 &&
        transform(c, bytes, size) && ::EVP_CipherFinal_ex(c, unsigned_of(tag), &done) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, length(aead_tag_bytes), tag) == 1;
    give(std::move(*context));
    return sealed ? Result<void>() : openssl_failed("encryption");
  }

  [[nodiscard]] Result<bool> open(const AeadNonce& nonce, std::string_view aad, char* bytes,
                                  std::size_t size, const char* tag) const {
    auto context = take();
    if (!context) {
      return propagate(std::move(context));
    }
    EVP_CIPHER_CTX* const c = context->get();
    int done = 0;
    char end[aead_tag_bytes];
    char wanted[aead_tag_bytes];  // the call takes no pointer to const
    std::memcpy(wanted, tag, sizeof wanted);
    const bool ready =
        ::EVP_CipherInit_ex(c, nullptr, nullptr, nullptr, nonce.data(), 0) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, length(aead_tag_bytes), wanted) == 1 &&
        ::EVP_CipherUpdate(c, nullptr, &done, unsigned_of(aad.data()), length(aad.size())) == 1 &&
        transform(c, bytes, size);
    const bool is_whole = ready && ::EVP_CipherFinal_ex(c, unsigned_of(end), &done) == 1;
    give(std::move(*context));
    if (!ready) {
      return openssl_failed("decryption");
    }
    return is_whole;
  }

 private:
  /// Contexts that no thread is in.
  struct Idle {
    std::mutex mutex;
    std::vector<CipherContext> contexts;
  };

  OpensslCipher(const EVP_CIPHER* algorithm, const SecretKey& key)
      : algorithm_(algorithm), key_(key), idle_(std::make_unique<Idle>()) {}

  [[nodiscard]] static unsigned char* unsigned_of(char* bytes) noexcept {
    return reinterpret_cast<unsigned char*>(bytes);
  }
  [[nodiscard]] static const unsigned char* unsigned_of(const char* bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes);
  }
  [[nodiscard]] static int length(std::size_t size) noexcept {
    assert(size <= INT_MAX);
    return static_cast<int>(size);
  }
  [[nodiscard]] static bool transform(EVP_CIPHER_CTX* context, char* bytes, std::size_t size) {
    int done = 0;
    return size == 0 || ::EVP_CipherUpdate(context, unsigned_of(bytes), &done, unsigned_of(bytes),
                                           length(size)) == 1;
  }

  [[nodiscard]] Result<CipherContext> make_context() const {
    CipherContext context(::EVP_CIPHER_CTX_new());
    if (!context ||
        ::EVP_CipherInit_ex(context.get(), algorithm_, nullptr, key_.data(), nullptr, 1) != 1) {
      return openssl_failed("EVP_CipherInit_ex");
    }
    return context;
  }
  [[nodiscard]] Result<CipherContext> take() const {
    {
      const std::lock_guard guard(idle_->mutex);
      if (!idle_->contexts.empty()) {
        CipherContext context = std::move(idle_->contexts.back());
        idle_->contexts.pop_back();
        return context;
      }
    }
    return make_context();
  }
  void give(CipherContext context) const {
    const std::lock_guard guard(idle_->mutex);
    idle_->contexts.push_back(std::move(context));
  }

  const EVP_CIPHER* algorithm_;
  SecretKey key_;
  std::unique_ptr<Idle> idle_;
};

/// RFC 5869 with SHA-256, extract and expand: a key for one purpose out of a key for many.
[[nodiscard]] inline Result<SecretKey> hkdf_sha256(const SecretKey& secret, std::string_view salt,
                                                   std::string_view info) {
  struct Free {
    void operator()(EVP_KDF* kdf) const noexcept { ::EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const noexcept { ::EVP_KDF_CTX_free(context); }
  };
  const std::unique_ptr<EVP_KDF, Free> kdf(::EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Free> context(kdf ? ::EVP_KDF_CTX_new(kdf.get()) : nullptr);
  char digest[] = "SHA256";
  // The parameters are read, but their type has no const.
  const auto octets = [](const char* key, std::string_view bytes) {
    return ::OSSL_PARAM_construct_octet_string(key, const_cast<char*>(bytes.data()), bytes.size());
  };
  const OSSL_PARAM parameters[] = {
      ::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, secret.view()), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, info), ::OSSL_PARAM_construct_end()};
  SecretKey derived;
  if (!context ||
      ::EVP_KDF_derive(context.get(), derived.data(), SecretKey::size(), parameters) != 1) {
    return openssl_failed("HKDF");
  }
  return derived;
}

[[nodiscard]] inline Result<void> fill_random(unsigned char* to, std::size_t size) {
  if (::RAND_priv_bytes(to, static_cast<int>(size)) != 1) {
    return openssl_failed("RAND_priv_bytes");
  }
  return {};
}

}  // namespace detail

[[nodiscard]] inline Result<SecretKey> random_key() {
  SecretKey key;
  if (auto filled = detail::fill_random(key.data(), SecretKey::size()); !filled) {
    return propagate(std::move(filled));
  }
  return key;
}

}  // namespace strata::io

namespace strata::aead {

struct Aes256Gcm {
  using policy_slot = encryption_slot;
  static constexpr std::string_view name = "aes_256_gcm";
  static constexpr std::uint8_t id = 1;
  using Cipher = io::detail::OpensslCipher;
  [[nodiscard]] static Result<Cipher> start(const io::SecretKey& key) {
    return Cipher::start(::EVP_aes_256_gcm(), key);
  }
};

struct ChaCha20Poly1305 {
  using policy_slot = encryption_slot;
  static constexpr std::string_view name = "chacha20_poly1305";
  static constexpr std::uint8_t id = 2;
  using Cipher = io::detail::OpensslCipher;
  [[nodiscard]] static Result<Cipher> start(const io::SecretKey& key) {
    return Cipher::start(::EVP_chacha20_poly1305(), key);
  }
};

static_assert(AeadPolicy<Aes256Gcm> && AeadPolicy<ChaCha20Poly1305>);

}  // namespace strata::aead
