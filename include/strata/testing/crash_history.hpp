// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a script did to a database before the power failed: the oracle's half of a crash test.
///
/// A *view* is everything that a reader of the database sees, as names and values. `state(n)` is
/// the view after the first n changes; a change is acknowledged, refused, or has an outcome that
/// nobody knows, which ends the story.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/simulated.hpp>

namespace strata::testing {

using View = std::map<std::string, std::string, std::less<>>;

class CrashHistory {
 public:
  /// The view after all changes so far.
  [[nodiscard]] const View& latest() const noexcept { return states_.back(); }

  /// A change is about to be made, after which the database looks like `next`.
  void attempt(View next) { states_.push_back(std::move(next)); }
  /// The change of the last `attempt` returned.
  void acknowledge(bool is_synced) {
    acknowledged_ = attempted();
    synced_ = is_synced ? acknowledged_ : synced_;
  }
  /// Everything acknowledged so far was promised to survive a loss of power.
  void acknowledge_sync() { synced_ = is_over_ ? synced_ : acknowledged_; }

  /// What came of the last `attempt`. A change that was refused must never be seen.
  void conclude(const io::Simulated& fs, const Result<void>& done, bool is_synced) {
    if (done) {
      return acknowledge(is_synced);
    }
    if (!fs.has_crashed() && done.error().code() != ErrorCode::outcome_unknown) {
      states_.pop_back();
    }
    note(fs, done);
  }
  /// What came of a call that changes no view.
  void note(const io::Simulated& fs, const Result<void>& done) {
    if (done) {
      return;
    }
    const ErrorCode code = done.error().code();
    if (fs.has_crashed()) {
      is_over_ = true;
    } else if (code == ErrorCode::outcome_unknown || code == ErrorCode::read_only) {
      stop();
    }
  }
  /// A sync failed: the disk may have lost whatever was not synced before.
  void stop() { is_over_ = has_stopped_ = true; }

  /// Nothing may be attempted any more.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

  // What the oracle asks.

  [[nodiscard]] std::uint64_t attempted() const noexcept { return states_.size() - 1; }
  [[nodiscard]] bool is_complete() const noexcept {
    return !is_over_ && acknowledged_ == attempted();
  }
  [[nodiscard]] const View& state(std::uint64_t n) const { return states_[n]; }

  /// How many changes must be there: where the disk kept all that was written, as after kill -9,
  /// those that were acknowledged, else those that were promised to be synced.
  [[nodiscard]] std::uint64_t least(bool kept_all) const noexcept {
    return kept_all && !has_stopped_ ? acknowledged_ : synced_;
  }
  /// After how many changes the database looks like `view`: the most, where several do.
  [[nodiscard]] std::optional<std::uint64_t> find(const View& view) const {
    for (std::size_t n = states_.size(); n-- > 0;) {
      if (states_[n] == view) {
        return n;
      }
    }
    return std::nullopt;
  }
  /// In words, the first difference of `view` from the state that shares most of it.
  [[nodiscard]] std::string explain(const View& view) const {
    std::string best;
    std::size_t fewest = SIZE_MAX;
    for (std::size_t n = states_.size(); n-- > 0;) {
      std::string first;
      const std::size_t count = differences(view, states_[n], first);
      if (count < fewest) {
        fewest = count;
        best = "nearest is the state after " + std::to_string(n) + " changes, with " +
               std::to_string(count) + " differences, the first at " + first;
      }
    }
    return best;
  }

 private:
  [[nodiscard]] static std::size_t differences(const View& seen, const View& state,
                                               std::string& first) {
    std::size_t count = 0;
    const auto note_one = [&](const std::string& name, const char* what) {
      if (count++ == 0) {
        first = "'" + name + "' (" + what + ")";
      }
    };
    for (const auto& [name, value] : seen) {
      const auto at = state.find(name);
      if (at == state.end() || at->second != value) {
        note_one(name, at == state.end() ? "must not be there" : "has another value");
      }
    }
    for (const auto& [name, value] : state) {
      if (!seen.contains(name)) {
        note_one(name, "is missing");
      }
    }
    return count;
  }

  std::vector<View> states_{1};
  std::uint64_t acknowledged_ = 0;
  std::uint64_t synced_ = 0;
  bool is_over_ = false;
  bool has_stopped_ = false;
};

}  // namespace strata::testing
