// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the example prints: timed steps with progress, and facts that hold or do not.

#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <strata/core/error.hpp>

/// The value, or the end of the program with the error's own words.
template <class T>
T must(strata::Result<T> result, std::string_view doing) {
  if (!result) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(doing.size()), doing.data(),
                 strata::to_string(result.error()).c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

class Stopwatch {
 public:
  [[nodiscard]] double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A step of known length: a percentage while it runs on a terminal, a line when it is done.
class Step {
 public:
  Step(std::string name, std::size_t total) : name_(std::move(name)), total_(total) {}

  void advance(std::size_t done) {
    if (::isatty(STDERR_FILENO) == 1 && done * 100 / total_ != percent_) {
      percent_ = done * 100 / total_;
      std::fprintf(stderr, "  %-28s %3zu %%\r", name_.c_str(), percent_);
    }
  }
  void finish(std::string_view what) const {
    std::printf("  %-28s %7zu %-13.*s %8.1f ms\n", name_.c_str(), total_,
                static_cast<int>(what.size()), what.data(), watch_.milliseconds());
    std::fflush(stdout);
  }

 private:
  std::string name_;
  std::size_t total_;
  std::size_t percent_ = 101;
  Stopwatch watch_;
};

/// Counts the answers that are not what they should be.
class Facts {
 public:
  void check(std::string_view question, const std::string& answer, std::string_view expected) {
    const bool is_right = answer == expected;
    ++asked_;
    wrong_ += is_right ? 0 : 1;
    std::printf("  %-5s %-58.*s %s%s\n", is_right ? "ok" : "WRONG",
                static_cast<int>(question.size()), question.data(), answer.c_str(),
                is_right ? "" : (", not " + std::string(expected)).c_str());
  }
  void check(std::string_view question, std::uint64_t answer, std::uint64_t expected) {
    check(question, std::to_string(answer), std::to_string(expected));
  }
  /// Equal to a relative 1e-9: sums depend on the order of their terms.
  void check(std::string_view question, double answer, double expected) {
    const double difference = answer > expected ? answer - expected : expected - answer;
    const double most = 1e-9 * (expected < 0 ? -expected : expected);
    check(question, number(difference <= most ? expected : answer), number(expected));
  }
  [[nodiscard]] unsigned asked() const { return asked_; }
  [[nodiscard]] unsigned wrong() const { return wrong_; }

 private:
  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.12g", value);
    return text;
  }

  unsigned asked_ = 0;
  unsigned wrong_ = 0;
};
