// SPDX-License-Identifier: BSL-1.0
#pragma once

/// No log: what was not flushed is gone with the process. For caches, bulk loads, derived data.
///
/// No file is made, nothing is recovered, and `sync` says that it can not do what it is asked: a
/// promise that is not kept would be worse. Flush instead.

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/durability.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/wal/concept.hpp>
#include <strata/wal/options.hpp>

namespace strata::wal {

struct None {
  using policy_slot = wal_slot;
  struct Options {
    Durability durability = Durability::unlogged;
  };
  static constexpr std::string_view name = "none";
  static constexpr bool keeps_log = false;

  template <class Fs, class Checksum>
  class writer {
   public:
    [[nodiscard]] static Result<writer> create(const Fs&, const std::string&, const Options&,
                                               const Start& start) {
      writer log;
      log.last_ = start.last_sequence;
      log.durable_ = start.last_sequence;
      return log;
    }
    [[nodiscard]] Result<void> append(Sequence first_sequence, std::uint32_t count,
                                      std::string_view, std::uint32_t) noexcept {
      assert(first_sequence == last_ + 1 && count > 0);
      last_ = first_sequence + count - 1;
      return {};
    }
    [[nodiscard]] Result<void> sync() const {
      return fail(ErrorCode::unsupported,
                  "this database is composed with wal::None and has no log to sync; flush it, or "
                  "compose wal::GroupCommit");
    }
    [[nodiscard]] Result<void> close() const noexcept { return {}; }
    [[nodiscard]] Result<void> remove_through(Sequence) const noexcept { return {}; }
    [[nodiscard]] Sequence last_sequence() const noexcept { return last_; }
    [[nodiscard]] Sequence durable_sequence() const noexcept { return durable_; }
    [[nodiscard]] const std::vector<Segment>& segments() const noexcept { return segments_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return 0; }

   private:
    Sequence last_ = 0;
    Sequence durable_ = 0;
    std::vector<Segment> segments_;  ///< always empty
  };

  template <class Fs, class Checksum, class Visitor>
  [[nodiscard]] static Result<ReplayReport> replay(Fs&, const std::string&, const Options&,
                                                   const ReplayOptions& replay, Visitor&&) {
    ReplayReport report;
    report.last_sequence = replay.after_sequence;
    return report;
  }
};

static_assert(WalPolicy<None>);

}  // namespace strata::wal
