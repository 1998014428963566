// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether what threads were told can be put in one order: a checker for the history of a register.
///
/// An operation is called at one tick of a common clock and answered at a later one. A history is
/// linearizable if each operation can be given a moment between the two such that every read finds
/// what the last write before it wrote (Herlihy & Wing, "Linearizability: A Correctness Condition
/// for Concurrent Objects", TOPLAS 1990). Keys are registers of their own, and a history of many is
/// linearizable if that of each key is: check them one by one (Lowe, "Testing for
/// Linearizability", 2017, whose just-in-time search with remembered configurations this is).
///
/// The search walks along time and keeps every *configuration* that explains all answers so far:
/// what the register holds, and which of the pending operations have had their moment. A pending
/// operation gets its moment no earlier than an answer asks for it. The cost is the number of
/// operations times 2 to the number of threads at worst, and nearly linear in practice.
///
/// A write that never was answered may have happened or not, at any time after its call.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace strata::testing {

struct RegisterOperation {
  enum class Kind : std::uint8_t {
    read,
    write
  };
  /// Of an operation that was never answered.
  static constexpr std::uint64_t never = UINT64_MAX;

  Kind kind = Kind::read;
  std::uint64_t value = 0;  ///< written or found; 0 is what the register holds at first
  std::uint64_t called = 0;
  std::uint64_t answered = never;
};

[[nodiscard]] inline std::string to_string(const RegisterOperation& operation) {
  return (operation.kind == RegisterOperation::Kind::write ? "write of " : "read of ") +
         std::to_string(operation.value) + " in [" + std::to_string(operation.called) + ", " +
         (operation.answered == RegisterOperation::never ? "never"
                                                         : std::to_string(operation.answered)) +
         "]";
}

/// One history. At most 64 operations may be pending at once, and no tick may occur twice.
class LinearizabilityCheck {
 public:
  explicit LinearizabilityCheck(std::vector<RegisterOperation> history)
      : history_(std::move(history)), pending_(64, nullptr) {}

  /// The first answer that nothing explains, in words; empty: the history is linearizable.
  [[nodiscard]] std::string run() {
    configurations_ = {{0, 0}};
    for (const Event& event : events()) {
      if (event.is_call) {
        call(*event.operation);
      } else if (!answer(*event.operation)) {
        return describe(*event.operation);
      }
    }
    return {};
  }
  /// The most configurations that were kept at once.
  [[nodiscard]] std::size_t configurations_most() const noexcept { return configurations_most_; }

 private:
  struct Event {
    std::uint64_t tick = 0;
    bool is_call = false;
    const RegisterOperation* operation = nullptr;
  };
  struct Configuration {
    std::uint64_t value = 0;  ///< what the register holds
    std::uint64_t done = 0;   ///< slots of pending operations that have had their moment
    auto operator<=>(const Configuration&) const = default;
  };

  [[nodiscard]] std::vector<Event> events() const {
    std::vector<Event> all;
    for (const RegisterOperation& operation : history_) {
      assert(operation.called < operation.answered);
      all.push_back({operation.called, true, &operation});
      if (operation.answered != RegisterOperation::never) {
        all.push_back({operation.answered, false, &operation});
      }
    }
    std::sort(all.begin(), all.end(),
              [](const Event& a, const Event& b) { return a.tick < b.tick; });
    return all;
  }
  [[nodiscard]] std::size_t slot_of(const RegisterOperation* operation) const {
    const auto at = std::find(pending_.begin(), pending_.end(), operation);
    assert(at != pending_.end() && "more than 64 operations are pending");
    return static_cast<std::size_t>(at - pending_.begin());
  }
  void call(const RegisterOperation& operation) { pending_[slot_of(nullptr)] = &operation; }

  /// Keeps the configurations in which `operation` can have had its moment by now.
  [[nodiscard]] bool answer(const RegisterOperation& operation) {
    const std::size_t slot = slot_of(&operation);
    const std::uint64_t bit = std::uint64_t{1} << slot;
    std::set<Configuration> explained;
    std::set<Configuration> seen = configurations_;
    std::vector<Configuration> open(seen.begin(), seen.end());
    while (!open.empty()) {
      const Configuration from = open.back();
      open.pop_back();
      if ((from.done & bit) != 0) {
        explained.insert({from.value, from.done & ~bit});
        continue;
      }
      for (std::size_t next = 0; next < pending_.size(); ++next) {
        const Configuration to = after(from, next);
        if (to != from && seen.insert(to).second) {
          open.push_back(to);
        }
      }
    }
    pending_[slot] = nullptr;
    configurations_ = std::move(explained);
    configurations_most_ = std::max(configurations_most_, configurations_.size());
    return !configurations_.empty();
  }
  /// `from` if the operation in `slot` can not have its moment there.
  [[nodiscard]] Configuration after(const Configuration& from, std::size_t slot) const {
    const RegisterOperation* const operation = pending_[slot];
    const std::uint64_t bit = std::uint64_t{1} << slot;
    const bool is_read = operation != nullptr && operation->kind == RegisterOperation::Kind::read;
    if (operation == nullptr || (from.done & bit) != 0 ||
        (is_read && operation->value != from.value)) {
      return from;
    }
    return {operation->value, from.done | bit};
  }

  /// With what was pending beside it, and the writes of what it found.
  [[nodiscard]] std::string describe(const RegisterOperation& operation) const {
    std::string text = "nothing explains the " + to_string(operation);
    for (const RegisterOperation& other : history_) {
      const bool is_beside = other.called < operation.answered && other.answered > operation.called;
      const bool is_source = other.kind == RegisterOperation::Kind::write && operation.value != 0 &&
                             other.value == operation.value;
      if (&other != &operation && (is_beside || is_source)) {
        text += "\n  beside " + to_string(other);
      }
    }
    return text;
  }

  std::vector<RegisterOperation> history_;
  std::vector<const RegisterOperation*> pending_;  ///< by slot
  std::set<Configuration> configurations_;
  std::size_t configurations_most_ = 0;
};

/// See `LinearizabilityCheck::run`.
[[nodiscard]] inline std::string linearizability_violation(std::vector<RegisterOperation> history) {
  return LinearizabilityCheck(std::move(history)).run();
}

}  // namespace strata::testing
