// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How an encrypted file begins, and the key that comes with it. Tested through
/// tests/io/encrypted_test.cpp.
///
///     offset  size  field
///          0     8  "STRATAec"
///          8     2  format_version
///         10     1  kind: 1 chunks, 2 log
///         11     1  id of the AEAD
///         12     4  number of the data key
///         16    32  file id, random
///         48    16  tag of the 48 bytes before under the file's key: tells whether it is the key
///         64     4  crc32c of the 64 bytes before
///         68     4  "key\n"
///
/// The file's key is HKDF-SHA256(data key, salt = file id, info = "strata file" + database). The
/// first 48 bytes are part of the associated data of everything in the file.
///
/// The first and the last byte are not zero: so a header that a crash tore, of which one end is
/// missing or zero, is told from one that was damaged later.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/aead.hpp>
#include <strata/io/aead_openssl.hpp>
#include <strata/io/key_ring.hpp>

namespace strata::io::detail {

inline constexpr std::size_t file_id_bytes = 32;
inline constexpr std::size_t bound_header_bytes = 48;
inline constexpr std::size_t encrypted_header_bytes = 72;
inline constexpr std::uint16_t encrypted_format_version = 1;

enum class EncryptedKind : std::uint8_t {
  chunks = 1,
  log = 2
};

/// What a sealed piece of a file is: part of its associated data.
enum class EncryptedPart : std::uint64_t {
  chunk = 1,
  run_end = 2,
  frame = 3
};

/// The key of one file, with what binds each piece to its place.
template <AeadPolicy Aead>
class FileCipher {
 public:
  FileCipher(typename Aead::Cipher cipher, std::string_view header)
      : cipher_(std::move(cipher)), header_(header.substr(0, bound_header_bytes)) {}

  /// `nonce` must never be used before, `place` is where the piece belongs in the file.
  [[nodiscard]] Result<void> seal(EncryptedPart part, std::uint64_t nonce, std::uint64_t place,
                                  char* bytes, std::size_t size, char* tag) const {
    const auto bound = associated_data(part, place);
    return cipher_.seal(make_nonce(0, nonce), {bound.data(), bound.size()}, bytes, size, tag);
  }
  [[nodiscard]] Result<bool> open(EncryptedPart part, std::uint64_t nonce, std::uint64_t place,
                                  char* bytes, std::size_t size, const char* tag) const {
    const auto bound = associated_data(part, place);
    return cipher_.open(make_nonce(0, nonce), {bound.data(), bound.size()}, bytes, size, tag);
  }

  /// A starting value for checksums that hold in this file only.
  [[nodiscard]] std::uint32_t checksum_seed() const noexcept {
    return checksum::Crc32c::compute(header_);
  }

 private:
  [[nodiscard]] std::array<char, bound_header_bytes + 16> associated_data(
      EncryptedPart part, std::uint64_t place) const noexcept {
    std::array<char, bound_header_bytes + 16> bytes{};
    std::memcpy(bytes.data(), header_.data(), bound_header_bytes);
    store_fixed(bytes.data() + bound_header_bytes, static_cast<std::uint64_t>(part));
    store_fixed(bytes.data() + bound_header_bytes + 8, place);
    return bytes;
  }

