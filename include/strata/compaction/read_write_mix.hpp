// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The share of writes among all operations, smoothed, from counts that only grow.
///
/// Operations are gathered into samples of at least `sample` of them; the share s of a sample moves
/// the smoothed share w by
///
///     w += smoothing * (s - w)
///
/// A burst of one sample thus moves w by at most `smoothing`, and it decays as fast as it came.

#include <algorithm>
#include <cstdint>

#include <strata/compaction/concept.hpp>

namespace strata::compaction {

class ReadWriteMix {
 public:
  /// `smoothing`: in (0, 1]; 1: the last sample is all that counts.
  ReadWriteMix(std::uint64_t sample, double smoothing, double write_share)
      : sample_(std::max<std::uint64_t>(1, sample)),
        smoothing_(std::clamp(smoothing, 0.01, 1.0)),
        write_share_(std::clamp(write_share, 0.0, 1.0)) {}

  /// Counts and the share stay. Values as of the constructor.
  void set_sampling(std::uint64_t sample, double smoothing) {
    sample_ = std::max<std::uint64_t>(1, sample);
    smoothing_ = std::clamp(smoothing, 0.01, 1.0);
  }

  /// Takes the counts of `now`. True: a sample was full, and the share is a new one.
  bool note(const Conditions& now) {
    if (now.writes < writes_ || now.reads < reads_) {  // counted anew
      writes_ = now.writes;
      reads_ = now.reads;
    }
    const std::uint64_t writes = now.writes - writes_;
    const std::uint64_t all = writes + (now.reads - reads_);
    if (all < sample_) {
      return false;
    }
    writes_ = now.writes;
    reads_ = now.reads;
    const double share = static_cast<double>(writes) / static_cast<double>(all);
    write_share_ += smoothing_ * (share - write_share_);
    return true;
  }
  /// 0: only reads; 1: only writes.
  [[nodiscard]] double write_share() const noexcept { return write_share_; }

 private:
  std::uint64_t sample_;
  double smoothing_;
  double write_share_;
  std::uint64_t writes_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace strata::compaction
