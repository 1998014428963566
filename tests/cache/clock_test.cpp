// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/clock.hpp>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <strata/testing/cache_conformance.hpp>
#include <vector>

#include "agreement.hpp"
#include "traces.hpp"

using strata::cache::Clock;
using strata::testing::Sentences;

namespace {

/// Frames around a face, and a hand that goes over them.
class Face {
 public:
  explicit Face(std::size_t capacity) : capacity_(capacity) {}

  bool find(std::uint64_t key) {
    for (Frame& frame : frames_) {
      if (frame.key == key) {
        frame.used = true;
        return true;
      }
    }
    return false;
  }
  void insert(std::uint64_t key, std::size_t bytes) {
    while (used() + bytes > capacity_) {
      hand_ %= frames_.size();
      if (frames_[hand_].used) {
        frames_[hand_++].used = false;
      } else {
        frames_.erase(at(hand_));
      }
    }
    frames_.insert(at(hand_), {key, bytes, false});  // behind the hand: the last to be looked at
    ++hand_;
  }
  void erase(std::uint64_t key) {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      if (frames_[i].key == key) {
        frames_.erase(at(i));
        hand_ -= i < hand_ ? 1 : 0;
        return;
      }
    }
  }
  std::size_t used() const {
    std::size_t sum = 0;
    for (const Frame& frame : frames_) {
      sum += frame.bytes;
    }
    return sum;
  }

 private:
  struct Frame {
    std::uint64_t key;
    std::size_t bytes;
    bool used;
  };
  std::vector<Frame>::iterator at(std::size_t i) {
    return frames_.begin() + static_cast<std::ptrdiff_t>(i);
  }

  std::size_t capacity_;
  std::vector<Frame> frames_;
  std::size_t hand_ = 0;
};

}  // namespace

TEST_CASE("Clock keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<Clock>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<Clock>({.shards = 1}, seed).violations == Sentences{});
}

TEST_CASE("Clock keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<Clock>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<Clock>({.shards = 1}).violations == Sentences{});
}

TEST_CASE("Clock gives what was used a second chance, and only one") {
  agreement::OneShard<Clock> cache(agreement::one_shard<Clock>(3));
  for (std::uint64_t key = 1; key <= 3; ++key) {
    (void)cache.insert(key, 0, 1);
  }
  CHECK(cache.find(1));
  (void)cache.insert(4, 0, 1);  // passes over 1
  CHECK_FALSE(cache.find(2));
  (void)cache.insert(5, 0, 1);
  CHECK_FALSE(cache.find(3));
  (void)cache.insert(6, 0, 1);
  CHECK_FALSE(cache.find(1));
  CHECK(cache.find(4));
}

TEST_CASE("Clock does at each step what a face with a hand does") {
  const auto seed = GENERATE(1U, 2U, 3U);
  agreement::on_random_operations<Clock, Face>(seed);
}

TEST_CASE("Clock hits as often on real requests as others have counted") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    std::size_t hits;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 24259}, Fact{"web07", 300, 32380}, Fact{"web07", 1200, 39837},
        Fact{"web12", 75, 32036}, Fact{"web12", 300, 47581}, Fact{"web12", 1200, 64638}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      CAPTURE(fact.trace, fact.entries);
      CHECK(traces::hits<Clock>(trace, fact.entries) == fact.hits);
    }
  }
}
