// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Digests of objects, by OpenSSL: SHA-256 for integrity, MD5 only because S3's ETags are MD5.
///
/// Threads: one at a time; a digest is a value of its owner.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#if __has_include(<openssl/evp.h>)
#include <openssl/evp.h>
#else
#error \
    "strata: <strata/store/object_store.hpp> needs OpenSSL; link the CMake target strata::openssl"
#endif

#include <strata/core/error.hpp>

namespace strata::store {

/// "00ff": two lower-case digits a byte.
[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

/// The bytes of an even number of hexadecimal digits.
[[nodiscard]] inline std::string from_hex(std::string_view text) {
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(nibble(text[i]) * 16 + nibble(text[i + 1])));
  }
  return bytes;
}

/// A digest under way. A failure of the library (a provider that lacks MD5, no memory) shows in
/// `finish`.
class Digest {
 public:
  [[nodiscard]] static Digest md5() { return Digest(EVP_md5()); }
  [[nodiscard]] static Digest sha256() { return Digest(EVP_sha256()); }

  void update(std::string_view bytes) {
    is_good_ = is_good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }

  /// The digest's bytes; afterwards it must not be used. Errors: unsupported.
  [[nodiscard]] Result<std::string> finish() {
    std::string bytes(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (!is_good_ ||
        EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) !=
            1) {
      return fail(ErrorCode::unsupported,
                  "OpenSSL refused to compute a digest; is its default provider loaded?");
    }
    bytes.resize(size);
    return bytes;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };

  explicit Digest(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    is_good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1;
  }

  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool is_good_ = false;
};

namespace detail {

/// What an object or a part is known by.
struct ObjectSums {
  std::uint64_t size = 0;
  std::string md5;     ///< in hex
  std::string sha256;  ///< in hex
};

/// Computes them while the bytes pass.
class ObjectDigests {
 public:
  void update(std::string_view bytes) {
    md5_.update(bytes);
    sha256_.update(bytes);
    size_ += bytes.size();
  }
  /// Once. Errors: unsupported.
  [[nodiscard]] Result<ObjectSums> finish() {
    auto md5 = md5_.finish();
    auto sha256 = sha256_.finish();
    if (!md5 || !sha256) {
      return propagate(!md5 ? std::move(md5) : std::move(sha256));
    }
    return ObjectSums{size_, to_hex(*md5), to_hex(*sha256)};
  }

 private:
  Digest md5_ = Digest::md5();
  Digest sha256_ = Digest::sha256();
  std::uint64_t size_ = 0;
};

/// S3's digest of what came in parts: `kind` of the digests of the parts, "-", how many.
[[nodiscard]] inline Result<std::string> composite_of(Digest kind,
                                                      std::span<const std::string> parts_in_hex) {
  for (const std::string& part : parts_in_hex) {
    kind.update(from_hex(part));
  }
  auto digest = kind.finish();
  if (!digest) {
    return digest;
  }
  return to_hex(*digest) + "-" + std::to_string(parts_in_hex.size());
}

}  // namespace detail

}  // namespace strata::store
