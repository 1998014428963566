// SPDX-License-Identifier: BSL-1.0
#pragma once

/// AdaptiveScore: evicts by a score of frequency and recency, and learns from its misses which of
/// the two to believe. Two experts and multiplicative weights as in LeCaR and CACHEUS (L. V.
/// Rodriguez et al., "Learning cache replacement with CACHEUS", FAST 2021).
///
///     insert, hit --> 1 use | 2, 3 uses | 4 to 7 | 8 and more      each class in the order of use
///                       |oldest  |oldest   |oldest    |oldest
///                       '--------'---------'----------'--> the lowest score --> out
///
///     score = weight of frequency * log2(uses)  -  weight of recency * log2(time since used)
///
/// Uses are counted to 15 by a sketch that halves its counts now and then and remembers keys that
/// are gone. The least recently and the least frequently used entry are both among the oldest of
/// the four classes, so an eviction looks at no more than four, and with all the weight on one side
/// the order is LRU, or LFU with ties broken by recency.
///
/// Where recency would evict one entry and frequency another, ghosts of both are noted as a pair.
/// The expert whose choice is asked for first was wrong, and its weight is multiplied by
/// exp(-rate). The papers blame an expert for its own evictions that come back; a pair judges both
/// by the same events, whichever of the two is evicted. There is no chance in it: the same requests
/// give the same evictions. A hit moves its entry, and so takes the lock of its shard.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/duels.hpp>
#include <strata/cache/detail/frequency_sketch.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

/// As `ShardedOptions`, and how fast to learn.
struct AdaptiveScoreOptions {
  std::size_t capacity_bytes = ShardedOptions{}.capacity_bytes;
  unsigned shards = ShardedOptions{}.shards;
  bool count_overhead = ShardedOptions{}.count_overhead;
  /// Above 0, at most 1. More follows a change of the workload sooner, and noise too.
  double learning_rate = 0.02;
};

namespace detail {

class AdaptiveScoreEviction {
 public:
  static constexpr bool hit_needs_lock = true;
  /// Counters, and cells for pairs.
  static constexpr std::size_t entry_overhead_bytes = 96;

  struct Entry : Links {
    std::uint64_t used_at = 0;
  };

  void configure(const AdaptiveScoreOptions& options) noexcept {
    assert(options.learning_rate > 0 && options.learning_rate <= 1);
    learning_rate_ = options.learning_rate;
  }

  void prepare() {
    sketch_.allow(sketch_keys * (count() + 1));
    duels_.allow(count() + 1);
  }

  /// Room is made with what this use teaches.
  void announce(Links& entry, std::size_t) noexcept { use(entry); }

  void insert(Links& entry) noexcept { push(entry); }
  void hit(Links& entry) noexcept {
    remove(entry);
    use(entry);
    push(entry);
  }
  void remove(Links& entry) noexcept { classes_[entry.queue].remove(entry); }

  /// Complexity: O(1), four entries and their counts.
  [[nodiscard]] Links* evict(std::size_t) noexcept {
    Candidate worst[3];  // by score, by recency alone, by frequency alone
    for (const Queue& queue : classes_) {
      if (!queue.empty()) {
        Links& entry = queue.oldest();
        const double age = age_of(entry);
        const double uses = uses_of(entry);
        const double score = weights_[frequency] * uses - weights_[recency] * age;
        worst[0].offer(entry, score, -age);
        worst[1].offer(entry, -age, uses);
        worst[2].offer(entry, uses, -age);
      }
    }
    Links* const victim = worst[0].entry;
    if (victim != nullptr) {
      if (worst[1].entry != worst[2].entry) {
        duels_.note(hash_of(*worst[1].entry), hash_of(*worst[2].entry), now_, count());
      }
      remove(*victim);
    }
    return victim;
  }

  /// From 0 to 1; that of frequency is the rest.
  [[nodiscard]] double weight_of_recency() const noexcept { return weights_[recency]; }

 private:
  static constexpr std::size_t recency = 0;
  static constexpr std::size_t frequency = 1;
  static constexpr double weight_min = 0.01;
  /// The sketch counts for this many times the entries there are. Chosen by hits: more than 1 and 2
  /// on the traces tried, while 8 was better on some and worse on others.
  static constexpr std::size_t sketch_keys = 4;

  struct Candidate {
    Links* entry = nullptr;
    double score = 0;
    double tie = 0;
    void offer(Links& other, double other_score, double other_tie) noexcept {
      if (entry == nullptr || other_score < score || (other_score == score && other_tie < tie)) {
        *this = {&other, other_score, other_tie};
      }
    }
  };

  static std::uint64_t hash_of(const Links& entry) noexcept {
    return entry.hash.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t count() const noexcept {
    std::size_t sum = 0;
    for (const Queue& queue : classes_) {
      sum += queue.count();
    }
    return sum;
  }

  [[nodiscard]] double age_of(const Links& entry) const noexcept {
    return std::log2(static_cast<double>(now_ - static_cast<const Entry&>(entry).used_at) + 1);
  }
  [[nodiscard]] double uses_of(const Links& entry) noexcept {
    const unsigned uses = sketch_.frequency(hash_of(entry));
    return std::log2(static_cast<double>(std::max(uses, 1U)));
  }

  void use(Links& entry) noexcept {
    if (const auto wrong = duels_.settle(hash_of(entry), now_, count())) {
      blame(*wrong);
    }
    sketch_.record(hash_of(entry), sketch_keys * std::max<std::size_t>(count(), 1));
    static_cast<Entry&>(entry).used_at = ++now_;
  }
  void push(Links& entry) noexcept {
    const unsigned uses = sketch_.frequency(hash_of(entry));
    entry.queue = static_cast<std::uint8_t>(std::bit_width(std::max(uses, 1U)) - 1);
    classes_[entry.queue].push(entry);
  }

  void blame(std::size_t expert) noexcept {
    weights_[expert] *= std::exp(-learning_rate_);
    const double sum = weights_[recency] + weights_[frequency];
    weights_[recency] = std::clamp(weights_[recency] / sum, weight_min, 1 - weight_min);
    weights_[frequency] = 1 - weights_[recency];
  }

  std::array<Queue, 4> classes_;
  FrequencySketch sketch_;
  Duels duels_;
  std::array<double, 2> weights_{0.5, 0.5};
  double learning_rate_ = AdaptiveScoreOptions{}.learning_rate;
  std::uint64_t now_ = 0;  ///< counts uses
};

}  // namespace detail

struct AdaptiveScore {
  using policy_slot = cache_slot;
  using Options = AdaptiveScoreOptions;
  using Eviction = detail::AdaptiveScoreEviction;
  static constexpr std::string_view name = "adaptive_score";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, AdaptiveScore>;
};

static_assert(CachePolicy<AdaptiveScore>);

}  // namespace strata::cache
