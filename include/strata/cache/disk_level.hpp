// SPDX-License-Identifier: BSL-1.0
#pragma once

/// DiskLevel: a level of a tiered cache in the files of one directory, within a bound of bytes.
///
/// Records are appended to segments (strata/cache/detail/disk_segments.hpp), which are evicted in
/// the order they were written, each as a whole; which record is where is kept in memory, about 80
/// bytes for each. Each record has a checksum and its key, so what the disk gives back wrongly is a
/// miss and counted as `damaged`, never a value. (The layout: strata/cache/detail/disk_format.hpp.)
///
/// A restart. `close`, or else the destructor, writes the index; `open` removes it, durably, before
/// it believes it. So after a crash there is none, and the level starts empty: what was erased
/// shortly before can not come back. Nothing is synced meanwhile; a cache may lose. What the source
/// did while nobody watched, only the caller knows: another `generation` starts empty too.
///
/// A failing disk is misses, and `errors` that are counted; only `open` and `close` report. One
/// level owns its directory, by a lock in it. Threads: everything is concurrent; records are read
/// without a lock, and written under one.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/cache/detail/disk_store.hpp>
#include <strata/cache/level.hpp>
#include <strata/core/error.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/files.hpp>

namespace strata::cache {

template <FileSystemPolicy Fs>
class DiskLevel {
 public:
  [[nodiscard]] static Result<DiskLevel> open(const DiskLevelOptions& options, const Fs& fs = {}) {
    if (options.directory.empty() || options.capacity_bytes < capacity_bytes_min) {
      return fail(ErrorCode::invalid_argument,
                  "cache::DiskLevel: `directory` must be named and `capacity_bytes` at least 4096");
    }
    Fs files = fs;
    auto made = files.create_directory(options.directory);
    made = made ? files.sync_directory(io::parent_of(options.directory)) : made;
    if (!made && made.error().code() != ErrorCode::already_exists) {
      return propagate(std::move(made));
    }
    auto lock = files.lock(io::join(options.directory, "LOCK"));
    if (!lock) {
      return propagate(std::move(lock));
    }
    auto store = std::make_unique<Store>(options, files, std::move(*lock));
    if (auto restored = store->restore(); !restored) {
      return propagate(std::move(restored));
    }
    return DiskLevel(std::move(store));
  }

  DiskLevel(DiskLevel&&) noexcept = default;
  DiskLevel& operator=(DiskLevel&& other) noexcept {
    std::swap(store_, other.store_);
    return *this;
  }
  ~DiskLevel() {
    if (store_) {
      (void)store_->close();
    }
  }

  [[nodiscard]] std::optional<std::string> find(std::string_view key) { return store_->find(key); }
  bool insert(std::string_view key, std::string_view value) { return store_->insert(key, value); }
  bool erase(std::string_view key) { return store_->erase(key); }
  bool clear() { return store_->clear(); }
  [[nodiscard]] LevelStats stats() const { return store_->stats(); }

  /// Makes what is kept outlive the process. From then on nothing is found or kept, and nothing can
  /// be erased.
  [[nodiscard]] Result<void> close() { return store_->close(); }

 private:
  using Store = detail::DiskStore<Fs>;
  static constexpr std::uint64_t capacity_bytes_min = 4096;

  explicit DiskLevel(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  std::unique_ptr<Store> store_;
};

}  // namespace strata::cache
