// SPDX-License-Identifier: BSL-1.0
#pragma once

/// One file of records, being written: a header, then records as they come.
///
/// Segments of the log and the manifest are such files; what chains them, and what a failure means,
/// is their owner's. After a failed `append` the end of the file is in doubt: append no more.
/// Threads: one at a time. Tested through the log: tests/wal/crash_test.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/record.hpp>

namespace strata::wal {

template <class Fs, class Checksum>
class LogAppender {
 public:
  /// Makes the file and hands its header to the kernel. Leaves no file behind if that fails.
  [[nodiscard]] static Result<LogAppender> create(Fs& fs, const std::string& path,
                                                  const LogHeader& header, const Magic& magic,
                                                  std::uint64_t capacity_bytes) {
    auto file = fs.create_log(path, capacity_bytes);
    if (!file) {
      return propagate(std::move(file));
    }
    if (auto written = file->append(encode_log_header<Checksum>(header, magic), {}); !written) {
      (void)fs.remove(path);
      return propagate(std::move(written));
    }
    return LogAppender(std::move(*file), header.file);
  }

  [[nodiscard]] Result<void> append(const RecordHeader& header, std::string_view payload) {
    // The zeros that pad a record go out with the next one: one call for each record.
    char bytes[record_alignment + record_header_bytes] = {};
    encode_record_header<Checksum>(header, seed_, bytes + padding_);
    const std::size_t header_bytes = padding_ + record_header_bytes;
    if (auto appended = file_.append({bytes, header_bytes}, payload); !appended) {
      return appended;
    }
    bytes_ += header_bytes + payload.size();
    padding_ = padding_after(payload.size());
    return {};
  }
  /// Calls `offer(ahead)` where another thread could now make space for appends by
  /// `ahead.prepare()`.
  template <class Offer>
  void offer_ahead(const Offer& offer) {
    if constexpr (requires { file_.take_ahead(); }) {
      if (file_.wants_ahead()) [[unlikely]] {
        offer(file_.take_ahead());
      }
    }
  }
  [[nodiscard]] Result<void> sync() { return file_.sync(); }
  /// Cuts off what was preallocated. Does not sync.
  [[nodiscard]] Result<void> close() { return file_.close(); }

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  LogAppender(typename Fs::LogFile file, FileIdentity identity)
      : file_(std::move(file)), id_(identity.file_id), seed_(record_seed<Checksum>(identity)) {}

  typename Fs::LogFile file_;
  std::uint64_t id_;
  std::uint64_t bytes_ = log_header_bytes;
  std::uint32_t seed_;
  std::size_t padding_ = 0;  ///< owed to the last record
};

}  // namespace strata::wal
