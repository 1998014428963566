// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a disk level does: segments, where in them each record is, and what a restart keeps of
/// both. See strata/cache/disk_level.hpp. Threads: everything is concurrent but `restore`. (Tested
/// by tests/cache/disk_level_test.cpp.)

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <strata/cache/detail/disk_format.hpp>
#include <strata/cache/detail/disk_segments.hpp>
#include <strata/cache/level.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>
#include <strata/io/files.hpp>

namespace strata::cache {

struct DiskLevelOptions {
  std::string directory{};
  /// Of all segments. A record larger than an eighth of it, or 1 GiB, is not kept.
  std::uint64_t capacity_bytes = 1_GiB;
  /// What was kept under another number is dropped when the level is opened.
  std::uint64_t generation = 0;
};

namespace detail {

template <class Fs>
class DiskStore {
  using Segments = DiskSegments<Fs>;
  using SegmentPointer = std::shared_ptr<typename Segments::Segment>;

 public:
  DiskStore(const DiskLevelOptions& all, const Fs& files, typename Fs::Lock&& owned)
      : options_(all),
        fs_(files),
        lock_(std::move(owned)),
        segments_(files, all.directory, all.capacity_bytes) {}

  /// Takes up what an earlier process left, or nothing. Comes first.
  [[nodiscard]] Result<void> restore() {
    const auto index = take_index();
    if (!index) {
      return propagate(index);
    }
    if (*index && (*index)->generation == options_.generation) {
      adopt(**index);
    }
    auto removed = remove_strangers();
    closed_ = !removed;
    return removed;
  }

  [[nodiscard]] std::optional<std::string> find(std::string_view key) {
    auto value = read(key);
    LevelCounters::add(value ? counters_.hits : counters_.misses);
    return value;
  }

  bool insert(std::string_view key, std::string_view value) {
    const std::string record = encode_disk_record(key, value);
    const std::uint64_t hash = hash64(key);
    const std::lock_guard guard(mutex_);
    places_.erase(hash);
    if (record.empty() || record.size() > segments_.record_bytes_max() || closed_) {
      return false;
    }
    while (segments_.needs_room_for(record.size())) {
      drop(segments_.oldest());
    }
    const auto segment = segments_.append(record);
    if (!segment) {
      LevelCounters::add(counters_.errors);
      return false;
    }
    const auto bytes = static_cast<std::uint32_t>(record.size());
    (*segment)->hashes.push_back(hash);
    places_[hash] = {*segment, static_cast<std::uint32_t>((*segment)->bytes - bytes), bytes};
    LevelCounters::add(counters_.inserts);
    return true;
  }

  bool erase(std::string_view key) {
    const std::lock_guard guard(mutex_);
    places_.erase(hash64(key));
    return !closed_;
  }

  bool clear() {
    const std::lock_guard guard(mutex_);
    places_.clear();  // before the segments, as these are no evictions
    while (!closed_ && !segments_.all().empty()) {
      drop(segments_.oldest());
    }
    return !closed_;
  }

  [[nodiscard]] Result<void> close() {
    const std::lock_guard guard(mutex_);
    if (std::exchange(closed_, true)) {
      return {};
    }
    auto done = segments_.close();
    if (done) {
      done = io::write_file_durably(fs_, index_path(), encode_disk_index(index()));
    }
    places_.clear();
    return done;
  }

  [[nodiscard]] LevelStats stats() const noexcept { return counters_.read(); }

 private:
  struct Place {
    SegmentPointer segment;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
  };

  /// Reads the index and removes it; none where there is none that is whole.
  [[nodiscard]] Result<std::optional<DiskIndex>> take_index() {
    const std::string path = index_path();
    auto there = fs_.exists(path);
    if (!there) {
      return propagate(std::move(there));
    }
    if (!*there) {
      return std::nullopt;
    }
    const auto bytes = io::read_file(fs_, path);
    if (auto removed = fs_.remove(path); !removed) {
      return propagate(std::move(removed));
    }
    if (auto synced = fs_.sync_directory(options_.directory); !synced) {
      return propagate(std::move(synced));
    }
    if (!bytes) {
      LevelCounters::add(counters_.errors);
      return std::nullopt;
    }
    auto index = decode_disk_index(*bytes);
    if (!index) {
      LevelCounters::add(counters_.damaged);
    }
    return index;
  }

