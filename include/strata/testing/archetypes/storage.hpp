// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Archetypes of what holds bytes: file system, log, encryption.
///
/// A file system and a log of one's own are no afternoon's work; these two give the simplest ones
/// there are a new name, and hide what the concept does not ask for. The cipher of `Encryption`
/// keeps nothing secret from anybody: it shows the shape of the slot, no more.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>
#include <strata/io/aead.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/names_of.hpp>
#include <strata/io/memory.hpp>
#include <strata/wal/concept.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/replay.hpp>
#include <strata/wal/writer.hpp>

namespace strata::testing::archetype {

class FileSystem : public io::detail::NamesOf<io::Memory> {
 public:
  static constexpr std::string_view name = "archetype";
  using WritableFile = io::Memory::WritableFile;
  using LogFile = io::Memory::LogFile;
  using RandomFile = io::Memory::RandomFile;

  [[nodiscard]] Result<WritableFile> create(const std::string& path) {
    return inner().create(path);
  }
  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity_bytes) {
    return inner().create_log(path, capacity_bytes);
  }
  [[nodiscard]] Result<RandomFile> open(const std::string& path) { return inner().open(path); }
};

struct Wal {
  using policy_slot = wal_slot;
  struct Options {
    Durability durability = Durability::buffered;
  };
  static constexpr std::string_view name = "archetype";
  static constexpr bool keeps_log = true;

  template <class Fs, class Checksum>
  class writer : public wal::Writer<Fs, Checksum> {
    using Log = wal::Writer<Fs, Checksum>;
    explicit writer(Log log) : Log(std::move(log)) {}

   public:
    [[nodiscard]] static Result<writer> create(Fs fs, const std::string& directory, const Options&,
                                               const wal::Start& start) {
      auto log = Log::create(std::move(fs), directory, {.segment_bytes = 64 * 1024}, start);
      return log ? Result<writer>(writer(std::move(*log))) : propagate(std::move(log));
    }
  };

  template <class Fs, class Checksum, class Visitor>
  [[nodiscard]] static Result<wal::ReplayReport> replay(Fs& fs, const std::string& directory,
                                                        const Options&,
                                                        const wal::ReplayOptions& replay,
                                                        Visitor&& visit) {
    return wal::replay<Checksum>(fs, directory, wal::RecoveryMode::tolerate_torn_tail, replay,
                                 std::forward<Visitor>(visit));
  }
};

/// Not encryption. Bytes are mixed with a hash of key and nonce; the tag is a hash of it all.
struct Encryption {
  using policy_slot = encryption_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr std::uint8_t id = 255;

  class Cipher {
   public:
    explicit Cipher(const io::SecretKey& key) : key_(key) {}

    [[nodiscard]] Result<void> seal(const io::AeadNonce& nonce, std::string_view aad, char* bytes,
                                    std::size_t size, char* tag) const {
      const std::uint64_t seed = seed_of(nonce);
      mix(bytes, size, seed);
      write_tag(seed, aad, {bytes, size}, tag);
      return {};
    }
    [[nodiscard]] Result<bool> open(const io::AeadNonce& nonce, std::string_view aad, char* bytes,
                                    std::size_t size, const char* tag) const {
      const std::uint64_t seed = seed_of(nonce);
      char expected[io::aead_tag_bytes];
      write_tag(seed, aad, {bytes, size}, expected);
      if (std::memcmp(expected, tag, sizeof expected) != 0) {
        return false;
      }
      mix(bytes, size, seed);
      return true;
    }

   private:
    [[nodiscard]] std::uint64_t seed_of(const io::AeadNonce& nonce) const {
      return hash64({reinterpret_cast<const char*>(nonce.data()), nonce.size()},
                    hash64(key_.view()));
    }
    static void mix(char* bytes, std::size_t size, std::uint64_t seed) {
      for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>(bytes[i] ^ static_cast<char>(mix64(seed + i)));
      }
    }
    static void write_tag(std::uint64_t seed, std::string_view aad, std::string_view bytes,
                          char* tag) {
      store_fixed(tag, hash64(aad, seed));
      store_fixed(tag + 8, hash64(bytes, seed));
    }

    io::SecretKey key_;
  };

  [[nodiscard]] static Result<Cipher> start(const io::SecretKey& key) { return Cipher(key); }
};

static_assert(FileSystemPolicy<FileSystem> && AeadPolicy<Encryption>);
static_assert(WalPolicyOn<Wal, FileSystem>);

}  // namespace strata::testing::archetype
