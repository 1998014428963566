// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compaction policy of a family, whose options may change while the database is open:
///
///     auto options = db.compaction_options();
///     options.level0_trigger = 8;
///     auto changed = db.set_compaction_options(options);
///
/// The next pick takes the new ones, and it comes at once; jobs that run end as they began. Nothing
/// is stored: the next open takes what its `Options` say. What a policy has learnt stays.
///
/// Threads: all calls need the engine's lock, but for `file_bytes`.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata::lsm {

template <class Policy>
class LiveCompaction {
 public:
  using Options = typename Policy::Options;

  explicit LiveCompaction(const Options& options)
      : options_(options), policy_(options), file_bytes_(file_bytes_of(options)) {}

  [[nodiscard]] auto pick(const compaction::Levels& levels, const compaction::Conditions& now) {
    return policy_.pick(levels, now);
  }
  [[nodiscard]] compaction::Pressure pressure(const compaction::Levels& levels) const {
    return policy_.pressure(levels);
  }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  /// Requires: `check_options` takes them.
  void set_options(const Options& options) {
    compaction::change_options(policy_, options);
    options_ = options;
    file_bytes_.store(file_bytes_of(options), std::memory_order_relaxed);
  }

  /// Of the tables that are written for another reason than a pick.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept {
    return file_bytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] static std::uint64_t file_bytes_of(const Options& options) noexcept {
    if constexpr (requires { options.file_bytes; }) {
      return options.file_bytes;
    } else {
      return 64_MiB;
    }
  }

 private:
  Options options_;
  Policy policy_;
  std::atomic<std::uint64_t> file_bytes_;
};

/// Errors: invalid_argument, which names the field; nothing is changed then.
template <class Background, class Tree>
[[nodiscard]] Result<void> set_compaction_options(Background& background, Tree& tree,
                                                  const typename Tree::CompactionOptions& options) {
  using Policy = typename Tree::Types::Compaction;
  if (auto sound = compaction::check_options<Policy>(options); !sound) {
    return sound;
  }
  {
    const std::lock_guard lock(background.mutex());
    tree.set_compaction_options(options);
    background.refresh_pressure();
    background.notify();
  }
  background.schedule_compaction();
  return {};
}

}  // namespace strata::lsm
