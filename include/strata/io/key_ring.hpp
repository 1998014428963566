// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The keys that files are encrypted with, in a file, themselves encrypted by a master key.
///
///     auto ring = io::KeyRing::create(fs, "/keys/ring", {"2026", master});   // once
///     auto ring = io::KeyRing::open(fs, "/keys/ring", {{"2026", master}});   // every time
///     ring->rotate(fs, {"2026", master});   // files made from now on use a new data key
///     ring->rewrap(fs, {"2027", newer});    // another master key; no file is touched
///
/// A *data key* is random, has a number, and never changes; files name the one they were made
/// with. *Master keys* are the caller's (a key management service, a secret of the deployment);
/// they have names and are never stored. The ring holds data keys wrapped by master keys:
///
///     offset  size  field
///          0     8  "STRATAkr"
///          8     4  format_version
///         12     4  number of the data key for new files
///         16     4  count of data keys
///         20     -  per data key: number 4, salt 16, check 8, wrapped key 32, tag 16,
///                   length of the master key's name 1, the name
///          -     4  crc32c of all before
///
/// A data key is wrapped by AES-256-GCM under HKDF-SHA256(master key, salt, "strata wrap"); the
/// salt is random, so each such key seals once. `check`, derived beside it, tells a wrong master
/// key from a damaged ring. A new data key is durable before it is used.
///
/// Copies share the keys; all threads may call everything. Lose the ring or the master key, and
/// every file is lost: back up both, apart from the data and from each other.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/aead.hpp>
#include <strata/io/aead_openssl.hpp>
#include <strata/io/files.hpp>

namespace strata::io {

struct MasterKey {
  std::string id;  ///< at most 255 bytes
  SecretKey key;
};

struct DataKey {
  std::uint32_t id = 0;
  SecretKey key;
};

namespace detail {

inline constexpr std::size_t wrap_salt_bytes = 16;
inline constexpr std::size_t wrap_check_bytes = 8;

/// A data key and how it stands in the ring.
struct RingEntry {
  SecretKey key;
  std::string master_id;
  std::string salt;
  std::string check;
  std::string sealed;  ///< the wrapped key and its tag
};

struct RingKeys {
  std::uint32_t active = 0;
  std::map<std::uint32_t, RingEntry> entries;
};

[[nodiscard]] inline Result<void> wrap(RingEntry& entry, std::uint32_t id,
                                       const MasterKey& master) {
  unsigned char salt[wrap_salt_bytes];
  if (auto filled = fill_random(salt, sizeof salt); !filled) {
    return filled;
  }
  entry.master_id = master.id;
  entry.salt.assign(reinterpret_cast<const char*>(salt), sizeof salt);
  auto wrapping = hkdf_sha256(master.key, entry.salt, "strata wrap");
  auto check = hkdf_sha256(master.key, entry.salt, "strata check");
  if (!wrapping || !check) {
    return propagate(std::move(wrapping ? check : wrapping));
  }
  entry.check = std::string(check->view().substr(0, wrap_check_bytes));
  auto cipher = aead::Aes256Gcm::start(*wrapping);
  if (!cipher) {
    return propagate(std::move(cipher));
  }
  entry.sealed = std::string(entry.key.view()).append(aead_tag_bytes, '\0');
  std::string aad;
  put_fixed(aad, id);
  return cipher->seal(make_nonce(0, 0), aad, entry.sealed.data(), secret_key_bytes,
                      entry.sealed.data() + secret_key_bytes);
}

[[nodiscard]] inline Result<void> unwrap(RingEntry& entry, std::uint32_t id,
                                         const std::vector<MasterKey>& masters,
                                         std::string_view path) {
  const MasterKey* master = nullptr;
  for (const MasterKey& candidate : masters) {
    master = candidate.id == entry.master_id ? &candidate : master;
  }
  if (master == nullptr) {
    return fail(ErrorCode::invalid_argument, path, ": data key ", std::to_string(id),
                " is wrapped by the master key '", entry.master_id, "', which was not given");
  }
  auto wrapping = hkdf_sha256(master->key, entry.salt, "strata wrap");
  auto check = hkdf_sha256(master->key, entry.salt, "strata check");
  if (!wrapping || !check) {
    return propagate(std::move(wrapping ? check : wrapping));
  }
  if (check->view().substr(0, wrap_check_bytes) != entry.check) {
    return fail(ErrorCode::invalid_argument, path, ": the key does not match the master key '",
                entry.master_id, "' that this ring was written with; open it with that one");
  }
  auto cipher = aead::Aes256Gcm::start(*wrapping);
  if (!cipher) {
    return propagate(std::move(cipher));
  }
  std::string bytes = entry.sealed;
  std::string aad;
  put_fixed(aad, id);
  auto opened = cipher->open(make_nonce(0, 0), aad, bytes.data(), secret_key_bytes,
                             bytes.data() + secret_key_bytes);
  if (!opened) {
    return propagate(std::move(opened));
  }
  if (!*opened) {
    return fail(ErrorCode::corruption, path, ": data key ", std::to_string(id),
                " is damaged; restore the key ring from its backup");
  }
  auto key = SecretKey::from({bytes.data(), secret_key_bytes});
  ::explicit_bzero(bytes.data(), bytes.size());
  entry.key = *key;
  return {};
}

}  // namespace detail

class KeyRing {
 public:
  /// Without keys: nothing can be encrypted by it.
  KeyRing() : state_(std::make_shared<State>()) {}