  typename Aead::Cipher cipher_;
  std::string header_;
};

template <AeadPolicy Aead>
[[nodiscard]] Result<typename Aead::Cipher> start_file_cipher(const SecretKey& data_key,
                                                              std::string_view file_id,
                                                              std::string_view database) {
  auto key = hkdf_sha256(data_key, file_id, std::string("strata file ").append(database));
  if (!key) {
    return propagate(std::move(key));
  }
  return Aead::start(*key);
}

template <AeadPolicy Aead>
struct NewEncryptedFile {
  std::string header;
  FileCipher<Aead> cipher;
};

/// A header with a new file id, and so with a key that no other file has.
template <AeadPolicy Aead>
[[nodiscard]] Result<NewEncryptedFile<Aead>> make_encrypted_header(EncryptedKind kind,
                                                                   const DataKey& data_key,
                                                                   std::string_view database) {
  unsigned char file_id[file_id_bytes];
  if (auto filled = fill_random(file_id, sizeof file_id); !filled) {
    return propagate(std::move(filled));
  }
  const std::string_view id(reinterpret_cast<const char*>(file_id), sizeof file_id);
  std::string header = "STRATAec";
  put_fixed(header, encrypted_format_version);
  header.push_back(static_cast<char>(kind));
  header.push_back(static_cast<char>(Aead::id));
  put_fixed(header, data_key.id);
  header.append(id);
  auto cipher = start_file_cipher<Aead>(data_key.key, id, database);
  if (!cipher) {
    return propagate(std::move(cipher));
  }
  char tag[aead_tag_bytes];
  if (auto sealed = cipher->seal(make_nonce(1, 0), header, nullptr, 0, tag); !sealed) {
    return propagate(std::move(sealed));
  }
  header.append(tag, sizeof tag);
  put_fixed(header, checksum::Crc32c::compute(header));
  header.append("key\n");
  return NewEncryptedFile<Aead>{header, FileCipher<Aead>(std::move(*cipher), header)};
}

/// Whether a crash can have left this of a header: an end of it is missing.
[[nodiscard]] inline bool is_torn_header(std::string_view bytes) noexcept {
  return bytes.size() < encrypted_header_bytes || bytes.front() == '\0' ||
         bytes[encrypted_header_bytes - 1] == '\0';
}

struct EncryptedHeader {
  EncryptedKind kind{};
  std::uint32_t data_key_id = 0;
};

/// Requires: not torn. Errors: incompatible_format, newer_format, corruption.
[[nodiscard]] inline Result<EncryptedHeader> decode_encrypted_header(std::string_view bytes,
                                                                     std::uint8_t aead_id,
                                                                     std::string_view aead_name,
                                                                     std::string_view path) {
  const bool begins = bytes.substr(0, 8) == "STRATAec";
  const bool ends = bytes.substr(68, 4) == "key\n";
  if (!begins && !ends) {
    return fail(
        ErrorCode::incompatible_format, path,
        ": is not encrypted by strata; a database in the clear opens without io::Encrypted");
  }
  if (!begins || !ends ||
      load_fixed<std::uint32_t>(bytes.data() + 64) !=
          checksum::Crc32c::compute(bytes.substr(0, 64))) {
    return fail(ErrorCode::corruption, path, ": offset 0: the header of encryption is damaged");
  }
  if (load_fixed<std::uint16_t>(bytes.data() + 8) > encrypted_format_version) {
    return fail(ErrorCode::newer_format, path, ": encrypted by a later version; use that one");
  }
  if (static_cast<std::uint8_t>(bytes[11]) != aead_id) {
    return fail(ErrorCode::incompatible_format, path, ": is not encrypted by ", aead_name,
                " but by the algorithm number ",
                std::to_string(static_cast<std::uint8_t>(bytes[11])),
                "; name that one in io::Encrypted");
  }
  const auto kind = static_cast<EncryptedKind>(bytes[10]);
  if (kind != EncryptedKind::chunks && kind != EncryptedKind::log) {
    return fail(ErrorCode::newer_format, path, ": encrypted by a later version; use that one");
  }
  return EncryptedHeader{kind, load_fixed<std::uint32_t>(bytes.data() + 12)};
}

/// The cipher of the file whose header this is. Errors: invalid_argument if the ring has another
/// key, or none.
template <AeadPolicy Aead>
[[nodiscard]] Result<FileCipher<Aead>> open_encrypted_header(std::string_view bytes,
                                                             const EncryptedHeader& header,
                                                             const KeyRing& ring,
                                                             std::string_view database,
                                                             std::string_view path) {
  const std::string number = std::to_string(header.data_key_id);
  auto data_key = ring.find(header.data_key_id);
  if (!data_key) {
    return fail(ErrorCode::invalid_argument, path, ": was encrypted with data key ", number,
                ", which is not in the key ring; open it with the ring it was written with");
  }
  auto cipher = start_file_cipher<Aead>(*data_key, bytes.substr(16, file_id_bytes), database);
  if (!cipher) {
    return propagate(std::move(cipher));
  }
  auto matches = cipher->open(make_nonce(1, 0), bytes.substr(0, bound_header_bytes), nullptr, 0,
                              bytes.data() + bound_header_bytes);
  if (!matches) {
    return propagate(std::move(matches));
  }
  if (!*matches) {
    return fail(ErrorCode::invalid_argument, path, ": the key does not match the file: data key ",
                number, " of this ring, or the name of the database, is not what it was written ",
                "with");
  }
  return FileCipher<Aead>(std::move(*cipher), bytes);
}

}  // namespace strata::io::detail
