// SPDX-License-Identifier: BSL-1.0

/// Seeks in a block: `table::Block`, a binary search over a column of key heads, against a block
/// with restart points (LevelDB's form: keys are stored as what differs from the one before, every
/// 16th in full; a search goes to the last full key before the target and decodes on from there).
///
/// Both hold the same entries and get the same targets, in turns of one run; `ratio` is the time of
/// restart points over that of heads. `blocks`: one stays in the nearest cache, thousands do not.

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
#include <strata/core/coding.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>

namespace {

using namespace strata;

constexpr std::size_t block_bytes = 4_KiB;

struct Entry {
  std::string key;
  Trailer trailer;
  std::string value;
};
using Entries = std::vector<Entry>;

/// The seek that both forms answer: the value of the first entry at or behind `key`.
class Heads {
 public:
  explicit Heads(const Entries& entries) : block_(built(entries)) {}

  [[nodiscard]] std::string_view seek(std::string_view key) const {
    const std::uint32_t i =
        block_.lower_bound<comparator::Bytewise>(key, Trailer::seek(sequence_max));
    return i < block_.count() ? block_.value(i) : std::string_view();
  }
  [[nodiscard]] std::size_t size_bytes() const { return block_.size_bytes(); }

 private:
  static table::Block built(const Entries& entries) {
    table::BlockBuilder builder;
    for (const Entry& entry : entries) {
      builder.add(entry.key, entry.trailer, entry.value);
    }
    std::string bytes;
    builder.finish(bytes);
    std::unique_ptr<char[]> own(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), own.get());
    return *table::Block::parse(std::move(own), bytes.size());
  }

  table::Block block_;
};

/// Entry: shared, own and value bytes (varints), own key bytes, trailer, value.
class RestartPoints {
 public:
  explicit RestartPoints(const Entries& entries) {
    std::string_view last;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Entry& entry = entries[i];
      if (i % interval == 0) {
        restarts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
      }
      const std::size_t shared = i % interval == 0 ? 0 : common_prefix(last, entry.key);
      put_varint(bytes_, shared);
      put_varint(bytes_, entry.key.size() - shared);
      put_varint(bytes_, entry.value.size());
      bytes_.append(entry.key, shared);
      put_fixed(bytes_, entry.trailer.packed());
      bytes_.append(entry.value);
      last = entry.key;
    }
  }

  [[nodiscard]] std::string_view seek(std::string_view key) {
    std::size_t low = 0;
    std::size_t high = restarts_.size();
    while (high - low > 1) {  // the last restart point whose key is below the target
      const std::size_t middle = (low + high) / 2;
      const char* at = bytes_.data() + restarts_[middle];
      const Lengths lengths = take_lengths(at);
      (std::string_view(at, lengths.own) < key ? low : high) = middle;
    }
    const char* at = bytes_.data() + restarts_[low];
    const char* const end = bytes_.data() + bytes_.size();
    key_.clear();
    while (at != end) {
      const Lengths lengths = take_lengths(at);
      key_.resize(lengths.shared);
      key_.append(at, lengths.own);
      at += lengths.own + 8;
      if (key_ >= key) {
        return {at, lengths.value};
      }
      at += lengths.value;
    }
    return {};
  }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_.size() + restarts_.size() * 4; }

 private:
  static constexpr std::size_t interval = 16;

  struct Lengths {
    std::size_t shared;
    std::size_t own;
    std::size_t value;
  };
  /// Nearly all lengths are of one byte.
  static std::size_t take_length(const char*& at) {
    std::size_t length = static_cast<unsigned char>(*at++);
    if (length >= 0x80) {
      length = (length & 0x7f) | std::size_t{static_cast<unsigned char>(*at++)} << 7;
    }
    return length;
  }
  static Lengths take_lengths(const char*& at) {
    const std::size_t shared = take_length(at);
    const std::size_t own = take_length(at);
    return {shared, own, take_length(at)};
  }

  std::string bytes_;
  std::vector<std::uint32_t> restarts_;
  std::string key_;
};

/// Ids of users as keys, dense enough that neighbours share most of their bytes.
Entries entries_of_a_block(std::mt19937_64& random, std::size_t value_bytes) {
  const std::size_t count = block_bytes / (16 + 8 + value_bytes);
  const std::uint64_t start = random() % 1'000'000'000;
  std::set<std::string> keys;
  while (keys.size() < count) {
    std::string digits = std::to_string(start + random() % (count * 10));
    keys.insert("user" + std::string(12 - digits.size(), '0') + digits);
  }
  Entries entries;
  for (const std::string& key : keys) {
    entries.push_back({key, Trailer(random() % 1'000, EntryKind::put),
                       std::string(value_bytes, static_cast<char>('a' + random() % 26))});
  }
  return entries;
}

struct Seek {
  std::size_t block;
  std::string key;
};

template <class Blocks>
double seconds(Blocks& blocks, const std::vector<Seek>& seeks, std::uint64_t& sum) {
  const auto start = std::chrono::steady_clock::now();
  for (const Seek& seek : seeks) {
    const std::string_view value = blocks[seek.block].seek(seek.key);
    sum = sum * 31 + value.size() + (value.empty() ? 0 : static_cast<unsigned char>(value[0]));
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void block_search(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::vector<Heads> heads;
  std::vector<RestartPoints> restarts;
  std::vector<Entries> entries;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    entries.push_back(entries_of_a_block(random, static_cast<std::size_t>(state.range(1))));
    heads.emplace_back(entries.back());
    restarts.emplace_back(entries.back());
  }
  std::vector<Seek> seeks(50'000);
  for (Seek& seek : seeks) {
    seek.block = random() % entries.size();
    seek.key = entries[seek.block][random() % entries[seek.block].size()].key;
    if (random() % 2 == 0) {
      seek.key.back() = static_cast<char>(seek.key.back() + 1);  // often absent
    }
  }
  double with_heads = 0;
  double with_restarts = 0;
  while (state.KeepRunning()) {
    std::uint64_t sum_of_heads = 0;
    std::uint64_t sum_of_restarts = 0;
    with_heads += seconds(heads, seeks, sum_of_heads);
    with_restarts += seconds(restarts, seeks, sum_of_restarts);
    if (sum_of_heads != sum_of_restarts) {
      state.SkipWithError("the two forms of a block disagree");
      return;
    }
  }
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(seeks.size());
  state.counters["heads_ns"] = with_heads / done * 1e9;
  state.counters["restarts_ns"] = with_restarts / done * 1e9;
  state.counters["ratio"] = with_restarts / with_heads;
  state.counters["heads_bytes"] = static_cast<double>(heads[0].size_bytes());
  state.counters["restarts_bytes"] = static_cast<double>(restarts[0].size_bytes());
}
BENCHMARK(block_search)
    ->ArgNames({"blocks", "value_bytes"})
    ->ArgsProduct({{1, 64, 8'192}, {8, 100}})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
