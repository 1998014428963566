// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a user walks over: each live key once, in order, as of one sequence.
///
/// Below it lies a merge of all versions; this floor hides versions newer than the snapshot,
/// takes the newest of the rest, drops what is erased (by point or range) and folds merge
/// operands. Keys and values are handed out without a copy where the newest version is a plain
/// value in its table and the cursor moves forward. A value that lies apart from its table is read
/// when `value` is asked for it: where that fails, `value` is empty, the cursor invalid, and
/// `status` says why. A cursor pins what it reads; it sees nothing written after it was made. Not
/// thread-safe; any number of cursors may be used at once.
///
/// Errors: `status()`. A cursor that met one is invalid, which must not be taken for the end:
/// check `status()` after a loop.

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/lsm/options.hpp>

namespace strata::lsm {

namespace detail {

/// The value under a cursor, where it lies apart from its table.
struct LazyValue {
  bool is_pointer = false;
  bool is_read = false;
  std::string bytes{};
  std::optional<Error> failed{};
};
struct NoLazyValue {};

}  // namespace detail

/// `Pin`: what keeps the sources alive, a pointer to a `ReadView`.
template <class Comparator, class Merge, class Merging, class Pin>
class Cursor {
  using Values = typename Pin::element_type::Values;

 public:
  Cursor(Pin pin, std::unique_ptr<Merging> merging,
         std::shared_ptr<const RangeEraseSet<Comparator>> ranges, Sequence sequence,
         const ReadOptions& options)
      : pin_(std::move(pin)),
        merging_(std::move(merging)),
        ranges_(std::move(ranges)),
        sequence_(sequence) {
    if (options.lower_bound) {
      lower_.emplace(*options.lower_bound);
    }
    if (options.upper_bound) {
      upper_.emplace(*options.upper_bound);
    }
  }
  Cursor(Cursor&&) noexcept = default;
  Cursor& operator=(Cursor&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  /// Tells the family of its detours.
  ~Cursor() {
    if (pin_ && pin_->detours) {
      pin_->detours->add(merging_->detours());
    }
  }

  [[nodiscard]] bool valid() const noexcept {
    if constexpr (Values::separates) {
      return valid_ && !lazy_.failed;
    } else {
      return valid_;
    }
  }
  /// Requires: `valid()`. The views live until the cursor moves.
  [[nodiscard]] std::string_view key() const noexcept {
    assert(valid_);
    return owned_ ? std::string_view(key_) : merging_->key();
  }
  [[nodiscard]] std::string_view value() const {
    assert(valid_);
    const std::string_view stored = owned_ ? std::string_view(value_) : merging_->value();
    if constexpr (Values::separates) {
      return lazy_.is_pointer ? read_apart(stored) : stored;
    } else {
      return stored;
    }
  }
  [[nodiscard]] Result<void> status() const {
    if constexpr (Values::separates) {
      if (lazy_.failed) {
        return tl::unexpected<Error>(*lazy_.failed);
      }
    }
    return failed_ ? Result<void>(tl::unexpected<Error>(*failed_)) : merging_->status();
  }

  void seek_to_first() {
    if (lower_) {
      seek(*lower_);
      return;
    }
    merging_->seek_to_first();
    settle_forward();
  }
  void seek_to_last() {
    if (upper_) {
      merging_->seek_for_prev(*upper_);
      skip_from(*upper_);
    } else {
      merging_->seek_to_last();
    }
    settle_backward();
  }
  /// The first key at or after `key` within the bounds.
  void seek(std::string_view key) {
    merging_->seek(
        lower_ && Comparator::compare(key, *lower_) < 0 ? std::string_view(*lower_) : key,
        sequence_);
    settle_forward();
  }
  /// The last key at or before `key` within the bounds.
  void seek_for_prev(std::string_view key) {
    if (upper_ && Comparator::compare(key, *upper_) >= 0) {
      seek_to_last();
      return;
    }
    merging_->seek_for_prev(key);
    settle_backward();
  }
  /// Requires: `valid()`.
  void next() {
    assert(valid_);
    if (run_ > 0) {
      merging_->next_plain();
      if (--run_ == 0) {
        merging_->end_run();
      }
      return;
    }
    if (!owned_) {
      merging_->next_key();
    } else {
      if (before_key_) {
        // Backward moves end before all versions of the key.
        merging_->seek(key_, 0);
      }
      skip_versions();
    }
    settle_forward();
  }
  /// Requires: `valid()`.
  void prev() {
    assert(valid_);
    if (run_ > 0) {
      merging_->end_run();
    }
    if (!owned_ || !before_key_) {
      key_.assign(key());
      merging_->seek_for_prev(key_);
      while (merging_->valid() && merging_->key() == key_) {
        merging_->prev();
      }
    }
    settle_backward();
  }

 private:
  [[nodiscard]] static bool is_value(EntryKind kind) noexcept {
    return kind == EntryKind::put || (Values::separates && kind == EntryKind::value_pointer);
  }
  /// Says whether the value under the cursor is only pointed to.
  void stand_on(EntryKind kind) noexcept {
    if constexpr (Values::separates) {
      lazy_.is_pointer = kind == EntryKind::value_pointer;
      lazy_.is_read = false;
    }
  }
  [[nodiscard]] std::string_view read_apart(std::string_view pointer) const {
    if (!lazy_.is_read && !lazy_.failed) {
      auto read = pin_->tables->values.read(key(), pointer, lazy_.bytes);
      if (!read) {
        lazy_.failed.emplace(std::move(read).error());
      }
      lazy_.bytes.resize(read ? read->size() : 0);
      lazy_.is_read = true;
    }
    return lazy_.bytes;
  }
  /// `value` as it is to be folded; false: it can not be read.
  [[nodiscard]] bool resolve(EntryKind kind, std::string& value) {
    if constexpr (Values::separates) {
      if (kind == EntryKind::value_pointer) {
        std::string buffer;
        auto read = pin_->tables->values.read(key_, value, buffer);
        if (!read) {
          failed_.emplace(std::move(read).error());
          return false;
        }
        value.assign(*read);
      }
    }
    return true;
  }
  [[nodiscard]] bool is_range_erased(std::string_view key, Sequence sequence) const noexcept {
    return ranges_ && ranges_->newest_covering(key, sequence_) > sequence;
  }
  [[nodiscard]] bool above_upper(std::string_view key) const noexcept {
    return upper_ && Comparator::compare(key, *upper_) >= 0;
  }
  [[nodiscard]] bool below_lower(std::string_view key) const noexcept {
    return lower_ && Comparator::compare(key, *lower_) < 0;
  }
  /// Backs out of keys at or above `bound`.
  void skip_from(std::string_view bound) {
    while (merging_->valid() && Comparator::compare(merging_->key(), bound) >= 0) {
      merging_->prev();
    }
  }
  /// Moves on past the versions of `key_`.
  void skip_versions() {
    while (merging_->valid() && merging_->key() == key_) {
      merging_->next();
    }
  }

  /// From a plain value on, the next entries may be plain values, too: then `next` only steps.
  void start_run(EntryKind kind) {
    if (kind == EntryKind::put && !ranges_) {
      run_ = merging_->plain_run(sequence_, upper_);
    }
  }
  /// Moves on from a version that is newer than what is seen. Of a key that is written all the time
  /// there may be many: every few of them, a search is shorter.
  void skip_newer(unsigned& skipped) {
    if (++skipped % Merging::versions_stepped_over != 0) {
      merging_->next();
      return;
    }
    key_.assign(merging_->key());
    merging_->seek(key_, sequence_);
  }

  /// From the first version of a key on: stands on the first live key.
  void settle_forward() {
    owned_ = false;
    before_key_ = false;
    valid_ = false;
    run_ = 0;
    unsigned newer = 0;
    while (merging_->valid()) {
      const std::string_view key = merging_->key();
      const Trailer trailer = merging_->trailer();
      if (above_upper(key)) {
        return;
      }
      if (trailer.sequence() > sequence_) {
        skip_newer(newer);
        continue;
      }
      if (trailer.kind() == EntryKind::merge && !is_range_erased(key, trailer.sequence())) {
        if (fold_forward()) {
          return;
        }
        continue;
      }
      if (is_value(trailer.kind()) && !is_range_erased(key, trailer.sequence())) {
        stand_on(trailer.kind());
        valid_ = true;
        start_run(trailer.kind());
        return;
      }
      merging_->next_key();
    }
  }

  /// Folds operands of the key under the merging cursor, which ends past them. Always owned. False:
  /// the merging cursor failed.
  [[nodiscard]] bool fold_forward() {
    key_.assign(merging_->key());
    std::vector<std::string> operands;  // newest first
    std::optional<std::string> base;
    while (merging_->valid() && merging_->key() == key_) {
      const Trailer trailer = merging_->trailer();
      if (trailer.kind() == EntryKind::erase || is_range_erased(key_, trailer.sequence())) {
        break;
      }
      if (is_value(trailer.kind())) {
        base.emplace(merging_->value());
        if (!resolve(trailer.kind(), *base)) {
          return true;
        }
        break;
      }
      operands.emplace_back(merging_->value());
      merging_->next();
    }
    if (!merging_->status()) {
      return false;
    }
    skip_versions();
    return fold(operands, std::move(base));
  }

  /// From the last entry of a key backwards: stands on the last live key. The merging cursor ends
  /// before all versions of it, so key and value are always owned.
  void settle_backward() {
    owned_ = true;
    before_key_ = true;
    valid_ = false;
    run_ = 0;
    std::vector<std::string> operands;  // oldest first while collecting
    while (merging_->valid() && !below_lower(merging_->key())) {
      key_.assign(merging_->key());
      operands.clear();
      std::optional<std::string> base;
      EntryKind base_kind = EntryKind::put;
      bool live = false;
      for (; merging_->valid() && merging_->key() == key_; merging_->prev()) {
        const Trailer trailer = merging_->trailer();
        if (trailer.sequence() > sequence_) {
          continue;
        }
        const bool erased =
            trailer.kind() == EntryKind::erase || is_range_erased(key_, trailer.sequence());
        if (!erased && trailer.kind() == EntryKind::merge) {
          operands.emplace_back(merging_->value());
          live = true;
          continue;
        }
        operands.clear();
        live = !erased;
        if (erased) {
          base.reset();
        } else {
          base.emplace(merging_->value());
          base_kind = trailer.kind();
        }
      }
      if (!merging_->status()) {
        return;
      }
      if (live) {
        std::vector<std::string> newest_first(std::make_move_iterator(operands.rbegin()),
                                              std::make_move_iterator(operands.rend()));
        const bool is_folded = !newest_first.empty();
        if (is_folded && base && !resolve(base_kind, *base)) {
          return;
        }
        (void)fold(newest_first, std::move(base));
        stand_on(is_folded ? EntryKind::put : base_kind);
        before_key_ = true;
        return;
      }
    }
  }

  /// False: a malformed operand; `status` says so.
  [[nodiscard]] bool fold(const std::vector<std::string>& newest_first,
                          std::optional<std::string> base) {
    owned_ = true;
    std::string out;
    for (std::size_t i = newest_first.size(); i-- > 0;) {
      const std::string_view base_view = base ? std::string_view(*base) : std::string_view();
      if (!Merge::full(key_, base ? &base_view : nullptr, newest_first[i], out)) {
        failed_.emplace(ErrorCode::corruption,
                        std::string("merge operator '") + std::string(Merge::name) +
                            "' rejects an operand; erase or overwrite the key");
        valid_ = false;
        return true;
      }
      base.emplace(out);
    }
    value_ = std::move(*base);
    stand_on(EntryKind::put);
    valid_ = true;
    return true;
  }

  Pin pin_;
  std::unique_ptr<Merging> merging_;
  std::shared_ptr<const RangeEraseSet<Comparator>> ranges_;
  Sequence sequence_;
  std::optional<std::string> lower_;
  std::optional<std::string> upper_;
  std::string key_;
  std::string value_;
  bool owned_ = false;       ///< key and value are copies
  bool before_key_ = false;  ///< the merging cursor stands before all versions of `key_`
  bool valid_ = false;
  std::uint32_t run_ = 0;  ///< so many entries behind this one are plain values
  std::optional<Error> failed_;
  [[no_unique_address]] mutable std::conditional_t<Values::separates, detail::LazyValue,
                                                   detail::NoLazyValue>
      lazy_;
};

}  // namespace strata::lsm
