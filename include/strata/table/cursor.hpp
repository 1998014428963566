// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Walks all entries of a table, both ways. Pins one block; reads ahead when it goes forward
/// through blocks that the cache does not hold. An error invalidates it and stays in `status`.
/// Belongs to one thread; the reader must outlive it.
///
/// Tested through the reader: tests/table/reader_test.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/table/block.hpp>
#include <strata/table/frame_reader.hpp>

namespace strata::table {

struct ReadOptions {
  bool verify_checksums = true;  ///< false: what is read is not kept in the cache either
  bool fill_cache = true;
  bool use_cache = true;  ///< false: reads the file, though the cache may hold its blocks
  std::size_t read_ahead_bytes = 256_KiB;  ///< a cursor that goes on forward reads so much at once
};

/// Whether the block behind `block` may have versions of `key` too, all before entry `i` having
/// been passed. A key between two blocks is in neither.
[[nodiscard]] inline bool goes_on_behind(const Block& block, std::uint32_t i,
                                         std::string_view key) noexcept {
  return i == block.count() && block.key_is(i - 1, key);
}

/// `Reader`: `blocks()`, `block_of(key, options, partition)` and
/// `block(number, options, partition, ahead)` are what is asked of it.
template <class Reader>
class Cursor {
  using Comparator = typename Reader::Comparator;

 public:
  Cursor(const Reader& reader, const ReadOptions& options)
      : reader_(&reader), options_(options), ahead_(options.read_ahead_bytes) {}

  [[nodiscard]] bool valid() const noexcept { return valid_; }
  [[nodiscard]] std::string_view key() const noexcept { return {key_.data(), key_bytes_}; }
  [[nodiscard]] Trailer trailer() const noexcept { return trailer_of(at_); }
  [[nodiscard]] std::string_view value() const noexcept { return block_->value(at_); }
  [[nodiscard]] Result<void> status() const {
    return failed_ ? Result<void>(tl::unexpected<Error>(*failed_)) : Result<void>();
  }

  void seek_to_first() {
    if (open(0)) {
      stand_at_or_after(0);
    }
  }
  void seek_to_last() {
    if (open(reader_->blocks() - 1)) {
      stand(block_->count() - 1);
    }
  }
  void seek(std::string_view key, Sequence sequence = sequence_max) {
    if (!reader_->identity().is_visible(sequence)) {
      seek_behind(key);
    } else if (open(block_of(key))) {
      stand_at_or_after(block_->template lower_bound<Comparator>(key, Trailer::seek(sequence)));
    }
  }
  /// `seek(key, sequence)` in three steps, for who seeks in several tables: what one waits for in
  /// memory, the others ask for meanwhile. Nothing but the next step may come between two.
  void aim(std::string_view key) noexcept { aim_ = reader_->known_block_of(key); }
  void ask() const noexcept {
    if (aim_) {
      reader_->prefetch_block(*aim_);
    }
  }
  void seek_aimed(std::string_view key, Sequence sequence) {
    if (!aim_ || !reader_->identity().is_visible(sequence)) {
      seek(key, sequence);
    } else if (open(*aim_)) {
      stand_at_or_after(block_->template lower_bound<Comparator>(key, Trailer::seek(sequence)));
    }
  }
  /// The last entry whose key is at or before `key`: the oldest version of it.
  void seek_for_prev(std::string_view key) {
    const std::uint32_t count = reader_->blocks();
    const std::uint32_t number = block_of(key);
    if (!failed_ && open(number < count ? number : count - 1)) {
      if (const auto i = behind(key)) {
        stand_before(*i);
      }
    }
  }
  void next() { stand_at_or_after(at_ + 1); }
  void prev() { stand_before(at_); }
  /// As `next`, past the other versions of the key.
  void next_key() {
    std::uint32_t i = at_ + 1;
    while (i < block_->count() && block_->is_same_key(i - 1, i)) {
      ++i;
    }
    if (i < block_->count()) [[likely]] {
      stand(i);
      return;
    }
    const std::string left(key());
    for (stand_at_or_after(i); valid_ && key() == left; next()) {
    }
  }
  /// How many entries behind this one `next_plain` can go to: they lie in this block and before
  /// the key `end`, if there is one, each is of a key of its own, and its value of `sequence` or
  /// before. O(result).
  [[nodiscard]] std::uint32_t plain_run(Sequence sequence, const std::string_view* end) const {
    std::uint32_t i = at_ + 1;
    if constexpr (Comparator::is_bytewise) {
      const std::uint64_t limit = end == nullptr ? UINT64_MAX : block_->head_limit(*end);
      while (i < block_->count() && block_->head(i) < limit && is_plain(i, sequence)) {
        ++i;
      }
    } else {
      const std::uint32_t limit = end == nullptr ? block_->count()
                                                 : block_->template lower_bound<Comparator>(
                                                       *end, Trailer::seek(sequence_max));
      while (i < limit && is_plain(i, sequence)) {
        ++i;
      }
    }
    return i - at_ - 1;
  }
  void next_plain() { stand(at_ + 1); }

