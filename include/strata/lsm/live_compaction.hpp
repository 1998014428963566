// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compaction policy of a family, whose options may change while the database is open:
///
///     auto options = db.compaction_options();
///     options.level0_trigger = 8;
///     auto changed = db.set_compaction_options(options);
///
/// The next pick takes the new ones, and it comes at once; jobs that run end as they began. Nothing
/// is stored: the next open takes what its `Options` say. What a policy has learnt stays. Options
/// that make no sense are refused here as they are at open, by the policy's `check`.
///
/// Threads: all calls need the engine's lock, but for `file_bytes`.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata::lsm {

template <class Policy>
class LiveCompaction {
 public:
  using Options = typename Policy::Options;

  /// Requires: `check_options` takes them.
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

/// Of `F`, which is called `name`. Errors: invalid_argument, which names the family and the field.
template <class F, class FamilyOptions>
[[nodiscard]] Result<void> check_compaction_of(std::string_view name,
                                               const FamilyOptions& options) {
  auto sound = compaction::check_options<typename F::Compaction>(options.compaction);
  return sound ? sound : tl::unexpected(sound.error().within("family " + std::string(name)));
}

/// Of all families of a database that is to be opened. Errors: those of the first that is wrong.
template <class Core>
[[nodiscard]] Result<void> check_compaction(const typename Core::Options& options) {
  using Dynamic = typename Core::Db::Dynamic;
  Result<void> sound;
  [&]<class... F, std::size_t... I>(std::type_identity<std::tuple<F...>>,
                                    std::index_sequence<I...>) {
    (void)((sound = check_compaction_of<F>(F::name, options.template of_family<I>()), sound) &&
           ...);
  }(std::type_identity<typename Core::FamilyTuple>(),
    std::make_index_sequence<Core::family_count>());
  if constexpr (!std::is_void_v<Dynamic>) {
    if (sound) {
      sound = check_compaction_of<Dynamic>("of dynamic_families", options.dynamic_families);
    }
  }
  return sound;
}

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
