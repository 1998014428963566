// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A cursor over a sorted run: tables that do not overlap, one after the other.
///
/// Opens the table it stands in and no other. A read error invalidates it and stays in `status`:
/// it never looks like the end of the run (RocksDB 8.7 lost data that way).
///
/// Tested through the engine: tests/lsm/cursor_test.cpp.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/table/reader.hpp>

namespace strata::lsm {

template <class File>
class LevelCursor {
  using Files = std::span<const std::shared_ptr<File>>;
  using Reader = std::remove_cvref_t<decltype(std::declval<const File&>().reader())>;
  using TableCursor = typename Reader::Cursor;

 public:
  /// The files must outlive the cursor.
  LevelCursor(Files files, const table::ReadOptions& options) : files_(files), options_(options) {}

  [[nodiscard]] bool valid() const noexcept { return cursor_ && cursor_->valid(); }
  [[nodiscard]] std::string_view key() const { return cursor_->key(); }
  [[nodiscard]] Trailer trailer() const { return cursor_->trailer(); }
  [[nodiscard]] std::string_view value() const { return cursor_->value(); }
  [[nodiscard]] Result<void> status() const {
    return cursor_ ? Result<void>(cursor_->status()) : Result<void>();
  }

  void seek_to_first() {
    open(0);
    if (cursor_) {
      cursor_->seek_to_first();
      skip_forward();
    }
  }
  void seek_to_last() {
    open(files_.size() - 1);
    if (cursor_) {
      cursor_->seek_to_last();
      skip_backward();
    }
  }
  void seek(std::string_view key, Sequence sequence) {
    aim(key);
    seek_aimed(key, sequence);
  }
  /// As the table cursor's.
  void aim(std::string_view key) {
    open(first_reaching(files_, key));
    if (cursor_) {
      cursor_->aim(key);
    }
  }
  void ask() const noexcept {
    if (cursor_) {
      cursor_->ask();
    }
  }
  void seek_aimed(std::string_view key, Sequence sequence) {
    if (cursor_) {
      cursor_->seek_aimed(key, sequence);
      skip_forward();
    }
  }
  void seek_for_prev(std::string_view key) {
    std::size_t at = first_reaching(files_, key);
    if (at == files_.size() || files_[at]->starts_after(key)) {
      --at;  // wraps below zero, where `open` closes the cursor
    }
    open(at);
    if (cursor_) {
      cursor_->seek_for_prev(key);
      skip_backward();
    }
  }
  void next() {
    cursor_->next();
    skip_forward();
  }
  /// As `next`, past the other versions of the key, all of which lie in one table.
  void next_key() {
    cursor_->next_key();
    skip_forward();
  }
  [[nodiscard]] std::uint32_t plain_run(Sequence sequence, const std::string_view* end) const {
    return cursor_->plain_run(sequence, end);
  }
  void next_plain() { cursor_->next_plain(); }
  void prev() {
    cursor_->prev();
    skip_backward();
  }

 private:
  void open(std::size_t at) {
    if (at < files_.size()) {
      if (!cursor_ || at_ != at) {
        cursor_.emplace(files_[at]->reader(), options_);
      }
    } else {
      cursor_.reset();
    }
    at_ = at;
  }
  [[nodiscard]] bool exhausted() const { return cursor_ && !cursor_->valid() && cursor_->status(); }

  void skip_forward() {
    while (exhausted()) {
      open(at_ + 1);
      if (cursor_) {
        cursor_->seek_to_first();
      }
    }
  }
  void skip_backward() {
    while (exhausted()) {
      open(at_ - 1);
      if (cursor_) {
        cursor_->seek_to_last();
      }
    }
  }

  Files files_;
  table::ReadOptions options_;
  std::size_t at_ = 0;
  std::optional<TableCursor> cursor_;
};

}  // namespace strata::lsm
