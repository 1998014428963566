// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Memory for the blocks that a cache holds: tens of thousands of pieces of nearly the same size,
/// read here and there, which in pages of 4 KiB miss the processor's table of pages at every get.
///
/// Pieces of a class of sizes lie side by side in a slab, which is one large page of 2 MiB
/// (core/large_pages.hpp); sixteen classes an octave waste 3 % on average. A slab goes back to the
/// system with its last piece. While the pieces of a class take less than two slabs they come from
/// the heap, as does always what is very small or large: sizes that are rare waste no slab, and a
/// small database takes no large pages.
///
///     slab   header (64 bytes) | piece | piece | ...
///
/// Any number of threads. A class has a lock, held where a block is read from a file or dropped:
/// for some instructions, or while the system gives a slab or takes it back. (J. Bonwick, "The Slab
/// Allocator", USENIX Summer 1994.)

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

#include <strata/core/large_pages.hpp>

namespace strata::table {

class BlockMemory;

/// Gives bytes back to where they are from: a `BlockMemory`, or the heap.
class FreeBlockBytes {
 public:
  FreeBlockBytes() = default;
  /// What `new char[]` made may become a block's.
  FreeBlockBytes(std::default_delete<char[]>) noexcept {}  // NOLINT(google-explicit-constructor)
  /// `heap_bytes`: what `new char[]` made for `home`; 0: a piece of a slab.
  FreeBlockBytes(BlockMemory& home, std::size_t heap_bytes) noexcept
      : home_(&home), heap_bytes_(heap_bytes) {}
  inline void operator()(char* at) const noexcept;

 private:
  BlockMemory* home_ = nullptr;
  std::size_t heap_bytes_ = 0;
};
using BlockBytes = std::unique_ptr<char[], FreeBlockBytes>;

/// Outlives all bytes that it gave.
class BlockMemory {
 public:
  /// While the pieces of a class take less they come from the heap.
  static constexpr std::size_t heap_bytes_most = 2 * large_page_bytes;
  /// Sizes above the first and up to the second have slabs.
  static constexpr std::size_t small_bytes = 512;
  static constexpr std::size_t slab_bytes_most = std::size_t{64} << 10;

  BlockMemory() = default;
  BlockMemory(const BlockMemory&) = delete;
  BlockMemory& operator=(const BlockMemory&) = delete;
  ~BlockMemory() { assert(bytes_out() == 0 && "strata: a block outlives its memory"); }

  /// `bytes`, not initialised. Throws std::bad_alloc as `new` does.
  [[nodiscard]] BlockBytes allocate(std::size_t bytes) {
    if (bytes <= small_bytes || bytes > slab_bytes_most) {
      return BlockBytes(new char[bytes]);
    }
    const Size size(bytes);
    Class& own = classes_[size.number];
    const bool is_rare = own.bytes_out.load(std::memory_order_relaxed) < heap_bytes_most;
    BlockBytes piece = is_rare ? BlockBytes(new char[bytes], FreeBlockBytes(*this, bytes))
                               : BlockBytes(take(own, size), FreeBlockBytes(*this, 0));
    own.bytes_out.fetch_add(size.bytes, std::memory_order_relaxed);
    return piece;
  }

  /// What all pieces take that are out, but for very small and large ones.
  [[nodiscard]] std::size_t bytes_out() const noexcept {
    std::size_t bytes = 0;
    for (const Class& each : classes_) {
      bytes += each.bytes_out.load(std::memory_order_relaxed);
    }
    return bytes;
  }
  /// Slabs that hold a piece.
  [[nodiscard]] std::size_t slabs() const noexcept {
    return slabs_.load(std::memory_order_relaxed);
  }

 private:
  friend class FreeBlockBytes;

  static constexpr int steps_log = 4;  ///< classes from one power of two to the next, as a power
  static constexpr int least_log = std::countr_zero(small_bytes);
  static constexpr int most_log = std::countr_zero(slab_bytes_most);