  void adopt(const DiskIndex& index) {
    std::unordered_map<std::uint64_t, SegmentPointer> by_number;
    for (const auto& segment : index.segments) {
      if (auto adopted = segments_.adopt(segment.number, segment.bytes)) {
        by_number[segment.number] = *adopted;
      } else {
        LevelCounters::add(counters_.errors);
      }
    }
    for (const auto& entry : index.entries) {
      const auto found = by_number.find(entry.segment);
      if (found != by_number.end()) {
        found->second->hashes.push_back(entry.hash);
        places_[entry.hash] = {found->second, entry.offset, entry.bytes};
      }
    }
    segments_.set_next_number(index.next_segment);
    while (segments_.needs_room_for(segments_.record_bytes_max())) {
      drop(segments_.oldest());  // there is less room than there was
    }
  }

  /// Removes segment files that are nobody's.
  [[nodiscard]] Result<void> remove_strangers() {
    auto names = fs_.list(options_.directory);
    if (!names) {
      return propagate(std::move(names));
    }
    for (const std::string& name : *names) {
      if (std::string_view(name).ends_with(Segments::suffix) && !segments_.owns(name)) {
        if (auto removed = fs_.remove(io::join(options_.directory, name)); !removed) {
          return removed;
        }
      }
    }
    return {};
  }

  [[nodiscard]] std::optional<std::string> read(std::string_view key) {
    const std::uint64_t hash = hash64(key);
    const std::optional<Place> place = place_of(hash);
    if (!place) {
      return std::nullopt;
    }
    std::string bytes(place->bytes, '\0');
    const auto got = place->segment->file.read(place->offset, bytes.data(), bytes.size());
    const auto record = got && *got == bytes.size() ? decode_disk_record(bytes) : std::nullopt;
    if (record) {
      // Another key may have the same hash.
      return record->key == key ? std::optional(std::string(record->value)) : std::nullopt;
    }
    LevelCounters::add(got ? counters_.damaged : counters_.errors);
    const std::lock_guard guard(mutex_);
    const auto still = places_.find(hash);
    if (still != places_.end() && still->second.segment == place->segment &&
        still->second.offset == place->offset) {
      places_.erase(still);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Place> place_of(std::uint64_t hash) {
    const std::lock_guard guard(mutex_);
    const auto found = places_.find(hash);
    if (found == places_.end()) {
      return std::nullopt;
    }
    const Place& place = found->second;
    const std::uint64_t end = std::uint64_t{place.offset} + place.bytes;
    if (!segments_.make_readable(*place.segment, end)) {
      LevelCounters::add(counters_.errors);
      places_.erase(found);
      return std::nullopt;
    }
    return place;
  }

  void drop(const SegmentPointer& segment) {
    for (const std::uint64_t hash : segment->hashes) {
      const auto found = places_.find(hash);
      if (found != places_.end() && found->second.segment == segment) {
        places_.erase(found);
        LevelCounters::add(counters_.evictions);
      }
    }
    if (!segments_.drop(segment)) {
      LevelCounters::add(counters_.errors);
    }
  }

  [[nodiscard]] DiskIndex index() const {
    DiskIndex index{.generation = options_.generation, .next_segment = segments_.next_number()};
    for (const SegmentPointer& segment : segments_.all()) {
      index.segments.push_back({segment->number, segment->bytes});
    }
    for (const auto& [hash, place] : places_) {
      index.entries.push_back({hash, place.segment->number, place.offset, place.bytes});
    }
    return index;
  }

  [[nodiscard]] std::string index_path() const { return io::join(options_.directory, "INDEX"); }

  const DiskLevelOptions options_;
  Fs fs_;
  typename Fs::Lock lock_;
  std::mutex mutex_;
  Segments segments_;
  std::unordered_map<std::uint64_t, Place> places_;  ///< by the hash of the key
  LevelCounters counters_;
  bool closed_ = true;  ///< or not yet restored
};

}  // namespace detail
}  // namespace strata::cache
