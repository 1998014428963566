// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A node of an adaptive radix tree: what its kinds share (see art_node_kinds.hpp).
///
/// | bytes | field       |                                                                   |
/// |-------|-------------|-------------------------------------------------------------------|
/// | 4     | depth       | the position of the symbol that tells its children apart          |
/// | 1     | count       | children by a byte (not where all 256 have room)                  |
/// | 1     | kind        |                                                                   |
/// | 1     | writer      | whether a writer is in it, or has put a larger one in its place   |
/// | 1     | window size | 8, or 0 where the keys end before `depth`                         |
/// | 8     | window      | the eight bytes of their keys before `depth`: `ArtKey::window`    |
/// | 8     | sample      | an entry below: all that are share its first `depth` symbols      |
/// | 8     | end         | the child for `ArtKey::end`                                       |
///
/// A path is compressed by `depth`: symbols between a node's and its parent's are those of the
/// sample. So depth and sample never change: what differs before `depth` gets a node above. The
/// window spares most writers a look at the sample, which is far away.
///
/// Children are added and replaced, never removed, and only by who has the node's `Hold`. A full
/// node is copied to a larger one and stays as it was, for readers who stand in it.
/// Tested by tests/memtable/art_node_kinds_test.cpp.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include <strata/memtable/art_key.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

class ArtNode;

/// Nothing, an entry (the address is of its second byte, so it is odd), or a node.
class ArtChild {
 public:
  using Word = const char*;

  constexpr ArtChild() noexcept = default;
  explicit constexpr ArtChild(Word word) noexcept : word_(word) {}
  explicit ArtChild(const Record& record) noexcept : word_(reinterpret_cast<Word>(&record) + 1) {}
  explicit ArtChild(ArtNode& node) noexcept : word_(reinterpret_cast<Word>(&node)) {}

  [[nodiscard]] explicit operator bool() const noexcept { return word_ != nullptr; }
  [[nodiscard]] bool is_record() const noexcept {
    return (reinterpret_cast<std::uintptr_t>(word_) & 1) != 0;
  }
  [[nodiscard]] const Record& record() const noexcept {
    return *reinterpret_cast<const Record*>(word_ - 1);
  }
  [[nodiscard]] ArtNode& node() const noexcept {
    return *const_cast<ArtNode*>(reinterpret_cast<const ArtNode*>(word_));
  }
  [[nodiscard]] Word word() const noexcept { return word_; }
  friend bool operator==(ArtChild, ArtChild) noexcept = default;

 private:
  Word word_ = nullptr;
};

/// A child and its symbol; no child: there is none.
struct ArtBranch {
  unsigned symbol;
  ArtChild child;
};

class ArtNode {
 public:
  enum class Kind : std::uint8_t {
    node4,
    node16,
    node48,
    node256
  };
  using Slot = std::atomic<ArtChild::Word>;

  ArtNode(Kind kind, std::size_t depth, const Record* sample) noexcept
      : depth_(static_cast<std::uint32_t>(depth)),
        kind_(kind),
        window_bytes_(sample == nullptr || depth > sample->key_bytes ? 0 : 8),
        window_(window_bytes_ == 0 ? 0 : ArtKey(*sample).window(depth)),
        sample_(sample) {}
  ArtNode(const ArtNode&) = delete;
  ArtNode& operator=(const ArtNode&) = delete;

  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const Record* sample() const noexcept { return sample_; }
  /// Whether `key`, whose first `from` symbols are those of all entries below, surely shares their
  /// first `depth()` symbols, too. Looks at this node only: no says nothing.
  [[nodiscard]] bool surely_begins(const ArtKey& key, std::size_t from) const noexcept {
    const std::size_t gap = depth_ - from;
    return gap == 0 || (gap <= window_bytes_ && depth_ <= key.key().size() &&
                        (window_ ^ key.window(depth_)) >> (64 - 8 * gap) == 0);
  }

  [[nodiscard]] ArtChild find(unsigned symbol) const noexcept {
    const Slot* const slot = slot_of(symbol);
    return slot == nullptr ? ArtChild() : ArtChild(slot->load(std::memory_order_acquire));
  }
  /// The first child whose symbol is `symbol` or greater.
  [[nodiscard]] ArtBranch first_from(unsigned symbol) const noexcept;
  /// The last one whose symbol is less.
  [[nodiscard]] ArtBranch last_below(unsigned symbol) const noexcept;

  /// Writers exclude each other in a node while they change it.
  class [[nodiscard]] Hold {
   public:
    explicit Hold(ArtNode& node) noexcept : node_(node), state_(take(node.writer_)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() {
      if (state_ != replaced) {
        node_.writer_.store(state_ == leaving ? replaced : vacant, std::memory_order_release);
      }
    }
    /// No: another has put a larger one in its place. Look again from above.
    [[nodiscard]] explicit operator bool() const noexcept { return state_ != replaced; }
    /// Who holds it has put a larger one in its place.
    void retire() noexcept { state_ = leaving; }

   private:
    enum : std::uint8_t {
      vacant,
      taken,
      leaving,
      replaced
    };
    static std::uint8_t take(std::atomic<std::uint8_t>& writer) noexcept {
      for (unsigned spin = 1;; ++spin) {
        std::uint8_t seen = writer.load(std::memory_order_relaxed);
        if (seen == replaced) {
          return replaced;
        }
        if (seen == vacant &&
            writer.compare_exchange_weak(seen, taken, std::memory_order_acquire)) {
          return taken;
        }
        if (spin % 64 == 0) {
          std::this_thread::yield();
        }
      }
    }

    ArtNode& node_;
    std::uint8_t state_;
  };

  // Those who change a node hold it, or are the only ones who know it.

  [[nodiscard]] bool has_room_for(unsigned symbol) const noexcept;
  /// Requires: room, and no such child.
  void add(unsigned symbol, ArtChild child) noexcept;
  /// Requires: such a child.
  void replace(unsigned symbol, ArtChild child) noexcept {
    const_cast<Slot*>(slot_of(symbol))->store(child.word(), std::memory_order_release);
  }
  /// A node of kind `kind` in `allocator.allocate(bytes)`.
  template <class Allocator>
  [[nodiscard]] static ArtNode& create(Allocator& allocator, Kind kind, std::size_t depth,
                                       const Record* sample);
  /// A copy of the next larger kind.
  template <class Allocator>
  [[nodiscard]] ArtNode& grown(Allocator& allocator) const;

 protected:
  [[nodiscard]] unsigned count() const noexcept { return count_.load(std::memory_order_acquire); }
  /// Publishes what was written for the new one.
  void count_one_more() noexcept {
    count_.store(static_cast<std::uint8_t>(count_.load(std::memory_order_relaxed) + 1),
                 std::memory_order_release);
  }

 private:
  [[nodiscard]] const Slot* slot_of(unsigned symbol) const noexcept;

  const std::uint32_t depth_;
  std::atomic<std::uint8_t> count_{0};
  const Kind kind_;
  std::atomic<std::uint8_t> writer_{0};
  const std::uint8_t window_bytes_;
  const std::uint64_t window_;
  const Record* const sample_;
  Slot end_{nullptr};
};

}  // namespace strata::memtable::detail
