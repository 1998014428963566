// SPDX-License-Identifier: BSL-1.0

/// Reads of one key in a block: `table::Block` with its hash table, against its search over key
/// heads, which is what a block without one does. Both hold the same entries and get the same
/// targets, in turns of one run; `absent` says how many targets of a hundred are not there.

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

#include <strata/core/bytes.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>

namespace {

using namespace strata;

constexpr std::size_t block_bytes = 4_KiB;

using Keys = std::vector<std::string>;

Keys keys_of_a_block(std::mt19937_64& random, std::size_t value_bytes) {
  const std::size_t count = block_bytes / (16 + 8 + value_bytes);
  const std::uint64_t start = random() % 1'000'000'000;
  std::set<std::string> keys;
  while (keys.size() < count) {
    std::string digits = std::to_string(start + random() % (count * 10));
    keys.insert("user" + std::string(12 - digits.size(), '0') + digits);
  }
  return {keys.begin(), keys.end()};
}

table::Block block_of(const Keys& keys, std::size_t value_bytes, bool hashed) {
  table::BlockBuilder builder(hashed);
  Sequence sequence = 0;
  for (const std::string& key : keys) {
    builder.add(key, Trailer(++sequence, EntryKind::put), std::string(value_bytes, 'v'));
  }
  std::string bytes;
  builder.finish(bytes);
  std::unique_ptr<char[]> own(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), own.get());
  return *table::Block::parse(std::move(own), bytes.size());
}

struct Get {
  std::size_t block;
  std::string key;
};

double seconds(const std::vector<table::Block>& blocks, const std::vector<Get>& gets,
               std::uint64_t& sum) {
  const auto start = std::chrono::steady_clock::now();
  for (const Get& get : gets) {
    const table::Block& block = blocks[get.block];
    const std::uint32_t i = block.find<comparator::Bytewise>(get.key, Trailer::seek(sequence_max));
    const bool found = i < block.count() && block.key_is(i, get.key);
    sum = sum * 31 + (found ? i + block.value(i).size() : 0);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void block_hash(benchmark::State& state) {
  std::mt19937_64 random(1);
  const auto value_bytes = static_cast<std::size_t>(state.range(1));
  std::vector<Keys> keys;
  std::vector<table::Block> plain;
  std::vector<table::Block> hashed;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    keys.push_back(keys_of_a_block(random, value_bytes));
    plain.push_back(block_of(keys.back(), value_bytes, false));
    hashed.push_back(block_of(keys.back(), value_bytes, true));
  }
  std::vector<Get> gets(50'000);
  for (Get& get : gets) {
    get.block = random() % keys.size();
    get.key = keys[get.block][random() % keys[get.block].size()];
    if (static_cast<std::int64_t>(random() % 100) < state.range(2)) {
      get.key.back() = '?';
    }
  }
  double with_heads = 0;
  double with_hash = 0;
  while (state.KeepRunning()) {
    std::uint64_t sum_of_heads = 0;
    std::uint64_t sum_of_hash = 0;
    with_heads += seconds(plain, gets, sum_of_heads);
    with_hash += seconds(hashed, gets, sum_of_hash);
    if (sum_of_heads != sum_of_hash) {
      state.SkipWithError("the two forms of a block disagree");
      return;
    }
  }
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(gets.size());
  state.counters["heads_ns"] = with_heads / done * 1e9;
  state.counters["hash_ns"] = with_hash / done * 1e9;
  state.counters["ratio"] = with_heads / with_hash;
  state.counters["heads_bytes"] = static_cast<double>(plain[0].size_bytes());
  state.counters["hash_bytes"] = static_cast<double>(hashed[0].size_bytes());
}
BENCHMARK(block_hash)
    ->ArgNames({"blocks", "value_bytes", "absent"})
    ->ArgsProduct({{1, 64, 8'192}, {8, 100}, {0, 100}})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
