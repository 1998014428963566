// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Encryption at rest, over any file system: what reaches the one below is ciphertext.
///
///     auto ring = io::KeyRing::open(posix, "/keys/ring", {{"2026", master}});
///     using Files = io::Encrypted<io::Posix>;
///     auto db = LsmTree<Files>::open(path, {.file_system = Files(*ring)});
///
/// Every file has a key of its own, derived from a data key of the ring and a random number in its
/// header (`detail/encrypted_header.hpp`). Files written front to back are chunks that are read at
/// random (`detail/encrypted_chunks.hpp`); logs are frames, one for each append
/// (`detail/encrypted_log.hpp`). Sizes and offsets that callers see are those of the plaintext.
///
/// *No key and nonce ever seal two texts.* Only the object that created a file, and so drew its
/// random number, ever encrypts with its key; no file is appended to after it was closed or after
/// a crash; and the object's counter only goes up, whether a write succeeds or not.
///
/// *What is detected*: each piece is bound to its file's number, kind and format, to what it is
/// and to its place, so one that was changed, moved, or taken from another file is `corruption`
/// that names file and offset; so is a file that was cut. A key that is not the file's is
/// `invalid_argument`. A piece of a log that does not authenticate reads as no record: replay
/// decides whether it was torn by a crash or lost.
///
/// *What is not*: files are renamed and linked, so they are not bound to their names: a whole file
/// in another's place, or an older one in a newer one's, is for the engine to refuse, which writes
/// into its files what they are. A log cut between two frames is one that was written less far.
/// Names, sizes and times of files are in the clear.
///
/// All threads may call everything, as below. Sources: NIST SP 800-38D; RFC 5869; key per file and
/// keys that wrap keys as in the encryption at rest of most databases and clouds.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/aead.hpp>
#include <strata/io/aead_openssl.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/encrypted_chunks.hpp>
#include <strata/io/detail/encrypted_header.hpp>
#include <strata/io/detail/encrypted_log.hpp>
#include <strata/io/detail/names_of.hpp>
#include <strata/io/key_ring.hpp>

namespace strata::io {

template <class Fs, class Aead = aead::Aes256Gcm>
class Encrypted : public detail::NamesOf<Fs> {
  static_assert(FileSystemPolicy<Fs>, "the first argument is the file system to encrypt on");
  static_assert(AeadPolicy<Aead>, "the second argument is an AEAD policy, as aead::Aes256Gcm");

  using Chunks = detail::EncryptedReader<typename Fs::RandomFile, Aead>;
  using Log = detail::EncryptedLogReader<typename Fs::RandomFile, Aead>;

 public:
  static constexpr std::string_view name = "encrypted";

  using WritableFile = detail::EncryptedWriter<typename Fs::WritableFile, Aead>;
  using LogFile = detail::EncryptedLogWriter<typename Fs::LogFile, Aead>;

  class RandomFile {
   public:
    /// A file that nothing was ever written to, not even its header.
    RandomFile() = default;
    explicit RandomFile(Chunks chunks) : chunks_(std::make_unique<Chunks>(std::move(chunks))) {}
    explicit RandomFile(Log log) : log_(std::make_unique<Log>(std::move(log))) {}

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
      return chunks_ ? chunks_->read(offset, to, size)
             : log_  ? log_->read(offset, to, size)
                     : Result<std::size_t>(0);
    }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept {
      return chunks_ ? chunks_->size_bytes() : log_ ? log_->size_bytes() : 0;
    }

   private:
    std::unique_ptr<Chunks> chunks_;
    std::unique_ptr<Log> log_;
  };

  /// Without a key ring it can do everything but make files and read what is in them.
  Encrypted() = default;
  /// `database` binds files to a name that all who open them must give.
  explicit Encrypted(KeyRing ring, Fs inner = {}, std::string database = {})
      : detail::NamesOf<Fs>(std::move(inner)),
        ring_(std::move(ring)),
        database_(std::move(database)) {}