  /// A new ring with one data key. Errors: already_exists, invalid_argument, io.
  template <class Fs>
  [[nodiscard]] static Result<KeyRing> create(Fs& fs, const std::string& path,
                                              const MasterKey& master) {
    auto exists = fs.exists(path);
    if (!exists) {
      return propagate(std::move(exists));
    }
    if (*exists) {
      return fail(ErrorCode::already_exists, path, ": there is a key ring already; open it");
    }
    KeyRing ring;
    ring.state_->path = path;
    if (auto made = ring.rotate(fs, master); !made) {
      return propagate(std::move(made));
    }
    return ring;
  }

  /// Errors: invalid_argument if a master key is missing or another one; corruption; not_found.
  template <class Fs>
  [[nodiscard]] static Result<KeyRing> open(Fs& fs, const std::string& path,
                                            const std::vector<MasterKey>& masters) {
    auto bytes = read_file(fs, path);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    KeyRing ring;
    ring.state_->path = path;
    auto keys = decode(*bytes, path);
    if (!keys) {
      return propagate(std::move(keys));
    }
    for (auto& [id, entry] : keys->entries) {
      if (auto unwrapped = detail::unwrap(entry, id, masters, path); !unwrapped) {
        return propagate(std::move(unwrapped));
      }
    }
    ring.state_->keys = std::move(*keys);
    return ring;
  }

  /// Adds a data key, for all files made from now on; gives its number. Files of older keys stay
  /// readable; compaction, which rewrites them, moves them to the new key.
  template <class Fs>
  [[nodiscard]] Result<std::uint32_t> rotate(Fs& fs, const MasterKey& master) {
    const std::lock_guard guard(state_->mutex);
    detail::RingKeys keys = state_->keys;
    const std::uint32_t id = keys.entries.empty() ? 1 : keys.entries.rbegin()->first + 1;
    auto key = random_key();
    if (!key) {
      return propagate(std::move(key));
    }
    detail::RingEntry& entry = keys.entries[id];
    entry.key = *key;
    keys.active = id;
    auto done = check_name(master);
    done = done ? detail::wrap(entry, id, master) : done;
    done = done ? save(fs, std::move(keys)) : done;
    return done ? Result<std::uint32_t>(id) : propagate(std::move(done));
  }

  /// Wraps every data key by `master` instead. The old master key is needed no more, but for
  /// backups of the ring.
  template <class Fs>
  [[nodiscard]] Result<void> rewrap(Fs& fs, const MasterKey& master) {
    const std::lock_guard guard(state_->mutex);
    detail::RingKeys keys = state_->keys;
    auto done = check_name(master);
    for (auto& [id, entry] : keys.entries) {
      done = done ? detail::wrap(entry, id, master) : done;
    }
    return done ? save(fs, std::move(keys)) : done;
  }

  /// Forgets a data key: files made with it are lost for good. Not the one for new files.
  template <class Fs>
  [[nodiscard]] Result<void> forget(Fs& fs, std::uint32_t id) {
    const std::lock_guard guard(state_->mutex);
    detail::RingKeys keys = state_->keys;
    if (id == keys.active) {
      return fail(ErrorCode::invalid_argument, state_->path, ": data key ", std::to_string(id),
                  " is the one for new files; rotate first");
    }
    if (keys.entries.erase(id) == 0) {
      return fail(ErrorCode::not_found, state_->path, ": has no data key ", std::to_string(id));
    }
    return save(fs, std::move(keys));
  }

