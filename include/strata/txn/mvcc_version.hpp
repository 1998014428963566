// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Versions of a key, and the chain they hang in. A version never changes once it is linked.
///
///     NewestFirst   head -> 9 -> 7 -> 4        OldestFirst   head -> 4 -> 7 -> 9 <- newest
///
/// | expression                  | promise                                                     |
/// |-----------------------------|-------------------------------------------------------------|
/// | `c.find(at)`                | the newest version <= `at`, a tombstone too; null: none     |
/// | `c.newest()`                | the sequence of the newest version; 0: none                 |
/// | `c.append(version)`         | newer than all others; writer; owns it from now on          |
/// | `c.trim(watermark, out)`    | unlinks what no reader at or above `watermark` can find;    |
/// |                             | writer; `out` gets what was unlinked                        |
/// | `c.dead(watermark)`         | nothing but one tombstone <= `watermark` is left; writer    |
///
/// Threads: one writer at a time, beside any number of readers under an epoch guard. What was
/// unlinked still points into the chain, so a reader that stands on it finds its way.
/// Tested in the store: tests/txn/mvcc_store_test.cpp, tests/txn/mvcc_gc_test.cpp.

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/txn/mvcc_concept.hpp>

namespace strata::mvcc {

struct Version {
  Version(std::string bytes, bool is_tombstone) noexcept
      : value(std::move(bytes)), erased(is_tombstone) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept { return sizeof(Version) + value.size(); }

  std::atomic<Version*> next{nullptr};
  Sequence sequence = 0;  // set before the version is linked
  std::string value;
  bool erased;
};

/// What was unlinked and waits for its readers to leave; frees it all when it goes.
class Garbage {
 public:
  Garbage() = default;
  Garbage(Garbage&&) noexcept = default;
  Garbage& operator=(Garbage&&) = delete;
  Garbage(const Garbage&) = delete;
  Garbage& operator=(const Garbage&) = delete;
  ~Garbage() {
    for (const Item& item : items_) {
      item.destroy(item.object);
    }
  }

  void add(void* object, void (*destroy)(void*)) { items_.push_back({object, destroy}); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

 private:
  struct Item {
    void* object;
    void (*destroy)(void*);
  };
  std::vector<Item> items_;
};

namespace detail {

inline void delete_all(Version* version) noexcept {
  while (version != nullptr) {
    delete std::exchange(version, version->next.load(std::memory_order_relaxed));
  }
}

/// The chain of a key in order `Order`. Pointers that a reader may be following change with
/// sequentially consistent stores: that is what epochs ask for.
class NewestFirstChain {
 public:
  explicit NewestFirstChain(std::string_view name) : key(name) {}
  NewestFirstChain(const NewestFirstChain&) = delete;
  NewestFirstChain& operator=(const NewestFirstChain&) = delete;
  ~NewestFirstChain() { delete_all(head_.load()); }

  [[nodiscard]] const Version* find(Sequence at) const noexcept {
    const Version* version = head_.load();
    while (version != nullptr && version->sequence > at) {
      version = version->next.load();
    }
    return version;
  }

  [[nodiscard]] Sequence newest() const noexcept {
    const Version* const head = head_.load();
    return head == nullptr ? 0 : head->sequence;
  }

  void append(Version* version) noexcept {
    version->next.store(head_.load());
    head_.store(version);
  }

  void trim(Sequence watermark, std::vector<Version*>& out) {
    Version* keep = head_.load();
    while (keep != nullptr && keep->sequence > watermark) {
      keep = keep->next.load();
    }
    if (keep != nullptr) {
      Version* const cut = keep->next.load();
      keep->next.store(nullptr);
      for (Version* version = cut; version != nullptr; version = version->next.load()) {
        out.push_back(version);
      }
    }
  }

  [[nodiscard]] bool dead(Sequence watermark) const noexcept {
    const Version* const head = head_.load();
    return head->erased && head->sequence <= watermark && head->next.load() == nullptr;
  }

  const std::string key;

 private:
  std::atomic<Version*> head_{nullptr};
};

class OldestFirstChain {
 public:
  explicit OldestFirstChain(std::string_view name) : key(name) {}
  OldestFirstChain(const OldestFirstChain&) = delete;
  OldestFirstChain& operator=(const OldestFirstChain&) = delete;
  ~OldestFirstChain() { delete_all(head_.load()); }

  [[nodiscard]] const Version* find(Sequence at) const noexcept {
    const Version* found = nullptr;
    const Version* version = head_.load();
    while (version != nullptr && version->sequence <= at) {
      found = std::exchange(version, version->next.load());
    }
    return found;
  }

  [[nodiscard]] Sequence newest() const noexcept { return newest_.load(); }

  void append(Version* version) noexcept {
    if (tail_ == nullptr) {
      head_.store(version);
    } else {
      tail_->next.store(version);
    }
    tail_ = version;
    newest_.store(version->sequence);
  }

  void trim(Sequence watermark, std::vector<Version*>& out) {
    Version* keep = head_.load();
    const std::size_t before = out.size();
    for (Version* next = nullptr; keep != nullptr; keep = next) {
      next = keep->next.load();
      if (next == nullptr || next->sequence > watermark) {
        break;
      }
      out.push_back(keep);
    }
    if (out.size() != before) {
      head_.store(keep);
    }
  }

  [[nodiscard]] bool dead(Sequence watermark) const noexcept {
    return head_.load() == tail_ && tail_->erased && tail_->sequence <= watermark;
  }

  const std::string key;

 private:
  std::atomic<Version*> head_{nullptr};
  Version* tail_ = nullptr;  // the writer's
  std::atomic<Sequence> newest_{0};
};

}  // namespace detail

namespace order {

/// Reads of the newest state end at the first link. The default.
struct NewestFirst {
  using policy_slot = version_order_slot;
  static constexpr std::string_view name = "newest_first";
  using type = mvcc::detail::NewestFirstChain;
};

/// Reads of the oldest live state end at the first link; appends leave the head alone.
struct OldestFirst {
  using policy_slot = version_order_slot;
  static constexpr std::string_view name = "oldest_first";
  using type = mvcc::detail::OldestFirstChain;
};

static_assert(VersionOrderPolicy<NewestFirst>);
static_assert(VersionOrderPolicy<OldestFirst>);

}  // namespace order
}  // namespace strata::mvcc
