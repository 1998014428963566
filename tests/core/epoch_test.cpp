// SPDX-License-Identifier: BSL-1.0
#include <strata/core/epoch.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace {

/// Counts its living instances and knows whether it was destroyed.
struct Tracked {
  explicit Tracked(std::atomic<int>& counter) : alive(counter) { ++alive; }
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() {
    valid = 0;
    --alive;
  }
  std::atomic<int>& alive;
  std::atomic<int> valid{1};
};

}  // namespace

TEST_CASE("without readers a retired object dies at once") {
  std::atomic<int> alive{0};
  strata::EpochDomain domain;
  domain.retire(new Tracked(alive));
  CHECK(alive == 0);
}

TEST_CASE("an object outlives every reader that entered before it was retired") {
  std::atomic<int> alive{0};
  strata::EpochDomain domain;
  {
    const auto guard = domain.enter();
    domain.retire(new Tracked(alive));
    CHECK(alive == 1);
    domain.retire(new Tracked(alive));
    CHECK(alive == 2);
  }
  domain.retire(new Tracked(alive));
  CHECK(alive == 0);
}

TEST_CASE("a reader that enters after retirement does not hold the object back") {
  std::atomic<int> alive{0};
  strata::EpochDomain domain;
  {
    const auto before = domain.enter();
    domain.retire(new Tracked(alive));
  }
  const auto after = domain.enter();
  domain.retire(new Tracked(alive));
  CHECK(alive == 1);  // the second one, which `after` may see
}

TEST_CASE("the destructor frees what is left") {
  std::atomic<int> alive{0};
  {
    strata::EpochDomain domain;
    const auto guard = domain.enter();
    domain.retire(new Tracked(alive));
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("readers never meet a destroyed object while writers replace it") {
  std::atomic<int> alive{0};
  strata::EpochDomain domain;
  std::atomic<const Tracked*> current{new Tracked(alive)};
  std::atomic<bool> stop{false};
  std::atomic<long> bad{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto guard = domain.enter();
        bad += current.load(std::memory_order_seq_cst)->valid.load() != 1;
      }
    });
  }
  for (int i = 0; i < 20'000; ++i) {
    domain.retire(current.exchange(new Tracked(alive), std::memory_order_seq_cst));
  }
  stop = true;
  for (auto& reader : readers) {
    reader.join();
  }
  CHECK(bad == 0);
  domain.retire(current.load());
  CHECK(alive == 0);
}
