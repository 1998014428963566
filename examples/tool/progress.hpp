// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A line on standard error that says how far long work has come.
///
///     verify  [########............]  41 %  11.2 of 27.0 MiB  110.3 MiB/s  0:02 left
///
/// It is painted a few times a second, over itself, and wiped at the end; where standard error is
/// no terminal there is none unless it is asked for. Threads: `advance` from any number.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace strata::tool {

enum class Unit : std::uint8_t {
  bytes,
  entries
};

/// "512 B", "1.5 MiB"
[[nodiscard]] inline std::string format_bytes(double bytes) {
  constexpr std::array<const char*, 5> names = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < names.size(); ++unit) {
    bytes /= 1024;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, names[unit]);
  return text.data();
}

/// "999", "12.3 k", "4.5 M"
[[nodiscard]] inline std::string format_count(double count) {
  constexpr std::array<const char*, 4> names = {"", " k", " M", " G"};
  std::size_t unit = 0;
  for (; count >= 1000 && unit + 1 < names.size(); ++unit) {
    count /= 1000;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f%s" : "%.1f%s", count, names[unit]);
  return text.data();
}

/// "0:07", "12:30", "3:05:00"
[[nodiscard]] inline std::string format_duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 359'999.0) + 0.5);
  const auto part = [whole](std::uint64_t divisor, std::uint64_t modulus) {
    return static_cast<unsigned>(whole / divisor % modulus);
  };
  std::array<char, 32> text{};
  if (whole >= 3600) {
    std::snprintf(text.data(), text.size(), "%u:%02u:%02u", part(3600, 100), part(60, 60),
                  part(1, 60));
  } else {
    std::snprintf(text.data(), text.size(), "%u:%02u", part(60, 60), part(1, 60));
  }
  return text.data();
}

struct ProgressState {
  std::string_view label;
  Unit unit = Unit::bytes;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: nobody knows
  double seconds = 0;       ///< since the beginning
};

[[nodiscard]] inline std::string format_progress(const ProgressState& state) {
  constexpr std::size_t width = 20;
  const auto amount = [&state](double number) {
    return state.unit == Unit::bytes ? format_bytes(number) : format_count(number);
  };
  const auto done = static_cast<double>(state.done);
  const auto total = static_cast<double>(state.total);
  const double rate = state.seconds > 0 ? done / state.seconds : 0;
  std::string line(state.label);
  if (state.total != 0) {
    const double part = std::min(done / total, 1.0);
    const auto filled = static_cast<std::size_t>(part * width);
    line += "  [" + std::string(filled, '#') + std::string(width - filled, '.') + "]  " +
            std::to_string(static_cast<unsigned>(part * 100)) + " %";
  }
  if (state.total == 0 && state.done == 0) {
    return line + "  " + format_duration(state.seconds);
  }
  line += "  " + amount(done) + (state.total != 0 ? " of " + amount(total) : "") + "  " +
          amount(rate) + "/s  ";
  const bool knows_end = state.total != 0 && rate > 0;
  return line + (knows_end ? format_duration(std::max(total - done, 0.0) / rate) + " left"
                           : format_duration(state.seconds));
}

class Progress {
  using Clock = std::chrono::steady_clock;

 public:
  /// `wanted`: none for the terminal to decide.
  Progress(std::string label, Unit unit, std::uint64_t total, std::optional<bool> wanted)
      : label_(std::move(label)),
        unit_(unit),
        total_(total),
        is_shown_(wanted.value_or(isatty(STDERR_FILENO) == 1)) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  void advance(std::uint64_t amount) {
    done_.fetch_add(amount, std::memory_order_relaxed);
    paint_now_and_then();
  }
  void set(std::uint64_t done) {
    done_.store(done, std::memory_order_relaxed);
    paint_now_and_then();
  }
  /// Wipes the line, for others to write.
  void finish() {
    const std::lock_guard lock(mutex_);
    if (is_painted_) {
      std::fputs("\r\x1b[K", stderr);
      is_painted_ = false;
    }
    is_shown_ = false;
  }

 private:
  void paint_now_and_then() {
    constexpr std::chrono::milliseconds pause{100};
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || !is_shown_) {
      return;
    }
    const auto now = Clock::now();
    if (is_painted_ && now - painted_at_ < pause) {
      return;
    }
    const std::chrono::duration<double> since = now - begun_at_;
    const std::string line = "\r" + format_progress({.label = label_,
                                                     .unit = unit_,
                                                     .done = done_.load(std::memory_order_relaxed),
                                                     .total = total_,
                                                     .seconds = since.count()});
    std::fputs((line + "\x1b[K").c_str(), stderr);
    std::fflush(stderr);
    painted_at_ = now;
    is_painted_ = true;
  }

  const std::string label_;
  const Unit unit_;
  const std::uint64_t total_;
  const Clock::time_point begun_at_ = Clock::now();
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
  bool is_shown_;
  bool is_painted_ = false;
  Clock::time_point painted_at_;
};

}  // namespace strata::tool
