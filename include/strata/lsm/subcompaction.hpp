// SPDX-License-Identifier: BSL-1.0
#pragma once

/// One merge, done by several threads: its keys are cut into spans of about equal bytes, each of
/// which is merged into tables of its own. All of them are installed by one edit, or none.
///
///     inputs    |----a----|-----b-----|---c---|     level 1
///                  |-------------d-------|          level 2
///     spans     [            )[            )[  ...  cut at keys where blocks of a, b, c, d begin
///
/// Spans are cut between user keys, where blocks of the inputs begin: so many a table as keep the
/// parts even within some percent, each at the cost of one block read. Range erases are clipped to
/// the span, so that tables of neighbours never overlap.
///
/// Nobody is waited for who has not begun: the thread that owns the job offers its parts, and does
/// whatever is not taken. So a busy lane, or an executor without threads, can not block it.
///
/// Source: RocksDB's subcompactions (anchors since 7.6); the failure of one part stops the others.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/build_tables.hpp>
#include <strata/lsm/key_span.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// Lends hands to jobs in parts. Threads: all members are concurrent.
class Crew {
 public:
  /// Calls `work(i)` once for each i below `count`, here and in threads that are in `help`. Returns
  /// when all calls have. `invite()` is called for each pair of hands that would be welcome.
  template <class Work, class Invite>
  void run(std::size_t count, Work& work, Invite invite) {
    Parts parts{.run = [](void* self, std::size_t i) { (*static_cast<Work*>(self))(i); },
                .argument = &work,
                .count = count};
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(&parts);
    }
    for (std::size_t i = 1; i < count; ++i) {
      invite();
    }
    std::unique_lock lock(mutex_);
    while (parts.next < parts.count) {
      take(parts, lock);
    }
    done_.wait(lock, [&] { return parts.running == 0; });
    std::erase(open_, &parts);
  }

  /// Does parts of whatever jobs have some left; returns when none has.
  void help() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto parts = std::find_if(open_.begin(), open_.end(),
                                      [](const Parts* p) { return p->next < p->count; });
      if (parts == open_.end()) {
        return;
      }
      take(**parts, lock);
    }
  }

 private:
  struct Parts {
    void (*run)(void*, std::size_t) = nullptr;
    void* argument = nullptr;
    std::size_t count = 0;
    std::size_t next = 0;
    std::size_t running = 0;
  };

  /// `parts` stays until `running` is 0: its owner waits for that.
  void take(Parts& parts, std::unique_lock<std::mutex>& lock) {
    const std::size_t i = parts.next++;
    ++parts.running;
    lock.unlock();
    parts.run(parts.argument, i);
    lock.lock();
    if (--parts.running == 0) {
      done_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable done_;
  std::vector<Parts*> open_;
};

/// Into how many parts a merge of `bytes` is cut: each has work for two tables at least, and the
/// tables of a level 0 run are one.
[[nodiscard]] inline std::size_t parts_of(std::uint64_t bytes, unsigned output_level,
                                          std::uint64_t file_bytes, unsigned parts_max) {
  if (output_level == 0 || file_bytes == 0 || file_bytes > bytes / 2) {
    return 1;
  }
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(bytes / file_bytes / 2, 1, std::max(1U, parts_max)));
}

/// A key, and about how many bytes lie between it and the next of the same table.
struct Anchor {
  std::string key;
  std::uint64_t bytes = 0;
};

/// Spans that cover all keys, each with about as many bytes; fewer than `parts` where the anchors
/// give no more.
template <class Comparator>
[[nodiscard]] std::vector<KeySpan> cut_spans(std::vector<Anchor> anchors, std::size_t parts) {
  std::sort(anchors.begin(), anchors.end(),
            [](const Anchor& a, const Anchor& b) { return Comparator::compare(a.key, b.key) < 0; });
  std::uint64_t total = 0;
  for (const Anchor& anchor : anchors) {
    total += anchor.bytes;
  }
  std::vector<KeySpan> spans(1);
  std::uint64_t before = 0;  // bytes that begin below the anchor
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const bool is_due = spans.size() < parts && before >= total / parts * spans.size();
    if (is_due && i > 0 && Comparator::compare(anchors[i - 1].key, anchors[i].key) < 0) {
      spans.back().last = anchors[i].key;
      spans.push_back({.first = anchors[i].key});
    }
    before += anchors[i].bytes;
  }
  return spans;
}

/// The spans of a merge that was picked. Errors: those of reading a block.
template <class Comparator, class Picked>
[[nodiscard]] Result<std::vector<KeySpan>> spans_of(const Picked& picked, unsigned parts_max) {
  constexpr std::uint64_t anchors_a_part = 16;
  std::uint64_t bytes = 0;
  picked.for_each_file([&](const auto& file) { bytes += file->metadata().size_bytes; });
  const std::size_t parts =
      parts_of(bytes, picked.job.output_level, picked.job.output_file_bytes, parts_max);
  std::vector<Anchor> anchors;
  Result<void> read;
  picked.for_each_file([&](const auto& file) {
    if (parts == 1 || !read) {
      return;
    }
    const std::uint64_t size = file->metadata().size_bytes;
    auto keys = file->reader().sample_keys(
        static_cast<std::uint32_t>(1 + anchors_a_part * parts * size / bytes));
    if (!keys) {
      read = propagate(std::move(keys));
      return;
    }
    for (std::string& key : *keys) {
      anchors.push_back({std::move(key), size / keys->size()});
    }
  });
  if (!read) {
    return propagate(std::move(read));
  }
  return cut_spans<Comparator>(std::move(anchors), parts);
}

/// Builds the files of a merge, a part for each of `spans`; tables in key order. Error: the first
/// that a part met; nothing is left of the others.
template <class Tree, class Invite, class NextNumber>
[[nodiscard]] Result<BuiltFiles> build_in_parts(Tree& tree, const typename Tree::Picked& picked,
                                                const std::vector<Sequence>& snapshots,
                                                const std::vector<KeySpan>& spans, Crew& crew,
                                                Invite invite, NextNumber next_number) {
  std::vector<BuiltFiles> built(spans.size());
  std::atomic<bool> cancelled{false};
  std::optional<Error> error;  // set by whoever cancels
  auto build = [&](std::size_t i) {
    auto part = tree.build_compaction(picked, snapshots, next_number, spans[i], &cancelled);
    if (part) {
      built[i] = std::move(*part);
    } else if (!cancelled.exchange(true)) {
      error.emplace(std::move(part).error());
    }
  };
  crew.run(spans.size(), build, invite);
  BuiltFiles all;
  for (BuiltFiles& part : built) {
    all.tables.insert(all.tables.end(), std::make_move_iterator(part.tables.begin()),
                      std::make_move_iterator(part.tables.end()));
    all.values.insert(all.values.end(), part.values.begin(), part.values.end());
  }
  if (error) {
    tree.remove_built(all);
    return tl::unexpected<Error>(std::move(*error));
  }
  return all;
}

}  // namespace strata::lsm
