// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Writes the manifest: the one place that says which files are the database.
///
///     CURRENT            one line: the manifest in force        version/current.hpp
///     MANIFEST-000042    header, snapshot, edit, edit, ...      version/manifest_reader.hpp
///
/// `append` returns when the edit is durable. A new file is begun, with a snapshot of the whole
/// state, at every open (never behind a torn tail), when the old one has grown large, and when an
/// append failed (RocksDB #6316). It is synced, then its name, then `CURRENT` is switched.
///
/// What an error means: `disk_full` and `io` say that the edit is not in force, and the next
/// append begins a new file. `outcome_unknown` says that a sync or the switch failed: the edit may
/// come back at the next open, so *delete nothing* that either state needs (RocksDB #4990); every
/// later append fails. After any error the files of the failed edit must stay until a later append
/// has succeeded or the database was opened again.
///
/// Threads: one at a time.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/version/current.hpp>
#include <strata/version/edit.hpp>
#include <strata/version/manifest_reader.hpp>
#include <strata/version/state.hpp>
#include <strata/wal/log_appender.hpp>
#include <strata/wal/log_header.hpp>

namespace strata::version {

struct ManifestOptions {
  /// A new file is begun beyond this, or beyond twice the snapshot if that is more.
  std::uint64_t roll_bytes = 4_MiB;
};

template <class Fs, class Checksum>
class Manifest {
 public:
  /// Makes `state` the database's state, in a new manifest, and removes older ones.
  /// Errors: `corruption` if the state is no possible one; `newer_format`; as `append`.
  [[nodiscard]] static Result<Manifest> create(Fs fs, std::string directory, const State& state,
                                               const ManifestOptions& options = {}) {
    if (state.must_not_be_changed) {
      return fail(ErrorCode::newer_format, directory,
                  ": a later version wrote this database; this one can open it read-only");
    }
    Manifest manifest(std::move(fs), std::move(directory), options);
    // Files come out in their order, overlaps are found: the state is rebuilt from its own edit.
    if (auto valid = manifest.state_.apply(state.to_edit()); !valid) {
      return propagate(std::move(valid));
    }
    auto names = manifest.fs_.list(manifest.directory_);
    if (!names) {
      return propagate(std::move(names));
    }
    std::vector<std::uint64_t> older;
    for (const std::string& name : *names) {
      if (const auto number = parse_manifest_name(name)) {
        older.push_back(*number);
        manifest.next_number_ = std::max(manifest.next_number_, *number + 1);
      }
    }
    if (auto rolled = manifest.roll(manifest.state_); !rolled) {
      return propagate(std::move(rolled));
    }
    for (const std::uint64_t number : older) {
      manifest.remove(number);
    }
    return manifest;
  }

  /// The edit is in force and durable, or an error says what is known; see above.
  /// Errors also: `corruption` if the edit contradicts the state, which changes nothing.
  [[nodiscard]] Result<void> append(const VersionEdit& edit) {
    if (failed_) {
      return fail(ErrorCode::read_only, directory_, ": the manifest takes no more edits since ",
                  failed_->message());
    }
    if (is_closed_) {
      return fail(ErrorCode::closed, directory_, ": the manifest was closed");
    }
    if (auto valid = state_.check(edit); !valid) {
      return valid;
    }
    const std::string payload = encode_edit(edit);
    if (file_ && file_->bytes() + payload.size() > bytes_max_) {
      // With no room for a new file the old one still serves.
      if (auto rolled = roll_with(edit); rolled || failed_) {
        return rolled;
      }
    }
    if (!file_ || !write(payload)) {
      file_.reset();
      return roll_with(edit);
    }
    if (auto synced = file_->sync(); !synced) {
      return outcome_unknown(synced);
    }
    ++edits_;
    return state_.apply(edit);
  }

  [[nodiscard]] const State& state() const noexcept { return state_; }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return file_ ? file_->bytes() : 0; }

  /// Leaves a mark that all edits were durable, so that damage done later to the last one is not
  /// taken for a torn tail. Calling it again does nothing.
  [[nodiscard]] Result<void> close() {
    if (is_closed_) {
      return {};
    }
    is_closed_ = true;
    Result<void> outcome;
    if (file_ && !failed_) {
      outcome = file_->append({0, edits_ + 1, edits_, 0, Checksum::compute({})}, {});
      outcome = outcome ? file_->sync() : outcome;
      auto closed = file_->close();
      outcome = outcome ? closed : outcome;
    }
    file_.reset();
    return outcome;
  }

