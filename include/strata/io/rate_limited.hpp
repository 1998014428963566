// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A file system whose background writes pass no faster than they are allowed to.
///
///     using Files = io::RateLimited<io::Posix>;
///     Files files({.write_bytes_per_second = 32_MiB});
///     auto db = LsmTree<Files>::open(path, {.file_system = files});
///     files.writes().set_bytes_per_second(8_MiB);                  // at once, while it is open
///
/// What flushes and compactions write takes turns with what users read, so that a large merge
/// does not fill the device's queue. Logs are exempt unless `limit_logs` asks otherwise: a commit
/// waits for them. Reads are limited only on request, and then all of them.
///
/// Copies share their limits. Threads wait in order: `io/rate_limit.hpp`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/clock.hpp>
#include <strata/core/error.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/names_of.hpp>
#include <strata/io/rate_limit.hpp>

namespace strata::io {

struct RateLimitedOptions {
  std::uint64_t write_bytes_per_second = 0;  ///< 0: no limit
  std::uint64_t read_bytes_per_second = 0;   ///< 0: no limit
  std::uint64_t burst_bytes = 1_MiB;         ///< the most that passes at once
  bool limit_logs = false;
};

template <class Fs, class Clock = clock::Steady>
class RateLimited : public detail::NamesOf<Fs> {
  static_assert(FileSystemPolicy<Fs>, "the first argument is the file system to limit");

 public:
  static constexpr std::string_view name = "rate_limited";
  using Options = RateLimitedOptions;
  using Limit = RateLimit<Clock>;

  /// Writes in pieces of at most a burst.
  class WritableFile {
   public:
    WritableFile(typename Fs::WritableFile inner, std::shared_ptr<Limit> limit)
        : inner_(std::move(inner)), limit_(std::move(limit)) {}

    [[nodiscard]] Result<void> append(std::string_view bytes) {
      do {
        const auto piece = bytes.substr(0, static_cast<std::size_t>(limit_->burst_bytes()));
        limit_->acquire(piece.size());
        if (auto appended = inner_.append(piece); !appended) {
          return appended;
        }
        bytes.remove_prefix(piece.size());
      } while (!bytes.empty());
      return {};
    }
    [[nodiscard]] Result<void> flush() { return inner_.flush(); }
    [[nodiscard]] Result<void> sync() { return inner_.sync(); }
    [[nodiscard]] Result<void> close() { return inner_.close(); }
    [[nodiscard]] std::uint64_t size_bytes() const { return inner_.size_bytes(); }

   private:
    typename Fs::WritableFile inner_;
    std::shared_ptr<Limit> limit_;
  };

  class LogFile {
   public:
    /// Without `limit`: exempt.
    LogFile(typename Fs::LogFile inner, std::shared_ptr<Limit> limit)
        : inner_(std::move(inner)), limit_(std::move(limit)) {}

    /// In one piece whatever its size, for it is all or nothing.
    [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
      if (limit_) {
        limit_->acquire(header.size() + payload.size());
      }
      return inner_.append(header, payload);
    }
    [[nodiscard]] Result<void> sync() { return inner_.sync(); }
    [[nodiscard]] Result<void> close() { return inner_.close(); }
    [[nodiscard]] std::uint64_t size_bytes() const { return inner_.size_bytes(); }
    [[nodiscard]] std::uint64_t capacity_bytes() const { return inner_.capacity_bytes(); }

   private:
    typename Fs::LogFile inner_;
    std::shared_ptr<Limit> limit_;
  };

  class RandomFile {
   public:
    RandomFile(typename Fs::RandomFile inner, std::shared_ptr<Limit> limit)
        : inner_(std::move(inner)), limit_(std::move(limit)) {}

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
      limit_->acquire(size);
      return inner_.read(offset, to, size);
    }
    [[nodiscard]] std::uint64_t size_bytes() const { return inner_.size_bytes(); }

   private:
    typename Fs::RandomFile inner_;
    std::shared_ptr<Limit> limit_;
  };

  RateLimited() : RateLimited(Options{}) {}
  explicit RateLimited(const Options& options, Fs inner = {})
      : detail::NamesOf<Fs>(std::move(inner)),
        writes_(std::make_shared<Limit>(options.write_bytes_per_second, options.burst_bytes)),
        reads_(std::make_shared<Limit>(options.read_bytes_per_second, options.burst_bytes)),
        limits_logs_(options.limit_logs) {}

  /// Of all copies and all files, also those that are open.
  [[nodiscard]] Limit& writes() const noexcept { return *writes_; }
  [[nodiscard]] Limit& reads() const noexcept { return *reads_; }

  [[nodiscard]] Result<WritableFile> create(const std::string& path) {
    auto file = this->inner().create(path);
    if (!file) {
      return propagate(std::move(file));
    }
    return WritableFile(std::move(*file), writes_);
  }
  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity_bytes) {
    auto file = this->inner().create_log(path, capacity_bytes);
    if (!file) {
      return propagate(std::move(file));
    }
    return LogFile(std::move(*file), limits_logs_ ? writes_ : nullptr);
  }
  [[nodiscard]] Result<RandomFile> open(const std::string& path) {
    auto file = this->inner().open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    return RandomFile(std::move(*file), reads_);
  }

 private:
  std::shared_ptr<Limit> writes_;
  std::shared_ptr<Limit> reads_;
  bool limits_logs_;
};

}  // namespace strata::io
