// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `mvcc::index::Hashed`: a hash table of chains, for single keys. One writer, readers without
/// locks.
///
/// Open addressing, linear probing. A slot goes from empty to a chain to removed, never back; when
/// chains and removed ones fill half of the slots, the writer fills a new table and publishes it by
/// one pointer, and the old one waits for its readers to leave. Tested beside the ordered index:
/// tests/txn/mvcc_ordered_test.cpp.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <strata/core/hash.hpp>
#include <strata/txn/mvcc_concept.hpp>
#include <strata/txn/mvcc_version.hpp>

namespace strata::mvcc {

namespace detail {

template <class Chain>
class HashedIndex {
  struct Slot {
    std::atomic<Chain*> chain{nullptr};
    std::uint64_t hash = 0;  // written once, before the chain
  };
  struct Slots {
    explicit Slots(std::size_t count) : mask(count - 1), at(std::make_unique<Slot[]>(count)) {}
    const std::size_t mask;
    const std::unique_ptr<Slot[]> at;
  };

 public:
  /// The slot to go on from. Where the table grows during a sweep, some chains may be left out.
  using Cursor = std::size_t;

  HashedIndex() : removed_(std::string_view()), slots_(new Slots(64)) {}
  HashedIndex(const HashedIndex&) = delete;
  HashedIndex& operator=(const HashedIndex&) = delete;
  ~HashedIndex() {
    const std::unique_ptr<Slots> slots(slots_.load());
    for (std::size_t i = 0; i <= slots->mask; ++i) {
      Chain* const chain = slots->at[i].chain.load();
      if (chain != &removed_) {
        delete chain;
      }
    }
  }

  [[nodiscard]] Chain* find(std::string_view key) const noexcept {
    return locate(*slots_.load(), key, hash64(key)).chain;
  }

  Chain& find_or_insert(std::string_view key, Garbage& garbage) {
    const std::uint64_t hash = hash64(key);
    if (const Place place = locate(*slots_.load(), key, hash); place.chain != nullptr) {
      return *place.chain;
    }
    if ((used_ + 1) * 2 > slots_.load()->mask) {
      rebuild(garbage);
    }
    auto chain = std::make_unique<Chain>(key);
    insert(*slots_.load(), hash, chain.get());
    ++used_;
    ++live_;
    return *chain.release();
  }

  void erase(Chain& chain, Garbage& garbage) {
    locate(*slots_.load(), chain.key, hash64(chain.key)).slot->chain.store(&removed_);
    --live_;
    garbage.add(&chain, [](void* object) { delete static_cast<Chain*>(object); });
  }

  bool sweep(Cursor& cursor, std::size_t limit, std::vector<Chain*>& out) const {
    const Slots& slots = *slots_.load();
    for (; cursor <= slots.mask && out.size() < limit; ++cursor) {
      Chain* const chain = slots.at[cursor].chain.load();
      if (chain != nullptr && chain != &removed_) {
        out.push_back(chain);
      }
    }
    return cursor <= slots.mask;
  }

 private:
  struct Place {
    Slot* slot;
    Chain* chain;  // null: absent
  };

  Place locate(const Slots& slots, std::string_view key, std::uint64_t hash) const noexcept {
    for (std::size_t i = hash & slots.mask;; i = (i + 1) & slots.mask) {
      Slot& slot = slots.at[i];
      Chain* const chain = slot.chain.load();
      if (chain == nullptr || (chain != &removed_ && slot.hash == hash && chain->key == key)) {
        return {&slot, chain};
      }
    }
  }

  static void insert(const Slots& slots, std::uint64_t hash, Chain* chain) noexcept {
    std::size_t i = hash & slots.mask;
    while (slots.at[i].chain.load() != nullptr) {
      i = (i + 1) & slots.mask;
    }
    slots.at[i].hash = hash;
    slots.at[i].chain.store(chain);
  }

  /// Room for twice the live chains; drops the removed ones.
  void rebuild(Garbage& garbage) {
    Slots* const old = slots_.load();
    auto grown = std::make_unique<Slots>(std::bit_ceil((live_ + 16) * 4));
    for (std::size_t i = 0; i <= old->mask; ++i) {
      Chain* const chain = old->at[i].chain.load();
      if (chain != nullptr && chain != &removed_) {
        insert(*grown, old->at[i].hash, chain);
      }
    }
    used_ = live_;
    slots_.store(grown.release());
    garbage.add(old, [](void* slots) { delete static_cast<Slots*>(slots); });
  }

  Chain removed_;  // stands in slots whose chain is gone
  std::atomic<Slots*> slots_;
  std::size_t used_ = 0;
  std::size_t live_ = 0;
};

}  // namespace detail

namespace index {

/// Single keys only, found faster; no scans.
struct Hashed {
  using policy_slot = index_slot;
  static constexpr std::string_view name = "hashed";
  static constexpr bool ordered = false;
  template <class Chain>
  using type = mvcc::detail::HashedIndex<Chain>;
};

static_assert(IndexPolicy<Hashed>);

}  // namespace index
}  // namespace strata::mvcc
