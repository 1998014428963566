// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Change data: the operations of the log from a sequence on, in commit order.
///
/// The log holds what is not flushed yet, and at least `wal.retain_bytes` beyond that; asking for
/// more is a clean `not_found`, never a silent gap.

#include <atomic>
#include <string>
#include <string_view>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::lsm {

/// `visit(Sequence, const BatchOperation&) -> bool`, in the caller's thread.
template <class Core, class Visit>
[[nodiscard]] Result<void> changes_since(Core& core, Sequence after, Visit&& visit) {
  const Sequence last = core.visible().load(std::memory_order_acquire);
  if (after >= last) {
    return {};
  }
  Sequence expected = after + 1;
  bool wanted = true;
  auto replayed = core.replay_log(
      after, [&](Sequence first, std::uint32_t count, std::string_view payload) -> Result<void> {
        if (!wanted || first > last) {
          return {};
        }
        if (first > expected) {
          return fail(ErrorCode::not_found, core.path(), ": the log begins at sequence ",
                      std::to_string(first), ", changes since ", std::to_string(after),
                      " are gone; take a checkpoint and start from its sequence");
        }
        if (payload.empty() && first + count > expected) {
          return fail(
              ErrorCode::not_found, core.path(), ": what was written at sequence ",
              std::to_string(first),
              " is not in the log (unlogged, a bulk load, an ingest); take a checkpoint and "
              "start from its sequence");
        }
        BatchReader reader(payload);
        BatchOperation operation;
        for (Sequence sequence = first; wanted && reader.next(operation); ++sequence) {
          if (sequence >= expected) {
            wanted = visit(sequence, operation);
          }
        }
        expected = first + count;
        return {};
      });
  if (!replayed) {
    return replayed;
  }
  if (wanted && expected <= last) {
    return fail(ErrorCode::not_found, core.path(), ": changes since sequence ",
                std::to_string(after),
                " are no longer in the log; take a checkpoint and start from its sequence");
  }
  return {};
}

}  // namespace strata::lsm
