// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The log that the engine composes by default: one record per batch, appended without a system
/// call, one sync for all writers of a group that asked for one.
///
/// Who forms the group is the engine (lsm/write_queue.hpp); the log only keeps an append cheap and
/// a sync shared. The bytes: wal/record.hpp, wal/log_header.hpp.

#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/wal/concept.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/replay.hpp>
#include <strata/wal/writer.hpp>

namespace strata::wal {

struct GroupCommit {
  using policy_slot = wal_slot;
  using Options = wal::Options;
  static constexpr std::string_view name = "group_commit";
  static constexpr bool keeps_log = true;

  template <class Fs, class Checksum>
  using writer = Writer<Fs, Checksum>;

  template <class Fs, class Checksum, class Visitor>
  [[nodiscard]] static Result<ReplayReport> replay(Fs& fs, const std::string& directory,
                                                   const Options& options,
                                                   const ReplayOptions& replay, Visitor&& visit) {
    return wal::replay<Checksum>(fs, directory, options.recovery, replay,
                                 std::forward<Visitor>(visit));
  }
};

static_assert(WalPolicy<GroupCommit>);

}  // namespace strata::wal
