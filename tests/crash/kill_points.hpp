// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A file system on which the process kills itself at the n-th call that changes something, of all
/// such calls or of the rare ones, which are those about names and syncs. A call that would have
/// written bytes may write half of them first.

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/names_of.hpp>
#include <strata/io/posix.hpp>

namespace strata::tests {

enum class Call : std::uint8_t {
  append,
  create,
  sync,
  rename,
  remove,
  directory
};
inline constexpr std::array<std::string_view, 6> call_names = {"append", "create", "sync",
                                                               "rename", "remove", "directory"};

/// When to die. Lies in memory that outlives the process, and says afterwards where that was.
struct KillPlan {
  std::atomic<std::uint64_t> calls_left{0};  ///< 0: never
  std::atomic<bool> rare_only{false};
  std::atomic<bool> writes_half{false};
  std::array<std::atomic<std::uint64_t>, call_names.size()> killed_at{};

  [[nodiscard]] bool is_now(Call call) noexcept {
    if (rare_only && call == Call::append) {
      return false;
    }
    // Beyond its end the count wraps: no process makes that many calls.
    return calls_left.fetch_sub(1) == 1;
  }
  [[noreturn]] void die(Call call) noexcept {
    ++killed_at[static_cast<std::size_t>(call)];
    for (;;) {
      ::kill(::getpid(), SIGKILL);
      ::pause();
    }
  }
};

class KillPoints : public io::detail::NamesOf<io::Posix> {
  using Base = io::detail::NamesOf<io::Posix>;
  using Inner = io::Posix;

 public:
  static constexpr std::string_view name = "kill_points";
  using RandomFile = Inner::RandomFile;

  class WritableFile {
   public:
    WritableFile(Inner::WritableFile inner, KillPlan* plan)
        : inner_(std::move(inner)), plan_(plan) {}

    [[nodiscard]] Result<void> append(std::string_view bytes) {
      if (plan_ != nullptr && plan_->is_now(Call::append)) {
        if (plan_->writes_half) {
          (void)inner_.append(bytes.substr(0, bytes.size() / 2));
          (void)inner_.flush();
        }
        plan_->die(Call::append);
      }
      return inner_.append(bytes);
    }
    [[nodiscard]] Result<void> flush() { return inner_.flush(); }
    [[nodiscard]] Result<void> sync() {
      die_if_due(plan_, Call::sync);
      return inner_.sync();
    }
    [[nodiscard]] Result<void> close() { return inner_.close(); }
    [[nodiscard]] std::uint64_t size_bytes() const { return inner_.size_bytes(); }

   private:
    Inner::WritableFile inner_;
    KillPlan* plan_;
  };

  class LogFile {
   public:
    LogFile(Inner::LogFile inner, KillPlan* plan) : inner_(std::move(inner)), plan_(plan) {}

    [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
      if (plan_ != nullptr && plan_->is_now(Call::append)) {
        if (plan_->writes_half) {
          (void)inner_.append(header, payload.substr(0, payload.size() / 2));
        }
        plan_->die(Call::append);
      }
      return inner_.append(header, payload);
    }
    [[nodiscard]] Result<void> sync() {
      die_if_due(plan_, Call::sync);
      return inner_.sync();
    }
    [[nodiscard]] Result<void> close() { return inner_.close(); }
    [[nodiscard]] std::uint64_t size_bytes() const { return inner_.size_bytes(); }
    [[nodiscard]] std::uint64_t capacity_bytes() const { return inner_.capacity_bytes(); }

   private:
    Inner::LogFile inner_;
    KillPlan* plan_;
  };

  KillPoints() = default;
  /// Null: never.
  explicit KillPoints(KillPlan* plan) : plan_(plan) {}

  [[nodiscard]] Result<WritableFile> create(const std::string& path) {
    die_if_due(plan_, Call::create);
    auto file = inner().create(path);
    if (!file) {
      return propagate(std::move(file));
    }
    return WritableFile(std::move(*file), plan_);
  }
  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity_bytes) {
    die_if_due(plan_, Call::create);
    auto file = inner().create_log(path, capacity_bytes);
    if (!file) {
      return propagate(std::move(file));
    }
    return LogFile(std::move(*file), plan_);
  }
  [[nodiscard]] Result<RandomFile> open(const std::string& path) { return inner().open(path); }
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) {
    die_if_due(plan_, Call::rename);
    return Base::rename(from, to);
  }
  [[nodiscard]] Result<void> link(const std::string& from, const std::string& to) {
    die_if_due(plan_, Call::rename);
    return Base::link(from, to);
  }
  [[nodiscard]] Result<void> remove(const std::string& path) {
    die_if_due(plan_, Call::remove);
    return Base::remove(path);
  }
  [[nodiscard]] Result<void> create_directory(const std::string& path) {
    die_if_due(plan_, Call::directory);
    return Base::create_directory(path);
  }
  [[nodiscard]] Result<void> remove_directory(const std::string& path) {
    die_if_due(plan_, Call::directory);
    return Base::remove_directory(path);
  }
  [[nodiscard]] Result<void> sync_directory(const std::string& path) {
    die_if_due(plan_, Call::directory);
    return Base::sync_directory(path);
  }

 private:
  static void die_if_due(KillPlan* plan, Call call) {
    if (plan != nullptr && plan->is_now(call)) {
      plan->die(call);
    }
  }

  KillPlan* plan_ = nullptr;
};

static_assert(FileSystemPolicy<KillPoints>);

}  // namespace strata::tests
