// SPDX-License-Identifier: BSL-1.0
#include <strata/testing/linearizability.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using strata::testing::linearizability_violation;
using strata::testing::LinearizabilityCheck;
using strata::testing::RegisterOperation;
using History = std::vector<RegisterOperation>;

RegisterOperation write(std::uint64_t value, std::uint64_t called,
                        std::uint64_t answered = RegisterOperation::never) {
  return {RegisterOperation::Kind::write, value, called, answered};
}
RegisterOperation read(std::uint64_t value, std::uint64_t called, std::uint64_t answered) {
  return {RegisterOperation::Kind::read, value, called, answered};
}
bool is_linearizable(History history) {
  return linearizability_violation(std::move(history)).empty();
}

/// What an honest register would have answered: each operation has its moment between its ticks.
History random_history(std::mt19937_64& random, std::size_t operations, std::size_t threads) {
  struct Pending {
    RegisterOperation operation;
    bool is_done = false;
  };
  std::vector<Pending> pending(threads);
  History history;
  std::uint64_t tick = 0;
  std::uint64_t held = 0;
  while (history.size() < operations) {
    Pending& thread = pending[random() % threads];
    RegisterOperation& operation = thread.operation;
    if (operation.called == 0) {
      ++tick;
      // Now and then what was there at first is written again.
      operation = random() % 2 == 0 ? read(0, tick, 0) : write(random() % 5 == 0 ? 0 : tick, tick);
    } else if (!thread.is_done) {
      thread.is_done = true;
      const bool is_read = operation.kind == RegisterOperation::Kind::read;
      (is_read ? operation.value : held) = is_read ? held : operation.value;
    } else {
      operation.answered = ++tick;
      history.push_back(operation);
      thread = {};
    }
  }
  for (Pending& thread : pending) {  // writes that stay without an answer
    if (thread.operation.kind == RegisterOperation::Kind::write) {
      thread.operation.answered = RegisterOperation::never;
      history.push_back(thread.operation);
    }
  }
  return history;
}

/// All orders, for histories of a few operations: what the checker must agree with.
bool has_order(const History& history) {
  std::vector<std::size_t> order(history.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  do {
    std::uint64_t held = 0;
    bool fits = true;
    for (std::size_t i = 0; i < order.size() && fits; ++i) {
      const RegisterOperation& one = history[order[i]];
      for (std::size_t j = i + 1; j < order.size(); ++j) {
        fits = fits && history[order[j]].answered > one.called;
      }
      fits = fits && (one.kind == RegisterOperation::Kind::write || one.value == held);
      held = one.value;
    }
    if (fits) {
      return true;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

}  // namespace

TEST_CASE("operations one after the other are linearizable if each read finds the last write") {
  CHECK(is_linearizable({}));
  CHECK(is_linearizable({read(0, 1, 2), write(7, 3, 4), read(7, 5, 6)}));
  CHECK(is_linearizable({write(7, 1, 2), write(0, 3, 4), read(0, 5, 6)}));
}

TEST_CASE("a read beside a write finds the old value or the new one") {
  CHECK(is_linearizable({write(1, 1, 2), write(2, 3, 6), read(1, 4, 5)}));
  CHECK(is_linearizable({write(1, 1, 2), write(2, 3, 6), read(2, 4, 5)}));
}

TEST_CASE("a stale read is found") {
  CHECK_FALSE(is_linearizable({write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)}));
}

TEST_CASE("a lost update is found") {
  CHECK_FALSE(is_linearizable({write(1, 1, 2), read(0, 3, 4)}));
  // Each of two writes beside each other may be the last, but not each for one reader.
  CHECK_FALSE(is_linearizable({write(1, 1, 4), write(2, 2, 3), read(1, 5, 6), read(2, 7, 8)}));
}

TEST_CASE("a value that nobody wrote is found") {
  CHECK_FALSE(is_linearizable({write(1, 1, 2), read(3, 3, 4)}));
  CHECK_FALSE(is_linearizable({read(1, 1, 2), write(1, 3, 4)}));  // read before it was written
}

TEST_CASE("two readers beside a write must not see it come and go") {
  CHECK_FALSE(is_linearizable({write(1, 1, 10), read(1, 2, 3), read(0, 4, 5)}));
}

TEST_CASE("a write without an answer may have happened, late, or never") {
  CHECK(is_linearizable({write(1, 1), read(0, 2, 3)}));
  CHECK(is_linearizable({write(1, 1), read(0, 2, 3), read(1, 4, 5)}));
  CHECK_FALSE(is_linearizable({write(1, 1), read(1, 2, 3), read(0, 4, 5)}));
}

TEST_CASE("a violation names the answer that nothing explains") {
  const auto violation = linearizability_violation({write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)});
  CHECK(violation.find("read of 1 in [5, 6]") != std::string::npos);
  CHECK(violation.find("write of 1 in [1, 2]") != std::string::npos);
}

TEST_CASE("histories of an honest register are linearizable") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const std::size_t threads : {1U, 3U, 8U}) {
    LinearizabilityCheck check(random_history(random, 5'000, threads));
    const std::string violation = check.run();
    INFO(violation);
    CHECK(violation.empty());
    CHECK(check.configurations_most() < 1'000);
  }
}

TEST_CASE("the checker agrees with a search through all orders") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::size_t refused = 0;
  for (int i = 0; i < 300; ++i) {
    History history = random_history(random, 5, 3);
    RegisterOperation& changed = history[random() % history.size()];
    if (changed.kind == RegisterOperation::Kind::read) {
      changed.value = history[random() % history.size()].value;
    }
    const bool expected = has_order(history);
    CHECK(is_linearizable(history) == expected);
    refused += expected ? 0U : 1U;
  }
  CHECK(refused > 20);
}
