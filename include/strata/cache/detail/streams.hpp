// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Finds arithmetic sequences among positions that are asked for, many of them interleaved, and
/// says what each is about to ask for.
///
/// A position that no stream expects waits among the last 32 of its kind. When two of those and the
/// new one are evenly spaced, in the order of their coming, a stream is born, on trial. It predicts
/// nothing until what it expects has come as often as `proof` says: once at first, more after
/// streams that were wrong, less again after ones that were right. So random requests, which form
/// sequences by chance, soon cost nothing.
///
///     asked for   *  *  *  .  *  .  .  .           stride = distance of two
///                             |<- ahead ->|
///                             furthest    frontier: what to predict next
///     unused bits          0  1  0  1  1  1        the last 64 before the frontier
///
/// A stream keeps `window` positions ahead of the furthest request, and tops up when half of them
/// are used. The window doubles when that happens, and is halved by a prediction that was not there
/// when it was asked for: it was evicted before its use, so too early. From then on the window
/// grows by one. A bit that is still set when 64 more have been predicted, or when its stream is
/// given up, is waste. A stream is given up when requests pass over most of what it predicts, or to
/// make room for another. Positions count modulo 2^64, and no stream predicts across the ends.
///
/// Complexity: one pass over the streams, and over the waiting positions where none expects it.
/// Threads: none; the owner's lock guards it. (Tested by tests/cache/read_ahead_test.cpp.)

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace strata::cache {

/// Positions `first`, `first + stride`, ... modulo 2^64, so a stride may be negative.
struct Predicted {
  std::uint64_t first = 0;
  std::uint64_t stride = 0;
  std::uint32_t count = 0;

  [[nodiscard]] bool empty() const noexcept { return count == 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return count; }
  [[nodiscard]] std::uint64_t operator[](std::uint32_t i) const noexcept {
    assert(i < count);
    return first + i * stride;
  }
};

struct ReadAheadStats {
  std::uint64_t prefetched = 0;  ///< predicted, less what turned out not to exist
  std::uint64_t used = 0;        ///< of these, asked for while they were there
  std::uint64_t wasted = 0;      ///< and not; the rest is undecided
};

namespace detail {

struct StreamLimits {
  std::uint32_t window_min = 2;
  std::uint32_t window_max = 32;
  std::uint64_t stride_max = 1 << 20;
  std::uint32_t streams_max = 16;
};

class Streams {
 public:
  explicit Streams(const StreamLimits& limits) : limits_(limits) {
    assert(limits.window_min > 0 && limits.window_min <= limits.window_max);
    assert(limits.window_max <= bits && limits.streams_max > 0);
    streams_.reserve(limits.streams_max);
  }

  /// `position` is asked for, and `found` says whether it was there already. Positions of one
  /// `group` only are a sequence.
  [[nodiscard]] Predicted observe(std::uint64_t group, std::uint64_t position, bool found) {
    ++now_;
    for (Stream& stream : streams_) {
      if (stream.group == group && alive(stream)) {
        const std::int64_t steps = steps_to_frontier(stream, position);
        if (steps >= 0) {
          stream.touched_at = now_;
          return advance(stream, static_cast<std::uint32_t>(steps), found);
        }
      }
    }
    discover(group, position);
    return {};
  }

  /// The last `missing` of what was predicted, up to `end`, do not exist.
  void cut(std::uint64_t group, std::uint64_t end, std::uint32_t missing) noexcept {
    for (Stream& stream : streams_) {
      if (stream.group == group && stream.frontier == end && missing <= bits) {
        const std::uint64_t absent = stream.unused & low_bits(missing);
        const auto count = static_cast<unsigned>(std::popcount(absent));
        stats_.prefetched -= count;
        stream.prefetched -= count;
        stream.unused &= ~absent;
        stream.ended = true;
        return;
      }
    }
  }

  [[nodiscard]] const ReadAheadStats& stats() const noexcept { return stats_; }

 private:
  static constexpr std::uint32_t bits = 64;
  static constexpr std::size_t waiting_max = 32;
  static constexpr std::uint64_t trial_max = 2 * waiting_max;  ///< positions a trial may wait
  static constexpr std::uint32_t proof_max = 16;

  struct Stream {
    std::uint64_t group = 0;
    std::uint64_t stride = 0;
    std::uint64_t frontier = 0;
    std::uint64_t unused = 0;  ///< bit i: of frontier - (i + 1) * stride
    std::uint64_t touched_at = 0;
    std::uint64_t prefetched = 0;
    std::uint64_t used = 0;
    std::uint64_t wasted = 0;
    std::uint32_t window = 0;
    std::uint32_t ahead = 0;
    std::uint32_t proven = 0;
    bool shrunk = false;
    bool ended = false;
  };
  struct Waiting {
    std::uint64_t group = 0;
    std::uint64_t position = 0;
  };

  static std::uint64_t low_bits(std::uint32_t count) noexcept {
    return count >= bits ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
  }

  [[nodiscard]] bool alive(const Stream& stream) const noexcept {
    return stream.prefetched > 0 || now_ - stream.touched_at <= trial_max;
  }

  /// 0: the frontier itself; -1: not of this stream.
  static std::int64_t steps_to_frontier(const Stream& stream, std::uint64_t position) noexcept {
    const auto distance = static_cast<std::int64_t>(stream.frontier - position);
    const auto stride = static_cast<std::int64_t>(stream.stride);
    if (distance % stride != 0 || distance / stride < 0 || distance / stride > bits) {
      return -1;
    }
    return distance / stride;
  }

  Predicted advance(Stream& stream, std::uint32_t steps, bool found) noexcept {
    bool succeeded = false;
    if (steps == 0) {
      move_frontier(stream, 1, false);
      stream.ahead = 0;
      ++stream.proven;
    } else {
      const std::uint64_t bit = std::uint64_t{1} << (steps - 1);
      succeeded = (stream.unused & bit) != 0 && found;
      if ((stream.unused & bit) != 0) {
        stream.unused &= ~bit;
        count_use(stream, found);
      }
      if (steps > stream.ahead) {
        return {};  // asked for again, or late
      }
      stream.ahead = steps - 1;
    }
    if (is_wrong(stream)) {
      retire(stream);
      stream = streams_.back();
      streams_.pop_back();
      return {};
    }
    if (stream.ended || stream.proven < proof_ || 2 * stream.ahead > stream.window) {
      return {};
    }
    if (succeeded) {
      stream.window =
          std::min(stream.shrunk ? stream.window + 1 : 2 * stream.window, limits_.window_max);
    }
    return predict(stream);
  }

  /// Whether requests pass over most of what is predicted. They may come a little out of order.
  static bool is_wrong(const Stream& stream) noexcept {
    constexpr std::uint64_t patience = 4;
    const std::uint64_t passed_over = stream.unused & ~low_bits(stream.ahead);
    return stream.wasted + static_cast<unsigned>(std::popcount(passed_over)) >
           stream.used + patience;
  }

  void count_use(Stream& stream, bool found) noexcept {
    if (found) {
      ++stats_.used;
      ++stream.used;
    } else {
      ++stats_.wasted;
      ++stream.wasted;
      stream.window = std::max(stream.window / 2, limits_.window_min);
      stream.shrunk = true;
    }
  }

  Predicted predict(Stream& stream) noexcept {
    if (stream.window <= stream.ahead) {
      return {};
    }
    const std::uint32_t count = std::min(stream.window - stream.ahead, room_of(stream));
    const Predicted predicted{stream.frontier, stream.stride, count};
    move_frontier(stream, count, true);
    stream.ahead += count;
    stream.prefetched += count;
    stats_.prefetched += count;
    return predicted;
  }

  /// How many steps the frontier can make before it wraps around.
  static std::uint32_t room_of(const Stream& stream) noexcept {
    const bool falls = static_cast<std::int64_t>(stream.stride) < 0;
    const std::uint64_t length = falls ? 0 - stream.stride : stream.stride;
    const std::uint64_t room = (falls ? stream.frontier : ~stream.frontier) / length;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(room, bits));
  }

  void move_frontier(Stream& stream, std::uint32_t count, bool predicted) noexcept {
    const std::uint64_t kept = low_bits(bits - count);
    const auto lost = static_cast<unsigned>(std::popcount(stream.unused & ~kept));
    stats_.wasted += lost;
    stream.wasted += lost;
    stream.unused = count == bits ? 0 : (stream.unused & kept) << count;
    stream.unused |= predicted ? low_bits(count) : 0;
    stream.frontier += count * stream.stride;
  }

  /// Looks for the sequence that `position` is the third of.
  void discover(std::uint64_t group, std::uint64_t position) {
    const std::size_t known = std::min<std::size_t>(arrivals_, waiting_max);
    for (std::size_t age = 1; age <= known; ++age) {
      const Waiting& second = waiting_[(arrivals_ - age) % waiting_max];
      const std::uint64_t stride = position - second.position;
      const std::uint64_t length = static_cast<std::int64_t>(stride) < 0 ? 0 - stride : stride;
      if (second.group == group && length != 0 && length <= limits_.stride_max &&
          waits(group, second.position - stride, age + 1, known)) {
        place_for_stream() = {.group = group,
                              .stride = stride,
                              .frontier = position + stride,
                              .touched_at = now_,
                              .window = limits_.window_min};
        return;
      }
    }
    waiting_[arrivals_++ % waiting_max] = {group, position};
  }

  [[nodiscard]] bool waits(std::uint64_t group, std::uint64_t position, std::size_t age,
                           std::size_t known) const noexcept {
    for (; age <= known; ++age) {
      const Waiting& waiting = waiting_[(arrivals_ - age) % waiting_max];
      if (waiting.group == group && waiting.position == position) {
        return true;
      }
    }
    return false;
  }

  /// Of a trial that came to nothing, or else of the stream that has been quiet for longest.
  Stream& place_for_stream() {
    if (streams_.size() < limits_.streams_max) {
      return streams_.emplace_back();
    }
    Stream* quietest = &streams_.front();
    for (Stream& stream : streams_) {
      if (!alive(stream)) {
        return stream;
      }
      quietest = stream.touched_at < quietest->touched_at ? &stream : quietest;
    }
    retire(*quietest);
    return *quietest;
  }

  void retire(const Stream& stream) noexcept {
    stats_.wasted += static_cast<unsigned>(std::popcount(stream.unused));
    if (stream.prefetched == 0) {
      return;
    }
    if (2 * stream.used < stream.prefetched) {
      proof_ = std::min(proof_ + 1, proof_max);
    } else {
      proof_ = std::max(proof_ - 1, 1U);
    }
  }

  const StreamLimits limits_;
  std::vector<Stream> streams_;
  std::array<Waiting, waiting_max> waiting_{};
  std::size_t arrivals_ = 0;
  std::uint64_t now_ = 0;  ///< counts positions asked for
  std::uint32_t proof_ = 1;
  ReadAheadStats stats_;
};

}  // namespace detail
}  // namespace strata::cache
