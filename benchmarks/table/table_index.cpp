// SPDX-License-Identifier: BSL-1.0

/// From a key to its block: the table indexes against `std::lower_bound` over `std::string`s, on
/// the same separators and the same targets, in turns of one run.
///
/// Keys: `digits`, ids in decimal behind a prefix, most separators cut short as tables do;
/// `random`, sixteen random bytes; `words`, random text of few letters, whose heads repeat.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <strata/core/comparator.hpp>
#include <strata/table/index.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>

namespace {

using namespace strata;

using Keys = std::vector<std::string>;

enum KeyKind : std::int64_t {
  digits,
  random_bytes,
  words
};

std::string random_key(KeyKind kind, std::mt19937_64& random, std::size_t count) {
  if (kind == digits) {
    std::string number = std::to_string(random() % (count * 40));
    return "user" + std::string(12 - number.size(), '0') + number;
  }
  std::string key(16, '\0');
  for (char& byte : key) {
    byte = kind == words ? "aeinorst"[random() % 8] : static_cast<char>(random());
  }
  return key;
}

Keys separators_of(KeyKind kind, std::mt19937_64& random, std::size_t count) {
  std::set<std::string> keys;
  while (keys.size() < count) {
    keys.insert(random_key(kind, random, count));
  }
  Keys separators;
  for (auto at = keys.begin(); at != keys.end(); ++at) {
    const auto next = std::next(at);
    separators.push_back(
        next == keys.end() ? *at : table::separator_of<comparator::Bytewise>(*at, *next));
  }
  return separators;
}

class Reference {
 public:
  explicit Reference(const Keys& separators) : separators_(separators) {}
  [[nodiscard]] std::uint32_t block_of(std::string_view key) const {
    return static_cast<std::uint32_t>(
        std::lower_bound(separators_.begin(), separators_.end(), key) - separators_.begin());
  }

 private:
  const Keys& separators_;
};

template <class I>
typename I::template type<comparator::Bytewise> index_of(const Keys& separators) {
  typename I::Builder builder;
  std::uint64_t offset = 0;
  for (const std::string& separator : separators) {
    builder.add(separator, {offset, 4'000});
    offset += 4'000;
  }
  std::string bytes;
  builder.finish(bytes);
  std::unique_ptr<char[]> own(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), own.get());
  return *I::template type<comparator::Bytewise>::open(std::move(own), bytes.size());
}

template <class Index>
double seconds(const Index& index, const Keys& targets, std::uint64_t& sum) {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& target : targets) {
    sum = sum * 31 + index.block_of(target);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void table_index(benchmark::State& state) {
  std::mt19937_64 random(1);
  const auto kind = static_cast<KeyKind>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const Keys separators = separators_of(kind, random, count);
  const Reference reference(separators);
  const auto binary = index_of<index::Binary>(separators);
  const auto eytzinger = index_of<index::Eytzinger>(separators);
  const auto learned = index_of<index::Learned>(separators);
  Keys targets(100'000);
  for (std::string& target : targets) {
    target = random_key(kind, random, count);
  }
  double times[4] = {};
  while (state.KeepRunning()) {
    std::uint64_t sums[4] = {};
    times[0] += seconds(reference, targets, sums[0]);
    times[1] += seconds(binary, targets, sums[1]);
    times[2] += seconds(eytzinger, targets, sums[2]);
    times[3] += seconds(learned, targets, sums[3]);
    if (sums[0] != sums[1] || sums[0] != sums[2] || sums[0] != sums[3]) {
      state.SkipWithError("the indexes disagree");
      return;
    }
  }
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(targets.size());
  const auto per_separator = [count](std::size_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(count);
  };
  state.counters["lower_bound_ns"] = times[0] / done * 1e9;
  state.counters["binary_ns"] = times[1] / done * 1e9;
  state.counters["eytzinger_ns"] = times[2] / done * 1e9;
  state.counters["learned_ns"] = times[3] / done * 1e9;
  state.counters["segments"] = learned.segments();
  state.counters["binary_bytes"] = per_separator(binary.memory_bytes());
  state.counters["eytzinger_bytes"] = per_separator(eytzinger.memory_bytes());
  state.counters["learned_bytes"] = per_separator(learned.memory_bytes());
}
BENCHMARK(table_index)
    ->ArgNames({"keys", "separators"})
    ->ArgsProduct({{digits, random_bytes, words}, {1'000, 10'000, 100'000, 1'000'000}})
    ->MinTime(0.3)
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
