// SPDX-License-Identifier: BSL-1.0
#pragma once

/// More threads on one database: reads, overwrites, and both by halves, of random keys that are
/// there, with 1, 2, 4, 8 and 16 threads. All numbers of threads do the same work together.

#include <cstdint>
#include <string>
#include <string_view>

#include "data.hpp"
#include "stage.hpp"

namespace compare {

template <Engine E, class Sink>
class Scaling {
  using Stage = compare::Stage<E, Sink>;
  using Lane = typename Stage::EngineLane;

 public:
  explicit Scaling(Stage& stage)
      : stage_(stage),
        entries_(stage.settings().entries),
        order_(shuffled(entries_, 61)),
        again_(shuffled(entries_, 62)) {}

  void all() {
    stage_.open_fresh(stage_.setup());
    stage_.load("scaling load", order_);
    for (const unsigned threads : {1U, 2U, 4U, 8U, 16U}) {
      // Each begins with all in its place, whatever the rows before left to be merged.
      stage_.settle("scaling settle");
      row("reads", threads, [](Lane& lane, Number number, bool) { lane.get(number); });
      row("mixed", threads, [](Lane& lane, Number number, bool is_write) {
        is_write ? lane.put(number) : lane.get(number);
      });
      row("writes", threads, [](Lane& lane, Number number, bool) { lane.put(number); });
    }
    stage_.close();
  }

 private:
  template <class Operate>
  void row(std::string_view what, unsigned threads, Operate operate) {
    const std::uint64_t part = entries_ / threads;
    stage_.row({.name = "scaling " + std::string(what) + ", " + thread_count_text(threads),
                .operations = part * threads,
                .threads = threads},
               [&](Lane& lane) {
                 const std::uint64_t first = lane.thread() * part;
                 for (std::uint64_t i = first; i < first + part; ++i) {
                   operate(lane, stored(again_[i]), order_[i] % 2 == 0);
                 }
               });
  }

  Stage& stage_;
  std::uint64_t entries_;
  Numbers order_;
  Numbers again_;
};

}  // namespace compare
