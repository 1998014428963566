// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Merges sorted sources into one order: key ascending, newest version first.
///
/// A binary heap of sources, each with the first sixteen bytes of its current key in two numbers,
/// so that most comparisons never touch key bytes: none where keys have no more. While one source
/// stays in front, a step costs one `next` and two comparisons. Sources are of three known types,
/// so there is no virtual call. Directions may change at any time; a change re-seeks the other
/// sources.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>

namespace strata::lsm {

template <class Comparator, class... Cursors>
class MergingCursor {
  struct Source {
    template <class Cursor>
    Source(std::in_place_type_t<Cursor> type, Cursor&& from)
        : cursor(type, std::forward<Cursor>(from)) {}

    std::variant<Cursors...> cursor;
    bool is_detour = false;
    bool valid = false;
    std::uint64_t head = 0;
    std::uint64_t second_head = 0;
    std::string_view key;
    Trailer trailer;

    /// Moves it, and looks at where it is then.
    template <class Move>
    void move(const Move& step) {
      std::visit(
          [&](auto& c) {
            step(c);
            valid = c.valid();
            if (valid) {
              key = c.key();
              trailer = c.trailer();
              if constexpr (Comparator::is_bytewise) {
                head = key_head(key);
                second_head = key.size() > 8 ? key_head(key, 8) : 0;
              }
            }
          },
          cursor);
    }
    [[nodiscard]] bool has_heads_of(const Source& other) const noexcept {
      return head == other.head && second_head == other.second_head;
    }
    /// Whether its heads and its length are all there is to its key.
    [[nodiscard]] bool is_short() const noexcept {
      return Comparator::is_bytewise && key.size() <= 16;
    }
  };

  /// The key of a source that is short; of another one something that no short key is.
  struct ShortKey {
    std::uint64_t head;
    std::uint64_t second_head;
    std::size_t size;
    explicit ShortKey(const Source& source) noexcept
        : head(source.head), second_head(source.second_head), size(source.key.size()) {}
    friend bool operator==(const ShortKey&, const ShortKey&) noexcept = default;
  };

 public:
  /// Of one key; then a search for what comes behind them is shorter.
  static constexpr unsigned versions_stepped_over = 8;

  template <class Cursor>
  void add(Cursor cursor) {
    sources_.emplace_back(std::in_place_type<Cursor>, std::move(cursor));
  }
  /// One that a better shape of the tree would spare: see `detours`.
  template <class Cursor>
  void add_detour(Cursor cursor) {
    sources_.emplace_back(std::in_place_type<Cursor>, std::move(cursor)).is_detour = true;
  }
  void reserve(std::size_t sources) { sources_.reserve(sources); }

  [[nodiscard]] bool valid() const noexcept { return !heap_.empty(); }
  [[nodiscard]] std::string_view key() const noexcept { return heap_.front()->key; }
  [[nodiscard]] Trailer trailer() const noexcept { return heap_.front()->trailer; }
  [[nodiscard]] std::string_view value() const {
    return std::visit([](const auto& c) { return c.value(); }, heap_.front()->cursor);
  }

  /// How often a seek looked into a detour, or a step came to one from another source. Turning
  /// round counts nothing.
  [[nodiscard]] std::uint64_t detours() const noexcept { return detours_; }

  /// The first error of any source. A cursor with an error is invalid.
  [[nodiscard]] Result<void> status() const {
    return failed_ ? Result<void>(tl::unexpected<Error>(*failed_)) : Result<void>();
  }

  void seek_to_first() {
    restart(true, [](auto& c) { c.seek_to_first(); });
  }
  void seek_to_last() {
    restart(false, [](auto& c) { c.seek_to_last(); });
  }
  /// The first entry at or after (key, `sequence` downwards).
  void seek(std::string_view key, Sequence sequence = sequence_max) {
    for_each_aiming([&](auto& c) { c.aim(key); });
    for_each_aiming([](const auto& c) { c.ask(); });
    restart(true, [&](auto& c) {
      if constexpr (requires { c.seek_aimed(key, sequence); }) {
        c.seek_aimed(key, sequence);
      } else {
        c.seek(key, sequence);
      }
    });
  }
  /// The last entry whose key is at or before `key`: the oldest version of it.
  void seek_for_prev(std::string_view key) {
    restart(false, [&](auto& c) { c.seek_for_prev(key); });
  }

