// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Epoch-based reclamation: readers of a published pointer without a shared reference count.
///
/// A reader writes the current epoch into a slot of its own cache line, loads the pointer, and
/// clears the slot when done. Whoever replaces the pointer hands the old object to `retire`,
/// which frees it once no slot holds an epoch at or before the replacement. (Fraser, "Practical
/// lock-freedom", 2004; cf. RCU.) All threads may call everything; a guard must be released by
/// the thread that took it, and must not be held over calls that wait for reclamation.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include <strata/core/hash.hpp>

namespace strata {

class EpochDomain {
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> epoch{0};
  };

 public:
  class [[nodiscard]] Guard {
   public:
    explicit Guard(Slot& slot) noexcept : slot_(&slot) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { slot_->epoch.store(0, std::memory_order_release); }

   private:
    Slot* slot_;
  };

  EpochDomain() = default;
  EpochDomain(const EpochDomain&) = delete;
  EpochDomain& operator=(const EpochDomain&) = delete;
  /// Requires: no guard is alive.
  ~EpochDomain() {
    for (const Retired& retired : retired_) {
      retired.destroy(retired.object);
    }
  }

  /// Wait-free while fewer threads read at once than there are slots; spins beyond that.
  Guard enter() noexcept {
    for (std::size_t i = slot_hint();; ++i) {
      Slot& slot = slots_[i % slots_.size()];
      std::uint64_t vacant = 0;
      // Sequential consistency orders this store before the pointer load that follows it, and
      // against `retire`, which bumps the epoch after it replaced the pointer.
      if (slot.epoch.compare_exchange_strong(vacant, epoch_.load(std::memory_order_seq_cst),
                                             std::memory_order_seq_cst)) {
        return Guard(slot);
      }
    }
  }

  /// Deletes `object` when the last reader that may hold it has left. Call it after the pointer
  /// to `object` has been replaced with a sequentially consistent store. Without memory to remember
  /// the object it waits for those readers.
  template <class T>
  void retire(const T* object) {
    std::vector<Retired> free_now;
    {
      const std::lock_guard lock(mutex_);
      const std::uint64_t last_epoch = epoch_.fetch_add(1, std::memory_order_seq_cst);
      try {
        retired_.push_back(
            {object, [](const void* p) { delete static_cast<const T*>(p); }, last_epoch});
      } catch (const std::bad_alloc&) {
        while (oldest_reader() <= last_epoch) {
          std::this_thread::yield();
        }
        delete object;
        throw;
      }
      collect(free_now);
    }
    // Outside the lock: destructors may take long, and may retire more.
    for (const Retired& retired : free_now) {
      retired.destroy(retired.object);
    }
  }

 private:
  struct Retired {
    const void* object;
    void (*destroy)(const void*);
    std::uint64_t last_epoch;
  };

  [[nodiscard]] std::uint64_t oldest_reader() const noexcept {
    std::uint64_t oldest = UINT64_MAX;
    for (const Slot& slot : slots_) {
      const std::uint64_t epoch = slot.epoch.load(std::memory_order_seq_cst);
      oldest = epoch != 0 && epoch < oldest ? epoch : oldest;
    }
    return oldest;
  }
  void collect(std::vector<Retired>& free_now) {
    const std::uint64_t oldest = oldest_reader();
    std::vector<Retired> kept;
    for (const Retired& retired : retired_) {
      (retired.last_epoch < oldest ? free_now : kept).push_back(retired);
    }
    retired_.swap(kept);
  }

  /// Threads start at different slots, so that each finds its own line free.
  static std::size_t slot_hint() noexcept {
    thread_local const char token = 0;
    return mix64(reinterpret_cast<std::uintptr_t>(&token));
  }

  std::atomic<std::uint64_t> epoch_{1};
  std::array<Slot, 128> slots_;
  std::mutex mutex_;
  std::vector<Retired> retired_;
};

}  // namespace strata
