// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An index of version chains with the memory that readers share: what a store reads and installs.
///
/// Threads: `find`, `newest`, `scan`, `changed_since` and the counters from all, and they never
/// wait; `install`, `trim`, `vacuum_some` and `reclaim` from one writer at a time. Tested in the
/// store: tests/txn/mvcc_store_test.cpp, tests/txn/mvcc_gc_test.cpp.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/epoch.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_version.hpp>

namespace strata::mvcc::detail {

template <IndexPolicy Index, VersionOrderPolicy Order>
class Table {
  using Chain = typename Order::type;
  using Chains = typename Index::template type<Chain>;

 public:
  static constexpr bool ordered = Index::ordered;
  using Cursor = typename Chains::Cursor;

  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The value as of `at`. The newest version <= `at` decides: where it is a tombstone, none.
  [[nodiscard]] std::optional<std::string> find(std::string_view key, Sequence at) const {
    const auto guard = epochs_.enter();
    const Chain* const chain = chains_.find(key);
    const Version* const version = chain == nullptr ? nullptr : chain->find(at);
    return version == nullptr || version->erased ? std::nullopt : std::optional(version->value);
  }

  /// `fn(key, value)` in order of keys, as of `at`, while it returns true.
  template <class Fn>
  void scan(std::string_view first, std::optional<std::string_view> last, Sequence at,
            Fn&& fn) const {
    const auto guard = epochs_.enter();
    chains_.scan(first, last, [&](const Chain& chain) {
      const Version* const version = chain.find(at);
      return version == nullptr || version->erased ||
             fn(std::string_view(chain.key), std::string_view(version->value));
    });
  }

  /// The newest version of `key`, tombstones too; 0: none. Versions are never reused, so a key that
  /// went away and came back with the same value does not look unchanged.
  [[nodiscard]] Sequence newest(std::string_view key) const {
    const auto guard = epochs_.enter();
    const Chain* const chain = chains_.find(key);
    return chain == nullptr ? 0 : chain->newest();
  }

  /// Whether any key in the range, erased ones too, has a version above `at`.
  [[nodiscard]] bool changed_since(std::string_view first, std::optional<std::string_view> last,
                                   Sequence at) const {
    const auto guard = epochs_.enter();
    bool changed = false;
    chains_.scan(first, last, [&](const Chain& chain) {
      changed = chain.newest() > at;
      return !changed;
    });
    return changed;
  }

  /// Links a version with its sequence set; newer than all others of the key.
  void install(std::string_view key, std::unique_ptr<Version> version, Garbage& garbage) {
    Chain& chain = chains_.find_or_insert(key, garbage);
    if (chain.newest() == 0) {
      add(keys_, 1);
      add(bytes_, sizeof(Chain) + key.size());
    }
    add(versions_, 1);
    add(bytes_, version->memory_bytes());
    chain.append(version.release());
  }

  void trim(std::string_view key, Sequence watermark, Garbage& garbage) {
    if (Chain* const chain = chains_.find(key); chain != nullptr) {
      trim(*chain, watermark, garbage);
    }
  }

  /// Trims the next `limit` chains from `cursor` on. False: those were the last.
  bool vacuum_some(Cursor& cursor, std::size_t limit, Sequence watermark, Garbage& garbage) {
    std::vector<Chain*> chains;
    const bool more = chains_.sweep(cursor, limit, chains);
    for (Chain* const chain : chains) {
      trim(*chain, watermark, garbage);
    }
    return more;
  }

  /// Frees what was unlinked once its last reader has left.
  void reclaim(Garbage&& garbage) {
    if (!garbage.empty()) {
      epochs_.retire(new Garbage(std::move(garbage)));
    }
  }

  [[nodiscard]] std::uint64_t versions() const noexcept { return versions_.load(); }
  [[nodiscard]] std::uint64_t keys() const noexcept { return keys_.load(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(); }

 private:
  void trim(Chain& chain, Sequence watermark, Garbage& garbage) {
    std::vector<Version*> unlinked;
    chain.trim(watermark, unlinked);
    for (Version* const version : unlinked) {
      subtract(bytes_, version->memory_bytes());
      garbage.add(version, [](void* object) { delete static_cast<Version*>(object); });
    }
    subtract(versions_, unlinked.size());
    if (chain.dead(watermark)) {
      subtract(versions_, 1);
      subtract(keys_, 1);
      subtract(bytes_, sizeof(Chain) + chain.key.size() + sizeof(Version));
      chains_.erase(chain, garbage);  // the tombstone goes with its chain
    }
  }

  static void add(std::atomic<std::uint64_t>& counter, std::size_t amount) noexcept {
    counter.fetch_add(amount, std::memory_order_relaxed);
  }
  static void subtract(std::atomic<std::uint64_t>& counter, std::size_t amount) noexcept {
    counter.fetch_sub(amount, std::memory_order_relaxed);
  }

  Chains chains_;
  mutable EpochDomain epochs_;  // after the chains: what it still keeps is freed first
  std::atomic<std::uint64_t> versions_{0};
  std::atomic<std::uint64_t> keys_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace strata::mvcc::detail
