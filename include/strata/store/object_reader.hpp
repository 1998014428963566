// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An object read piece by piece, in constant memory, as of the moment it was opened: whoever
/// replaces or erases it meanwhile does not disturb the reader.
///
/// Each chunk is checked as it is read; `read_all` checks the whole against its SHA-256 as well.
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
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/store/object_chunks.hpp>
#include <strata/store/object_digest.hpp>
#include <strata/store/object_record.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

namespace detail {

/// What `ObjectInfo::sha256` must be if `data` are the object's bytes.
[[nodiscard]] inline Result<std::string> sha256_of(const Head& head, std::string_view data) {
  const auto of = [](std::string_view bytes) -> Result<std::string> {
    Digest digest = Digest::sha256();
    digest.update(bytes);
    auto sum = digest.finish();
    return sum ? Result<std::string>(to_hex(*sum)) : propagate(std::move(sum));
  };
  if (head.info.sha256.find('-') == std::string::npos) {
    return of(data);
  }
  std::vector<std::string> parts;
  for (const Run& run : head.runs) {
    auto part = of(data.substr(0, static_cast<std::size_t>(run.size)));
    if (!part) {
      return part;
    }
    parts.push_back(std::move(*part));
    data.remove_prefix(static_cast<std::size_t>(run.size));
  }
  return composite_of(Digest::sha256(), parts);
}

}  // namespace detail

template <class Family>
class ObjectReader {
 public:
  /// With a snapshot of its own...
  ObjectReader(std::unique_ptr<Snapshot> own, Family family, detail::Head head)
      : own_(std::move(own)), runs_(txn::View(own_.get()), family), head_(std::move(head)) {}
  /// ... or through somebody's, which must outlive the reader.
  ObjectReader(const Snapshot& snapshot, Family family, detail::Head head)
      : runs_(txn::View(&snapshot), family), head_(std::move(head)) {}

  [[nodiscard]] const ObjectInfo& info() const noexcept { return head_.info; }
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  /// Beyond the end: at the end.
  void seek(std::uint64_t position) noexcept { position_ = std::min(position, head_.info.size); }

  /// Fills `to` unless the object ends; the number of bytes read, 0 at the end.
  /// Errors: io, corruption.
  [[nodiscard]] Result<std::size_t> read(std::span<char> to) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), head_.info.size - position_));
    char* at = to.data();
    auto done = runs_.read(head_.runs, position_, wanted, [&](std::string_view bytes) {
      std::memcpy(at, bytes.data(), bytes.size());
      at += bytes.size();
    });
    if (!done) {
      return propagate(std::move(done));
    }
    position_ += wanted;
    return wanted;
  }

  /// Up to `length` bytes from the position on, fewer where the object ends.
  [[nodiscard]] Result<std::string> read(std::uint64_t length) {
    std::string data(static_cast<std::size_t>(std::min(length, head_.info.size - position_)), '\0');
    auto done = read(std::span(data));
    return done ? Result<std::string>(std::move(data)) : propagate(std::move(done));
  }

  /// The whole object, wherever the position is.
  [[nodiscard]] Result<std::string> read_all() {
    seek(0);
    auto data = read(head_.info.size);
    if (!data) {
      return data;
    }
    auto sum = detail::sha256_of(head_, *data);
    if (!sum) {
      return sum;
    }
    if (*sum != head_.info.sha256) {
      return fail(ErrorCode::corruption, "object '", head_.info.key,
                  "' does not match its SHA-256; restore a backup");
    }
    return data;
  }

 private:
  std::unique_ptr<Snapshot> own_;
  detail::RunReader<Family> runs_;
  detail::Head head_;
  std::uint64_t position_ = 0;
};

}  // namespace strata::store
