// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An object read piece by piece, in constant memory, as of the moment it was opened: whoever
/// replaces or erases it meanwhile does not disturb the reader.
///
/// Threads: one at a time. Must not outlive its database.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/store/object_chunks.hpp>
#include <strata/store/object_record.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

template <class Family>
class ObjectReader {
 public:
  /// With a snapshot of its own...
  ObjectReader(std::unique_ptr<Snapshot> own, Family family, detail::Head head)
      : own_(std::move(own)), view_(own_.get()), family_(family), head_(std::move(head)) {}
  /// ... or through somebody's, which must outlive the reader.
  ObjectReader(const Snapshot& snapshot, Family family, detail::Head head)
      : view_(&snapshot), family_(family), head_(std::move(head)) {}

  [[nodiscard]] const ObjectInfo& info() const noexcept { return head_.info; }
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  /// Beyond the end: at the end.
  void seek(std::uint64_t position) noexcept { position_ = std::min(position, head_.info.size); }

  /// Fills `to` unless the object ends; the number of bytes read, 0 at the end.
  /// Errors: io, corruption (each chunk is checked).
  [[nodiscard]] Result<std::size_t> read(std::span<char> to) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), head_.info.size - position_));
    std::size_t filled = 0;
    auto done = detail::read_runs(view_, family_, head_.runs, position_, wanted,
                                  [&](std::string_view bytes) {
                                    std::memcpy(to.data() + filled, bytes.data(), bytes.size());
                                    filled += bytes.size();
                                    return true;
                                  });
    if (!done) {
      return propagate(std::move(done));
    }
    position_ += filled;
    return filled;
  }

 private:
  std::unique_ptr<Snapshot> own_;
  txn::View view_;
  Family family_;
  detail::Head head_;
  std::uint64_t position_ = 0;
};

}  // namespace strata::store
