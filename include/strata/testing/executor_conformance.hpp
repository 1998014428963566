// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/lsm/executor.hpp, checked on any executor. Give it to a thread sanitizer
/// too.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include <strata/lsm/executor.hpp>
#include <strata/testing/conformance.hpp>
#include <strata/testing/executor_ticks.hpp>

namespace strata::testing {

namespace detail {

/// Work that submits work: a tree of `fan` children, `depth` deep.
template <class Executor>
struct ExecutorProbe {
  Executor& executor;
  std::atomic<unsigned> runs{0};

  struct Node {
    ExecutorProbe* probe;
    unsigned depth;
  };
  void submit(unsigned depth) {
    executor.submit(static_cast<Lane>(depth % lane_count), &ExecutorProbe::run,
                    new Node{this, depth});
  }
  static void run(void* argument) {
    const std::unique_ptr<Node> node(static_cast<Node*>(argument));
    for (int child = 0; child < 3 && node->depth > 0; ++child) {
      node->probe->submit(node->depth - 1);
    }
    node->probe->runs.fetch_add(1);
    node->probe->runs.notify_all();
  }
  void wait_for(unsigned count) {
    for (unsigned seen = runs.load(); seen < count; seen = runs.load()) {
      runs.wait(seen);
    }
  }
};

}  // namespace detail

/// `patience`: how long to wait for what `every` promises before it counts as broken.
template <ExecutorPolicy E>
[[nodiscard]] Conformance executor_conformance(
    const typename E::Options& options = {},
    std::chrono::seconds patience = std::chrono::seconds(60)) {
  using Executor = typename E::type;
  Conformance found;
  {
    Executor executor(options);
    detail::ExecutorProbe<Executor> probe{executor};
    for (unsigned i = 1; i <= 100; ++i) {
      probe.submit(0);
      found.expect(!Executor::is_inline || probe.runs.load() == i,
                   "inline: work is done when submit returns");
    }
    probe.wait_for(100);
    probe.submit(4);  // 1 + 3 + 9 + 27 + 81
    probe.wait_for(221);
    executor.stop();
    found.expect(probe.runs.load() == 221, "work runs once, also when running work submits it");
    auto* const never = new typename detail::ExecutorProbe<Executor>::Node{&probe, 0};
    executor.submit(Lane::flush, &detail::ExecutorProbe<Executor>::run, never);
    executor.stop();
    found.expect(probe.runs.load() == 221, "what is submitted after stop is dropped");
    if (probe.runs.load() == 221) {
      delete never;
    }
  }
  { const Executor unused(options); }
  if constexpr (KeepsTime<Executor>) {
    expect_ticks<E>(found, options, patience);
  }
  found.expect(!std::string_view(E::name).empty(), "an executor has a name");
  return found;
}

}  // namespace strata::testing
