// SPDX-License-Identifier: BSL-1.0
#pragma once

/// YCSB's core workloads, each with 1 and 2 threads, in the order that YCSB recommends: a database
/// is loaded and settles, A, B, C, F and D run, then E runs on a new one. E also runs on the first
/// one, among what A, F and D wrote, as a row of its own.
///
/// | row | reads                  | writes             | keys                       |
/// |-----|------------------------|--------------------|----------------------------|
/// | A   | 50 %                   | 50 % overwrite     | Zipf 0.99, scrambled       |
/// | B   | 95 %                   | 5 % overwrite      | Zipf 0.99, scrambled       |
/// | C   | 100 %                  |                    | Zipf 0.99, scrambled       |
/// | D   | 95 %                   | 5 % insert         | Zipf 0.99 from the newest  |
/// | E   | 95 % scans of 1 to 100 | 5 % insert         | Zipf 0.99, scrambled       |
/// | F   | 50 %                   | 50 % read, write   | Zipf 0.99, scrambled       |
///
/// What each operation is and where it goes is drawn before the clock starts. New keys fall
/// between the old ones.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "data.hpp"
#include "engine.hpp"
#include "stage.hpp"

namespace compare {

struct YcsbMix {
  char letter;
  unsigned reads_percent;
  enum class Read {
    point,
    newest,
    scan
  } read;
  enum class Write {
    overwrite,
    insert,
    read_modify_write
  } write;
};

inline constexpr YcsbMix ycsb_mixes[] = {
    {'A', 50, YcsbMix::Read::point, YcsbMix::Write::overwrite},
    {'B', 95, YcsbMix::Read::point, YcsbMix::Write::overwrite},
    {'C', 100, YcsbMix::Read::point, YcsbMix::Write::overwrite},
    {'F', 50, YcsbMix::Read::point, YcsbMix::Write::read_modify_write},
    {'D', 95, YcsbMix::Read::newest, YcsbMix::Write::insert},
    {'E', 95, YcsbMix::Read::scan, YcsbMix::Write::insert},
};

template <Engine E, class Sink>
class Ycsb {
  using Stage = compare::Stage<E, Sink>;
  using Lane = typename Stage::EngineLane;

  /// Half a second of the fastest, a minute of the slowest.
  static constexpr std::uint64_t scans_most = 200'000;

  struct Operation {
    Number number;
    std::uint16_t length;  // of a scan
    bool is_write;
  };

 public:
  explicit Ycsb(Stage& stage)
      : stage_(stage), entries_(stage.settings().entries), inserts_(shuffled(entries_, 33)) {}

  void all() {
    load("YCSB load", "YCSB settle");
    for (const unsigned threads : {1U, 2U}) {
      for (const YcsbMix& mix : ycsb_mixes) {
        run(mix, mix.read == YcsbMix::Read::scan ? " after D" : "", threads);
      }
    }
    stage_.close();
    load("YCSB load for E", "YCSB settle for E");
    for (const unsigned threads : {1U, 2U}) {
      run(std::end(ycsb_mixes)[-1], "", threads);
    }
    stage_.close();
  }

 private:
  void load(const char* name, const char* settled_name) {
    stage_.open_fresh(stage_.setup());
    inserted_ = 0;
    stage_.load(name, shuffled(entries_, 31));
    stage_.settle(settled_name);
  }

  void run(const YcsbMix& mix, const std::string& when, unsigned threads) {
    const std::uint64_t wanted =
        mix.read == YcsbMix::Read::scan ? std::min(entries_, scans_most) : entries_;
    const std::uint64_t total = std::max<std::uint64_t>(wanted, threads);
    std::vector<std::vector<Operation>> operations;
    for (unsigned thread = 0; thread < threads; ++thread) {
      operations.push_back(drawn(mix, total / threads, 41 + thread));
    }
    stage_.row(
        {.name = std::string("YCSB ") + mix.letter + when + ", " + thread_count_text(threads),
         .operations = total / threads * threads,
         .threads = threads},
        [&](Lane& lane) {
          for (const Operation& operation : operations[lane.thread()]) {
            play(mix, lane, operation);
          }
        });
  }

  /// The operations of one thread, which knows its own inserts and those of earlier rows.
  [[nodiscard]] std::vector<Operation> drawn(const YcsbMix& mix, std::uint64_t count,
                                             std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Zipf zipf(entries_, seed + 100);
    Numbers newest;
    std::vector<Operation> operations;
    operations.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool is_write = random() % 100 >= mix.reads_percent;
      Number number = 0;
      if (is_write && mix.write == YcsbMix::Write::insert) {
        number = stored(inserts_[inserted_++ % inserts_.size()]) + 1;
        newest.push_back(number);
      } else if (mix.read == YcsbMix::Read::newest) {
        const Number back = zipf.next();
        number = back < newest.size() ? newest[newest.size() - 1 - back]
                                      : stored(entries_ - 1 - (back - newest.size()) % entries_);
      } else {
        number = stored(zipf.next_scrambled());
      }
      operations.push_back({number, static_cast<std::uint16_t>(1 + random() % 100), is_write});
    }
    return operations;
  }

  void play(const YcsbMix& mix, Lane& lane, const Operation& operation) {
    if (operation.is_write) {
      if (mix.write == YcsbMix::Write::read_modify_write) {
        lane.read_modify_write(operation.number);
      } else {
        lane.put(operation.number);
      }
    } else if (mix.read == YcsbMix::Read::scan) {
      lane.scan(operation.number, operation.length,
                std::min<std::uint64_t>(operation.length, entries_ - operation.number / 2));
    } else {
      lane.get(operation.number);
    }
  }

  Stage& stage_;
  std::uint64_t entries_;
  Numbers inserts_;
  std::uint64_t inserted_ = 0;
};

}  // namespace compare