  /// The key for new files. Errors: invalid_argument of a ring without keys.
  [[nodiscard]] Result<DataKey> active() const {
    const std::lock_guard guard(state_->mutex);
    const auto found = state_->keys.entries.find(state_->keys.active);
    if (found == state_->keys.entries.end()) {
      return fail(ErrorCode::invalid_argument,
                  "encryption needs a key ring: give io::Encrypted one of KeyRing::open");
    }
    return DataKey{found->first, found->second.key};
  }
  /// Errors: not_found.
  [[nodiscard]] Result<SecretKey> find(std::uint32_t id) const {
    const std::lock_guard guard(state_->mutex);
    const auto found = state_->keys.entries.find(id);
    if (found == state_->keys.entries.end()) {
      return fail(ErrorCode::not_found, "the key ring has no data key ", std::to_string(id));
    }
    return found->second.key;
  }
  /// The numbers of all data keys, ascending.
  [[nodiscard]] std::vector<std::uint32_t> ids() const {
    const std::lock_guard guard(state_->mutex);
    std::vector<std::uint32_t> ids;
    for (const auto& [id, entry] : state_->keys.entries) {
      ids.push_back(id);
    }
    return ids;
  }

 private:
  static constexpr std::string_view magic = "STRATAkr";
  static constexpr std::uint32_t format_version = 1;
  static constexpr std::size_t head_bytes = 20;
  static constexpr std::size_t sealed_bytes = secret_key_bytes + aead_tag_bytes;

  struct State {
    mutable std::mutex mutex;
    std::string path;
    detail::RingKeys keys;
  };

  [[nodiscard]] static Result<void> check_name(const MasterKey& master) {
    if (master.id.size() > 255) {
      return fail(ErrorCode::invalid_argument, "the name of a master key has at most 255 bytes");
    }
    return {};
  }

  /// Durable first, then in use. Requires: the mutex.
  template <class Fs>
  [[nodiscard]] Result<void> save(Fs& fs, detail::RingKeys keys) {
    std::string bytes(magic);
    put_fixed(bytes, format_version);
    put_fixed(bytes, keys.active);
    put_fixed(bytes, static_cast<std::uint32_t>(keys.entries.size()));
    for (const auto& [id, entry] : keys.entries) {
      put_fixed(bytes, id);
      bytes.append(entry.salt).append(entry.check).append(entry.sealed);
      bytes.push_back(static_cast<char>(entry.master_id.size()));
      bytes.append(entry.master_id);
    }
    put_fixed(bytes, checksum::Crc32c::compute(bytes));
    if (auto written = write_file_durably(fs, state_->path, bytes); !written) {
      return written;
    }
    state_->keys = std::move(keys);
    return {};
  }

  [[nodiscard]] static Result<detail::RingKeys> decode(std::string_view bytes,
                                                       std::string_view path) {
    if (bytes.substr(0, magic.size()) != magic) {
      return fail(ErrorCode::incompatible_format, path, ": is not a key ring");
    }
    const auto damaged = [path] {
      return fail(ErrorCode::corruption, path, ": offset 0: the key ring is damaged; restore it",
                  " from its backup");
    };
    if (bytes.size() < head_bytes + 4 ||
        load_fixed<std::uint32_t>(bytes.data() + bytes.size() - 4) !=
            checksum::Crc32c::compute(bytes.substr(0, bytes.size() - 4))) {
      return damaged();
    }
    if (load_fixed<std::uint32_t>(bytes.data() + 8) > format_version) {
      return fail(ErrorCode::newer_format, path, ": written by a later version; use that one");
    }
    detail::RingKeys keys;
    keys.active = load_fixed<std::uint32_t>(bytes.data() + 12);
    auto count = load_fixed<std::uint32_t>(bytes.data() + 16);
    bytes = bytes.substr(head_bytes, bytes.size() - head_bytes - 4);
    const auto take = [&bytes](std::size_t size) {
      std::string taken(bytes.substr(0, size));
      bytes.remove_prefix(taken.size());
      return taken;
    };
    constexpr std::size_t entry_bytes_least =
        5 + detail::wrap_salt_bytes + detail::wrap_check_bytes + sealed_bytes;
    for (; count != 0; --count) {
      if (bytes.size() < entry_bytes_least) {
        return damaged();
      }
      const auto id = load_fixed<std::uint32_t>(take(4).data());
      detail::RingEntry& entry = keys.entries[id];
      entry.salt = take(detail::wrap_salt_bytes);
      entry.check = take(detail::wrap_check_bytes);
      entry.sealed = take(sealed_bytes);
      const auto name_bytes = static_cast<unsigned char>(take(1).front());
      if (bytes.size() < name_bytes) {
        return damaged();
      }
      entry.master_id = take(name_bytes);
    }
    return keys;
  }

  std::shared_ptr<State> state_;
};

}  // namespace strata::io