 private:
  using Appender = wal::LogAppender<Fs, Checksum>;

  Manifest(Fs fs, std::string directory, const ManifestOptions& options)
      : fs_(std::move(fs)), directory_(std::move(directory)), options_(options) {}

  [[nodiscard]] std::string path_of(std::string_view name) const {
    return io::join(directory_, name);
  }
  void remove(std::uint64_t number) { (void)fs_.remove(path_of(manifest_name(number))); }

  [[nodiscard]] Result<void> write(std::string_view payload) {
    return file_->append({static_cast<std::uint32_t>(payload.size()), edits_ + 1, edits_, 1,
                          Checksum::compute(payload)},
                         payload);
  }

  [[nodiscard]] Result<void> roll_with(const VersionEdit& edit) {
    State next = state_;
    auto outcome = next.apply(edit);
    outcome = outcome ? roll(next) : outcome;
    if (outcome) {
      state_ = std::move(next);
    }
    return outcome;
  }

  /// Puts `state` in force in a new file. Until `CURRENT` is renamed a failure changes nothing.
  [[nodiscard]] Result<void> roll(const State& state) {
    const std::uint64_t number = next_number_++;
    auto file = write_snapshot(number, state);
    auto prepared = file ? prepare_current(number) : Result<void>(propagate(file));
    if (!prepared) {
      remove(number);
      (void)fs_.remove(path_of(current_temporary_name));
      return prepared;
    }
    auto switched = fs_.rename(path_of(current_temporary_name), path_of(current_name));
    switched = switched ? fs_.sync_directory(directory_) : switched;
    if (!switched) {
      return outcome_unknown(switched);
    }
    if (number_ != 0) {
      remove(number_);
    }
    file_.emplace(std::move(*file));
    number_ = number;
    edits_ = 1;
    bytes_max_ = std::max(options_.roll_bytes, 2 * file_->bytes());
    return {};
  }
  [[nodiscard]] Result<Appender> write_snapshot(std::uint64_t number, const State& state) {
    const std::string payload = encode_edit(state.to_edit());
    if (payload.size() > wal::record_payload_bytes_max) {
      return fail(ErrorCode::unsupported, directory_, ": a snapshot of the manifest has ",
                  std::to_string(payload.size()), " bytes; 4 GiB is the most");
    }
    wal::LogHeader header;
    header.file = {state.database_id, number};
    header.predecessor_id = number_;
    auto file = Appender::create(fs_, path_of(manifest_name(number)), header, manifest_magic,
                                 payload.size() + preallocated_bytes);
    if (!file) {
      return file;
    }
    auto written = file->append(
        {static_cast<std::uint32_t>(payload.size()), 1, 0, 1, Checksum::compute(payload)}, payload);
    written = written ? file->sync() : written;
    // Its name is durable before CURRENT can name it.
    written = written ? fs_.sync_directory(directory_) : written;
    if (!written) {
      return propagate(std::move(written));
    }
    return file;
  }
  [[nodiscard]] Result<void> prepare_current(std::uint64_t number) {
    const std::string path = path_of(current_temporary_name);
    auto left_over = fs_.exists(path);
    if (!left_over) {
      return propagate(std::move(left_over));
    }
    if (*left_over) {
      if (auto removed = fs_.remove(path); !removed) {
        return removed;
      }
    }
    auto file = fs_.create(path);
    if (!file) {
      return propagate(std::move(file));
    }
    auto written = file->append(encode_current<Checksum>(number));
    written = written ? file->sync() : written;
    return written ? file->close() : written;
  }

  [[nodiscard]] Result<void> outcome_unknown(const Result<void>& cause) {
    failed_ = cause.error();
    file_.reset();
    return fail(ErrorCode::outcome_unknown, directory_,
                ": the last change of the manifest may or may not survive; reopen the database to "
                "learn which (",
                cause.error().message(), ")");
  }

  static constexpr std::uint64_t preallocated_bytes = 64_KiB;

  Fs fs_;
  std::string directory_;
  ManifestOptions options_;
  State state_;
  std::optional<Appender> file_;  ///< none: its end is in doubt, the next append begins another
  std::uint64_t number_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t edits_ = 0;  ///< in this file, all durable
  std::uint64_t bytes_max_ = 0;
  std::optional<Error> failed_;
  bool is_closed_ = false;
};

}  // namespace strata::version
