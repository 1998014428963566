// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Encrypted files that are written front to back and read anywhere. Tested through
/// tests/io/encrypted_test.cpp.
///
///     header | run | run | ...          a run: chunk | chunk | ... | chunk | end of run
///
/// A chunk is 4096 bytes encrypted and a tag of 16; the last chunk of a run may be shorter. A run
/// ends where the writer was told to flush, sync or close: a short chunk is never written again,
/// but followed by a new run. So a table, which is synced once, is one run, and chunk i of it lies
/// at header + i * 4112.
///
///     end of run:  offset  size  field
///                       0     8  nonce of this end
///                       8     8  plaintext bytes in the file up to here    \.
///                      16     8  where the run begins                       | encrypted
///                      24     8  plaintext bytes before the run             |
///                      32     8  nonce of its first chunk                  /.
///                      40    16  tag
///
/// A whole file ends with an end of run, which leads back to the ends before it: what cuts the
/// file anywhere else is seen when it is opened. Nonces count chunks and ends, also those whose
/// writing failed; no file is ever appended to once it was closed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/detail/encrypted_header.hpp>

namespace strata::io::detail {

inline constexpr std::size_t chunk_bytes = 4096;
inline constexpr std::size_t sealed_chunk_bytes = chunk_bytes + aead_tag_bytes;
inline constexpr std::size_t run_end_bytes = 8 + 32 + aead_tag_bytes;

/// Chunks one behind the other.
struct ChunkRun {
  std::uint64_t at = encrypted_header_bytes;  ///< in the file
  std::uint64_t plain_at = 0;
  std::uint64_t plain_end = 0;
  std::uint64_t nonce = 0;

  /// Where its end stands.
  [[nodiscard]] std::uint64_t end_at() const noexcept {
    const std::uint64_t bytes = plain_end - plain_at;
    return at + bytes + (bytes + chunk_bytes - 1) / chunk_bytes * aead_tag_bytes;
  }
};

template <class Inner, AeadPolicy Aead>
class EncryptedWriter {
 public:
  /// `inner` holds the header, and nothing else.
  EncryptedWriter(Inner inner, FileCipher<Aead> cipher, std::string path)
      : inner_(std::move(inner)), cipher_(std::move(cipher)), path_(std::move(path)) {
    chunk_.reserve(sealed_chunk_bytes);
  }

  [[nodiscard]] Result<void> append(std::string_view bytes) {
    if (auto usable = check_usable(); !usable) {
      return usable;
    }
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, chunk_bytes - chunk_.size());
      chunk_.append(piece);
      bytes.remove_prefix(piece.size());
      run_.plain_end += piece.size();
      is_ended_ = false;
      if (chunk_.size() == chunk_bytes) {
        if (auto written = write_chunk(); !written) {
          return written;
        }
      }
    }
    return {};
  }
  [[nodiscard]] Result<void> flush() {
    auto ended = end_run();
    return ended ? outcome_ = inner_.flush() : ended;
  }
  [[nodiscard]] Result<void> sync() {
    auto ended = end_run();
    return ended ? outcome_ = inner_.sync() : ended;
  }
  [[nodiscard]] Result<void> close() {
    if (is_closed_) {
      return {};
    }
    auto ended = end_run();
    is_closed_ = true;
    auto closed = inner_.close();
    return ended ? closed : ended;
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return run_.plain_end; }

 private:
  [[nodiscard]] Result<void> check_usable() const {
    if (is_closed_) {
      return fail(ErrorCode::closed, path_, ": the file was closed");
    }
    return outcome_;
  }

  [[nodiscard]] Result<void> write_chunk() {
    const std::size_t size = chunk_.size();
    chunk_.resize(size + aead_tag_bytes);
    outcome_ = cipher_.seal(EncryptedPart::chunk, next_nonce_++, run_.plain_end - size,
                            chunk_.data(), size, chunk_.data() + size);
    outcome_ = outcome_ ? inner_.append(chunk_) : outcome_;
    chunk_.clear();
    return outcome_;
  }

  /// Afterwards the file is whole. Does nothing where nothing was appended since.
  [[nodiscard]] Result<void> end_run() {
    if (auto usable = check_usable(); !usable || is_ended_) {
      return usable;
    }
    if (!chunk_.empty()) {
      if (auto written = write_chunk(); !written) {
        return written;
      }
    }
    char end[run_end_bytes];
    const std::uint64_t nonce = next_nonce_++;
    store_fixed(end, nonce);
    store_fixed(end + 8, run_.plain_end);
    store_fixed(end + 16, run_.at);
    store_fixed(end + 24, run_.plain_at);
    store_fixed(end + 32, run_.nonce);
    const std::uint64_t end_at = run_.end_at();
    outcome_ = cipher_.seal(EncryptedPart::run_end, nonce, end_at, end + 8, 32, end + 40);
    outcome_ = outcome_ ? inner_.append({end, sizeof end}) : outcome_;
    run_ = {end_at + run_end_bytes, run_.plain_end, run_.plain_end, next_nonce_};
    is_ended_ = true;
    return outcome_;
  }

  Inner inner_;
  FileCipher<Aead> cipher_;
  std::string path_;
  std::string chunk_;
  ChunkRun run_;
  std::uint64_t next_nonce_ = 0;
  bool is_ended_ = false;
  bool is_closed_ = false;
  Result<void> outcome_;  ///< of the first write that failed: the bytes after it are lost
};

