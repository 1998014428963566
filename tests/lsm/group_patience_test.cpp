// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/group_patience.hpp>

#include <cstddef>
#include <cstdint>

#include <catch2/catch.hpp>

#include <strata/core/clock.hpp>

namespace {

/// Each look at the clock takes a microsecond.
struct Ticking {
  static inline std::uint64_t ns = 0;
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return ns += 1000; }
};
using Patience = strata::lsm::GroupPatience<Ticking>;

constexpr std::uint64_t sync_ns = 100'000;

/// Writers of whom one comes each time that somebody counts.
class Arriving {
 public:
  Arriving(std::size_t now, std::size_t at_last) : count_(now), at_last_(at_last) {}
  std::size_t operator()() const {
    ++asked_;
    return count_ < at_last_ ? count_++ : count_;
  }
  [[nodiscard]] std::size_t asked() const { return asked_; }

 private:
  mutable std::size_t count_;
  std::size_t at_last_;
  mutable std::size_t asked_ = 0;
};

std::size_t times_asked(Patience& patience, std::size_t now, std::size_t at_last) {
  const Arriving writers(now, at_last);
  patience.wait(writers);
  return writers.asked();
}

}  // namespace

TEST_CASE("a writer that is alone does not wait") {
  Patience patience;
  CHECK(times_asked(patience, 1, 16) == 0);  // nobody has synced yet
  patience.note(1, 0, sync_ns);
  CHECK(times_asked(patience, 1, 16) == 0);
}

TEST_CASE("a leader waits for all who were at work, and no longer") {
  Patience patience;
  patience.note(8, 8, sync_ns);
  CHECK(times_asked(patience, 8, 100) == 9);
  CHECK(times_asked(patience, 16, 100) == 1);
  patience.note(3, 1, sync_ns);
  CHECK(times_asked(patience, 1, 100) == 4);
}

TEST_CASE("nobody waits longer than half a sync") {
  Patience patience;
  patience.note(8, 8, sync_ns);
  const std::uint64_t start = Ticking::ns;
  CHECK(times_asked(patience, 8, 8) > 10);
  CHECK(Ticking::ns - start >= sync_ns / 2);
  CHECK(Ticking::ns - start < sync_ns / 2 + 5000);
}

TEST_CASE("the more often nobody came, the rarer a leader waits") {
  Patience patience;
  patience.note(1, 1, sync_ns);
  unsigned waited = 0;
  for (int group = 0; group < 1000; ++group) {
    waited += times_asked(patience, 1, 1) > 0 ? 1 : 0;
  }
  CHECK(waited > 10);
  CHECK(waited < 30);

  // Somebody comes, the next time that a leader waits: then each does again.
  while (times_asked(patience, 1, 2) == 0) {
  }
  CHECK(times_asked(patience, 1, 2) > 0);
  CHECK(times_asked(patience, 1, 2) > 0);
}

TEST_CASE("nobody waits longer than a millisecond, however slow the device is") {
  Patience patience;
  patience.note(8, 8, 1000 * sync_ns);
  const std::uint64_t start = Ticking::ns;
  (void)times_asked(patience, 8, 8);
  CHECK(Ticking::ns - start >= 1'000'000);
  CHECK(Ticking::ns - start < 1'005'000);
}

TEST_CASE("how long a sync takes is an average of the last ones") {
  Patience patience;
  patience.note(8, 8, sync_ns);
  for (int i = 0; i < 100; ++i) {
    patience.note(8, 8, 10 * sync_ns);
  }
  const std::uint64_t start = Ticking::ns;
  (void)times_asked(patience, 8, 8);
  CHECK(Ticking::ns - start > 4 * sync_ns);
  CHECK(Ticking::ns - start < 6 * sync_ns);
}

TEST_CASE("a clock that stands still during a wait does not make it last for ever") {
  strata::lsm::GroupPatience<strata::clock::Frozen> patience;
  patience.note(8, 8, sync_ns);
  const Arriving writers(8, 8);
  patience.wait(writers);
  CHECK(writers.asked() > 1);
}

TEST_CASE("where time always stands still nobody waits") {
  strata::lsm::GroupPatience<strata::clock::Frozen> patience;
  patience.note(8, 8, 0);
  const Arriving writers(8, 16);
  patience.wait(writers);
  CHECK(writers.asked() == 1);
}