  void next() {
    if (!forward_) {
      turn(true);
    }
    step([](auto& c) { c.next(); });
  }
  /// The first entry of the next key: past all versions of this one.
  void next_key() {
    if (!forward_) {
      turn(true);
    }
    if (!may_tie()) {
      step(to_next_key);
      return;
    }
    const Source& top = *heap_.front();
    if (top.is_short()) {
      const ShortKey left(top);
      do {
        step(to_next_key);
      } while (valid() && ShortKey(*heap_.front()) == left);
      return;
    }
    left_.assign(key());
    do {
      step(to_next_key);
    } while (valid() && key() == left_);
  }
  /// How many entries `next_plain` can go to, one after the other: those of the source in front
  /// that need no comparison with others nor a look at their versions (table/cursor.hpp). They lie
  /// before `end`, if there is one. 0 unless one source has been in front for some steps.
  [[nodiscard]] std::uint32_t plain_run(Sequence sequence, std::optional<std::string_view> end) {
    if (steps_in_front_ < steps_before_run) {
      return 0;
    }
    return std::visit(
        [&](const auto& c) -> std::uint32_t {
          if constexpr (requires { c.plain_run(sequence, nullptr); }) {
            if (heap_.size() > 1) {
              const bool is_second = heap_.size() > 2 && ahead(*heap_[2], *heap_[1]);
              const std::string_view next = heap_[is_second ? 2 : 1]->key;
              end = !end || Comparator::compare(next, *end) < 0 ? next : *end;
            }
            return c.plain_run(sequence, end ? &*end : nullptr);
          } else {
            return 0;
          }
        },
        heap_.front()->cursor);
  }
  /// Requires: within a plain run; `end_run` comes before anything but `key` and `value`.
  void next_plain() {
    Source& top = *heap_.front();
    std::visit(
        [&](auto& c) {
          if constexpr (requires { c.next_plain(); }) {
            c.next_plain();
            top.key = c.key();
          }
        },
        top.cursor);
  }
  void end_run() {
    heap_.front()->move([](auto&) {});
  }
  void prev() {
    if (forward_) {
      turn(false);
    }
    step([](auto& c) { c.prev(); });
  }

 private:
  /// Whether `a` comes out before `b`.
  [[nodiscard]] bool ahead(const Source& a, const Source& b) const noexcept {
    const int order = compare(a, b);
    return forward_ ? order < 0 : order > 0;
  }
  [[nodiscard]] static int compare(const Source& a, const Source& b) noexcept {
    if constexpr (Comparator::is_bytewise) {
      if (a.head != b.head) {
        return a.head < b.head ? -1 : 1;
      }
      if (a.second_head != b.second_head) {
        return a.second_head < b.second_head ? -1 : 1;
      }
    }
    if (a.is_short() && b.is_short()) {
      if (a.key.size() != b.key.size()) {
        return a.key.size() < b.key.size() ? -1 : 1;
      }
    } else if (const int keys = Comparator::compare(a.key, b.key); keys != 0) {
      return keys;
    }
    return a.trailer > b.trailer ? -1 : (a.trailer < b.trailer ? 1 : 0);
  }

  /// Sources that can say early where a seek will go (table/cursor.hpp).
  template <class Visit>
  void for_each_aiming(const Visit& visit) {
    for (Source& source : sources_) {
      std::visit(
          [&](auto& c) {
            if constexpr (requires { c.ask(); }) {
              visit(c);
            }
          },
          source.cursor);
    }
  }
  template <class Move>
  void restart(bool forward, Move move) {
    forward_ = forward;
    failed_.reset();
    steps_in_front_ = 0;
    heap_.clear();
    for (Source& source : sources_) {
      source.move(move);
      detours_ += source.is_detour ? 1 : 0;
      if (!admit(source)) {
        return;
      }
    }
    build();
  }