template <class Inner, AeadPolicy Aead>
class EncryptedReader {
 public:
  /// Errors: corruption of a file that does not end with an end of run.
  [[nodiscard]] static Result<EncryptedReader> open(Inner inner, FileCipher<Aead> cipher,
                                                    const std::string& path) {
    EncryptedReader reader(std::move(inner), std::move(cipher), path);
    if (auto found = reader.find_runs(); !found) {
      return propagate(std::move(found));
    }
    return reader;
  }

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
    const std::uint64_t end = size_bytes();
    offset = std::min(offset, end);
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, end - offset));
    auto run = std::upper_bound(
        runs_.begin(), runs_.end(), offset,
        [](std::uint64_t at, const ChunkRun& candidate) { return at < candidate.plain_end; });
    std::size_t done = 0;
    for (; done < size; ++run) {
      const auto part = static_cast<std::size_t>(
          std::min<std::uint64_t>(size - done, run->plain_end - (offset + done)));
      if (auto read = read_run(*run, offset + done, to + done, part); !read) {
        return propagate(std::move(read));
      }
      done += part;
    }
    return size;
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return runs_.back().plain_end; }

 private:
  /// Read from the file at once.
  static constexpr std::size_t batch_chunks = 64;

  EncryptedReader(Inner inner, FileCipher<Aead> cipher, std::string path)
      : inner_(std::move(inner)), cipher_(std::move(cipher)), path_(std::move(path)) {}

  [[nodiscard]] tl::unexpected<Error> damaged(std::uint64_t at, std::string_view what) const {
    return fail(ErrorCode::corruption, path_, ": offset ", std::to_string(at), ": ", what);
  }

  /// From the last run back to the first.
  [[nodiscard]] Result<void> find_runs() {
    std::uint64_t end = inner_.size_bytes();
    do {
      auto run = end < encrypted_header_bytes + run_end_bytes
                     ? damaged(end, "the file ends too early: it was cut, or never finished")
                     : read_end(end - run_end_bytes);
      if (!run) {
        return propagate(std::move(run));
      }
      runs_.push_back(*run);
      end = run->at;
    } while (end != encrypted_header_bytes);
    std::reverse(runs_.begin(), runs_.end());
    return {};
  }
  [[nodiscard]] Result<ChunkRun> read_end(std::uint64_t at) const {
    char end[run_end_bytes] = {};
    auto read = inner_.read(at, end, sizeof end);
    if (!read) {
      return propagate(std::move(read));
    }
    const auto nonce = load_fixed<std::uint64_t>(end);
    auto opened = cipher_.open(EncryptedPart::run_end, nonce, at, end + 8, 32, end + 40);
    if (!opened) {
      return propagate(std::move(opened));
    }
    ChunkRun run;
    if (*opened) {
      run.plain_end = load_fixed<std::uint64_t>(end + 8);
      run.at = load_fixed<std::uint64_t>(end + 16);
      run.plain_at = load_fixed<std::uint64_t>(end + 24);
      run.nonce = load_fixed<std::uint64_t>(end + 32);
    }
    if (!*opened || run.end_at() != at) {
      return damaged(at,
                     "the file does not end as it was written: it was cut, damaged, or never "
                     "finished");
    }
    return run;
  }

  /// Requires: all of it lies in the run.
  [[nodiscard]] Result<void> read_run(const ChunkRun& run, std::uint64_t offset, char* to,
                                      std::size_t size) const {
    const std::uint64_t last_chunk = (offset + size - 1 - run.plain_at) / chunk_bytes;
    std::uint64_t chunk = (offset - run.plain_at) / chunk_bytes;
    const auto batch = std::min<std::uint64_t>(last_chunk - chunk + 1, batch_chunks);
    const auto buffer = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(batch) *
                                                               sealed_chunk_bytes);
    while (chunk <= last_chunk) {
      const std::uint64_t count = std::min(last_chunk - chunk + 1, batch);
      const std::uint64_t at = run.at + chunk * sealed_chunk_bytes;
      const auto wanted =
          static_cast<std::size_t>(std::min(count * sealed_chunk_bytes, run.end_at() - at));
      auto read = inner_.read(at, buffer.get(), wanted);
      if (!read) {
        return propagate(std::move(read));
      }
      if (*read < wanted) {
        return damaged(at + *read, "the file ends inside a chunk: it was cut");
      }
      for (std::uint64_t i = 0; i < count; ++i, ++chunk) {
        char* const sealed = buffer.get() + i * sealed_chunk_bytes;
        auto opened = open_chunk(run, chunk, sealed);
        if (!opened) {
          return propagate(std::move(opened));
        }
        const std::uint64_t from = run.plain_at + chunk * chunk_bytes;
        const auto skipped = static_cast<std::size_t>(offset > from ? offset - from : 0);
        const std::size_t taken = std::min(*opened - skipped, size);
        std::memcpy(to, sealed + skipped, taken);
        to += taken;
        offset += taken;
        size -= taken;
      }
    }
    return {};
  }
  /// Decrypts in place; gives the size of the plaintext.
  [[nodiscard]] Result<std::size_t> open_chunk(const ChunkRun& run, std::uint64_t chunk,
                                               char* sealed) const {
    const std::uint64_t from = run.plain_at + chunk * chunk_bytes;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes, run.plain_end - from));
    auto opened =
        cipher_.open(EncryptedPart::chunk, run.nonce + chunk, from, sealed, size, sealed + size);
    if (!opened) {
      return propagate(std::move(opened));
    }
    if (!*opened) {
      return damaged(run.at + chunk * sealed_chunk_bytes,
                     "the chunk is not what was written here: it was damaged or moved");
    }
    return size;
  }

  Inner inner_;
  FileCipher<Aead> cipher_;
  std::string path_;
  std::vector<ChunkRun> runs_;  ///< never empty
};

}  // namespace strata::io::detail