  /// A class of sizes. Requires: small_bytes < wanted <= slab_bytes_most.
  struct Size {
    explicit Size(std::size_t wanted) noexcept {
      assert(wanted > small_bytes && wanted <= slab_bytes_most);
      const auto log = static_cast<int>(std::bit_width(wanted - 1)) - 1;
      const std::size_t step = (wanted - 1) >> (log - steps_log);
      number = (static_cast<std::size_t>(log - least_log) << steps_log) + step -
               (std::size_t{1} << steps_log);
      bytes = (step + 1) << (log - steps_log);
    }
    std::size_t number;
    std::size_t bytes;
  };

  struct Slab {
    Slab* next = nullptr;  ///< of those of its class that have a free piece
    Slab* previous = nullptr;
    char* returned = nullptr;  ///< pieces that came back; each begins with the address of the next
    std::size_t piece_bytes = 0;
    std::uint32_t number = 0;  ///< of its class
    std::uint32_t out = 0;     ///< pieces that are
    std::uint32_t begun = 0;   ///< pieces that were ever out: the first ones

    [[nodiscard]] bool is_full() const noexcept {
      return returned == nullptr && (begun + 1) * piece_bytes > large_page_bytes - header_bytes;
    }
  };
  static constexpr std::size_t header_bytes = 64;
  static_assert(sizeof(Slab) <= header_bytes && alignof(Slab) <= header_bytes);

  struct alignas(64) Class {
    std::mutex mutex;
    Slab* open = nullptr;  ///< the first with a free piece
    std::atomic<std::size_t> bytes_out{0};
  };

  [[nodiscard]] char* take(Class& own, const Size& size) {
    const std::lock_guard lock(own.mutex);
    if (own.open == nullptr) {
      char* const page = allocate_large_page().release();
      own.open = new (page) Slab;
      own.open->piece_bytes = size.bytes;
      own.open->number = static_cast<std::uint32_t>(size.number);
      slabs_.fetch_add(1, std::memory_order_relaxed);
    }
    Slab& slab = *own.open;
    char* piece = slab.returned;
    if (piece != nullptr) {
      std::memcpy(&slab.returned, piece, sizeof slab.returned);
    } else {
      piece = reinterpret_cast<char*>(&slab) + header_bytes + slab.begun++ * slab.piece_bytes;
    }
    ++slab.out;
    if (slab.is_full()) {
      unlink(own, slab);
    }
    return piece;
  }

  void give_back_to_heap(char* piece, std::size_t bytes) noexcept {
    const Size size(bytes);
    classes_[size.number].bytes_out.fetch_sub(size.bytes, std::memory_order_relaxed);
    delete[] piece;
  }
  void give_back(char* piece) noexcept {
    // A slab begins where its large page does.
    const auto address = reinterpret_cast<std::uintptr_t>(piece);
    Slab& slab = *reinterpret_cast<Slab*>(piece - address % large_page_bytes);
    Class& own = classes_[slab.number];
    own.bytes_out.fetch_sub(slab.piece_bytes, std::memory_order_relaxed);
    const std::lock_guard lock(own.mutex);
    if (slab.is_full()) {
      link(own, slab);
    }
    std::memcpy(piece, &slab.returned, sizeof slab.returned);
    slab.returned = piece;
    if (--slab.out == 0) {
      unlink(own, slab);
      slabs_.fetch_sub(1, std::memory_order_relaxed);
      FreeLargePage()(reinterpret_cast<char*>(&slab));
    }
  }

  static void link(Class& own, Slab& slab) noexcept {
    slab.next = own.open;
    slab.previous = nullptr;
    if (own.open != nullptr) {
      own.open->previous = &slab;
    }
    own.open = &slab;
  }
  static void unlink(Class& own, Slab& slab) noexcept {
    (slab.previous != nullptr ? slab.previous->next : own.open) = slab.next;
    if (slab.next != nullptr) {
      slab.next->previous = slab.previous;
    }
    slab.next = slab.previous = nullptr;
  }

  std::array<Class, static_cast<std::size_t>(most_log - least_log) << steps_log> classes_;
  std::atomic<std::size_t> slabs_{0};
};

inline void FreeBlockBytes::operator()(char* at) const noexcept {
  if (home_ == nullptr) {
    delete[] at;
  } else if (heap_bytes_ != 0) {
    home_->give_back_to_heap(at, heap_bytes_);
  } else {
    home_->give_back(at);
  }
}

}  // namespace strata::table