 private:
  [[nodiscard]] Trailer trailer_of(std::uint32_t i) const noexcept {
    return reader_->identity().shown(block_->trailer(i));
  }
  /// Requires: not the block's first.
  [[nodiscard]] bool is_plain(std::uint32_t i, Sequence sequence) const noexcept {
    return block_->head(i) != block_->head(i - 1) && trailer_of(i).kind() == EntryKind::put &&
           trailer_of(i).sequence() <= sequence;
  }
  /// The first entry of a greater key.
  void seek_behind(std::string_view key) {
    if (open(block_of(key))) {
      if (const auto i = behind(key)) {
        stand_at_or_after(*i);
      }
    }
  }
  /// Where in the block that is open then the versions of `key` end. Requires: the open block is
  /// the first that may have some. None: a block can not be read.
  [[nodiscard]] std::optional<std::uint32_t> behind(std::string_view key) {
    for (;;) {
      // Trailer 0 is behind every version but one of sequence 0, which is skipped by hand.
      std::uint32_t i = block_->template lower_bound<Comparator>(key, Trailer::from_packed(0));
      while (i < block_->count() && block_->key_is(i, key)) {
        ++i;
      }
      if (!goes_on_behind(*block_, i, key) || number_ + 1 >= reader_->blocks()) {
        return i;
      }
      if (!open(number_ + 1)) {
        return std::nullopt;
      }
    }
  }
  /// Blocks are never empty, so one step over a block end is enough.
  void stand_at_or_after(std::uint32_t i) {
    if (i < block_->count()) {
      stand(i);
    } else if (open(number_ + 1)) {
      stand(0);
    }
  }
  void stand_before(std::uint32_t i) {
    if (i > 0) {
      stand(i - 1);
    } else if (open(number_ - 1)) {  // wraps at 0, where `open` finds no block
      stand(block_->count() - 1);
    }
  }
  void stand(std::uint32_t i) {
    at_ = i;
    const std::size_t prefix = block_->prefix().size();
    const std::size_t suffix = block_->suffix_bytes(i);
    if (key_.size() < prefix + suffix + 8) {
      key_.resize(prefix + suffix + 8);
    }
    block_->copy_suffix(i, key_.data() + prefix);
    key_bytes_ = prefix + suffix;
    valid_ = true;
  }
  /// Behind all blocks if it can not be read.
  [[nodiscard]] std::uint32_t block_of(std::string_view key) {
    valid_ = false;
    auto number = reader_->block_of(key, options_, partition_);
    if (!number) {
      failed_.emplace(std::move(number).error());
      return UINT32_MAX;
    }
    return *number;
  }
  /// False: there is no block of that number, or it can not be read.
  [[nodiscard]] bool open(std::uint32_t number) {
    valid_ = false;
    if (number >= reader_->blocks()) {
      return false;
    }
    if (pin_ && number == number_) {
      return true;
    }
    const bool forward = pin_ && number == number_ + 1;
    auto pin = reader_->block(number, options_, partition_, forward ? &ahead_ : nullptr);
    if (!pin) {
      failed_.emplace(std::move(pin).error());
      return false;
    }
    pin_ = std::move(*pin);
    block_ = &*pin_;
    number_ = number;
    const std::string_view prefix = block_->prefix();
    if (key_.size() < prefix.size() + 8) {
      key_.resize(prefix.size() + 8);
    }
    std::copy(prefix.begin(), prefix.end(), key_.begin());
    return true;
  }

  const Reader* reader_;
  ReadOptions options_;
  typename Reader::Pin pin_;
  typename Reader::Partition partition_;
  const Block* block_ = nullptr;
  std::optional<std::uint32_t> aim_;  ///< the block that `seek_aimed` goes to
  std::uint32_t number_ = 0;
  std::uint32_t at_ = 0;
  bool valid_ = false;
  std::string key_;  // the block's prefix, then the suffix, then room for whole-word copies
  std::size_t key_bytes_ = 0;
  ReadAhead ahead_;
  std::optional<Error> failed_;
};

}  // namespace strata::table