  [[nodiscard]] const KeyRing& key_ring() const noexcept { return ring_; }

  [[nodiscard]] Result<WritableFile> create(const std::string& path) {
    auto made = new_header(detail::EncryptedKind::chunks);
    if (!made) {
      return propagate(std::move(made));
    }
    auto file = this->inner().create(path);
    if (!file) {
      return propagate(std::move(file));
    }
    if (auto written = file->append(made->header); !written) {
      (void)this->inner().remove(path);
      return propagate(std::move(written));
    }
    return WritableFile(std::move(*file), std::move(made->cipher), path);
  }

  /// Room for the tags of small records is added to `capacity_bytes`.
  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity_bytes) {
    auto made = new_header(detail::EncryptedKind::log);
    if (!made) {
      return propagate(std::move(made));
    }
    const std::uint64_t room = detail::encrypted_header_bytes + capacity_bytes + capacity_bytes / 4;
    auto file = this->inner().create_log(path, room);
    if (!file) {
      return propagate(std::move(file));
    }
    if (auto written = file->append(made->header, {}); !written) {
      (void)this->inner().remove(path);
      return propagate(std::move(written));
    }
    return LogFile(std::move(*file), std::move(made->cipher), path, capacity_bytes);
  }

  /// Errors besides those below: invalid_argument if the key is not the file's; corruption;
  /// incompatible_format of a file in the clear or of another algorithm; newer_format.
  [[nodiscard]] Result<RandomFile> open(const std::string& path) {
    auto file = this->inner().open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    std::string bytes(detail::encrypted_header_bytes, '\0');
    auto read = file->read(0, bytes.data(), bytes.size());
    if (!read) {
      return propagate(std::move(read));
    }
    bytes.resize(*read);
    if (detail::is_torn_header(bytes)) {
      return RandomFile();
    }
    auto header = detail::decode_encrypted_header(bytes, Aead::id, Aead::name, path);
    if (!header) {
      return propagate(std::move(header));
    }
    auto cipher = detail::open_encrypted_header<Aead>(bytes, *header, ring_, database_, path);
    if (!cipher) {
      return propagate(std::move(cipher));
    }
    if (header->kind == detail::EncryptedKind::log) {
      return random_file(Log::open(std::move(*file), std::move(*cipher)));
    }
    return random_file(Chunks::open(std::move(*file), std::move(*cipher), path));
  }

  /// Of the plaintext: opens the file.
  [[nodiscard]] Result<std::uint64_t> file_size(const std::string& path) {
    auto file = open(path);
    return file ? Result<std::uint64_t>(file->size_bytes()) : propagate(std::move(file));
  }

  /// The number of the data key that a file was made with: whether a rotation has reached it.
  [[nodiscard]] Result<std::uint32_t> data_key_of(const std::string& path) {
    auto file = this->inner().open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    std::string bytes(detail::encrypted_header_bytes, '\0');
    auto read = file->read(0, bytes.data(), bytes.size());
    if (!read) {
      return propagate(std::move(read));
    }
    bytes.resize(*read);
    if (detail::is_torn_header(bytes)) {
      return fail(ErrorCode::corruption, path, ": offset 0: has no whole header of encryption");
    }
    auto header = detail::decode_encrypted_header(bytes, Aead::id, Aead::name, path);
    return header ? Result<std::uint32_t>(header->data_key_id) : propagate(std::move(header));
  }

 private:
  template <class File>
  [[nodiscard]] static Result<RandomFile> random_file(Result<File> file) {
    return file ? Result<RandomFile>(RandomFile(std::move(*file))) : propagate(std::move(file));
  }
  [[nodiscard]] Result<detail::NewEncryptedFile<Aead>> new_header(detail::EncryptedKind kind) {
    auto key = ring_.active();
    if (!key) {
      return propagate(std::move(key));
    }
    return detail::make_encrypted_header<Aead>(kind, *key, database_);
  }

  KeyRing ring_;
  std::string database_;
};

}  // namespace strata::io