  /// To look for a run costs about as much as a step in it.
  static constexpr std::uint32_t steps_before_run = 2;
  static constexpr auto to_next_key = [](auto& c) {
    if constexpr (requires { c.next_key(); }) {
      c.next_key();
    } else {
      // A memtable has as many versions of a key as it was written to: after a few steps a search
      // is shorter. There may be one behind it, of sequence 0.
      const std::string_view left = c.key();  // which lives as long as the memtable
      unsigned steps = 0;
      do {
        ++steps == versions_stepped_over ? c.seek(left, 0) : c.next();
      } while (c.valid() && c.key() == left);
    }
  };
  /// Whether another source may stand on a version of the same key: then one right below the top
  /// of the heap does.
  [[nodiscard]] bool may_tie() const noexcept {
    const std::size_t end = std::min<std::size_t>(heap_.size(), 3);
    for (std::size_t i = 1; i < end; ++i) {
      if (!Comparator::is_bytewise || heap_[i]->has_heads_of(*heap_.front())) {
        return true;
      }
    }
    return false;
  }

  template <class Move>
  void step(const Move& move) {
    Source& top = *heap_.front();
    top.move(move);
    if (!top.valid) [[unlikely]] {
      if (!check(top)) {
        return;
      }
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    if (heap_.size() > 1) {
      sift_down(0);
    }
    if (!heap_.empty() && heap_.front() == &top) {
      ++steps_in_front_;
    } else {
      steps_in_front_ = 0;
      detours_ += !heap_.empty() && heap_.front()->is_detour ? 1 : 0;
    }
  }

  /// Puts every other source on the other side of the current entry, which thereby is in front.
  void turn(bool forward) {
    Source* const current = heap_.front();
    const std::string key(current->key);
    const Trailer trailer = current->trailer;
    forward_ = forward;
    steps_in_front_ = 0;
    heap_.clear();
    for (Source& source : sources_) {
      source.move([&](auto& c) {
        if (&source != current) {
          beside(c, key, trailer, forward);
        }
      });
      if (!admit(source)) {
        return;
      }
    }
    build();
  }
  /// Forward: the first entry after (key, trailer). Backward: the last entry before it.
  template <class Cursor>
  static void beside(Cursor& c, const std::string& key, Trailer trailer, bool forward) {
    if (forward) {
      c.seek(key, trailer.sequence());
      while (c.valid() && Comparator::compare(c.key(), key) == 0 && c.trailer() >= trailer) {
        c.next();
      }
    } else {
      c.seek_for_prev(key);
      while (c.valid() && Comparator::compare(c.key(), key) == 0 && c.trailer() <= trailer) {
        c.prev();
      }
    }
  }

  /// Puts a source that was moved on the heap unless it is at its end.
  [[nodiscard]] bool admit(Source& source) {
    if (source.valid) {
      heap_.push_back(&source);
      return true;
    }
    return check(source);
  }
  /// A source that became invalid is at its end, or failed: then the whole cursor fails.
  [[nodiscard]] bool check(Source& source) {
    auto status = std::visit([](const auto& c) { return status_of(c); }, source.cursor);
    if (!status) {
      failed_.emplace(std::move(status).error());
      heap_.clear();
      return false;
    }
    return true;
  }
  template <class Cursor>
  [[nodiscard]] static Result<void> status_of(const Cursor& cursor) {
    if constexpr (requires { cursor.status(); }) {
      return cursor.status();
    } else {
      return {};
    }
  }

  void build() {
    for (std::size_t i = heap_.size() / 2; i-- > 0;) {
      sift_down(i);
    }
  }
  void sift_down(std::size_t at) {
    Source* const moving = heap_[at];
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= heap_.size()) {
        break;
      }
      if (child + 1 < heap_.size() && ahead(*heap_[child + 1], *heap_[child])) {
        ++child;
      }
      if (!ahead(*heap_[child], *moving)) {
        break;
      }
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = moving;
  }

  std::vector<Source> sources_;
  std::vector<Source*> heap_;
  std::string left_;  ///< the key that `next_key` goes from
  bool forward_ = true;
  std::uint32_t steps_in_front_ = 0;  ///< of the source at the top, one after the other
  std::uint64_t detours_ = 0;
  std::optional<Error> failed_;
};

}  // namespace strata::lsm
