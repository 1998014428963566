// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Walks a batch one operation ahead of the one that is applied: the memory that an insert will
/// touch is asked for while the insert before it runs, that of the first one while the batch goes
/// to the log.
///
/// Tested through the committer: tests/lsm/committer_test.cpp.

#include <string_view>

#include <strata/core/entry.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::lsm {

/// `Host` offers `aim(operation, slot)` and `apply(operation, sequence, slot)`, for slots 0 and 1:
/// an operation is aimed at and then applied, by the commit leader, with at most one other
/// operation in between, which has the other slot.
template <class Host>
class AimedBatch {
 public:
  explicit AimedBatch(Host& host) noexcept : host_(host) {}

  /// Aims at the first operation of `bytes`; what was begun before is forgotten.
  void begin(std::string_view bytes) {
    reader_ = BatchReader(bytes);
    take_next();
  }
  /// Applies what was begun; `sequence` is that of the operation before it, then of its last one.
  void apply(Sequence& sequence) {
    while (has_next_) {
      const BatchOperation operation = next_;
      const unsigned slot = slot_;
      slot_ = 1 - slot_;
      take_next();
      host_.apply(operation, ++sequence, slot);
    }
  }

 private:
  void take_next() {
    has_next_ = reader_.next(next_);
    if (has_next_) {
      host_.aim(next_, slot_);
    }
  }

  Host& host_;
  BatchReader reader_{{}};
  BatchOperation next_;
  bool has_next_ = false;
  unsigned slot_ = 0;  ///< of `next_`
};

}  // namespace strata::lsm
