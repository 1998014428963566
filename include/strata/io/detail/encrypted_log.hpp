// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Encrypted logs: what is appended is with the kernel at once, and a crash may tear it. Tested
/// through tests/io/encrypted_test.cpp.
///
///     header | frame | frame | ... | zeros            frames begin at multiples of 8
///
///     frame:  offset  size  field
///                  0     4  crc32c of the next 12 bytes, begun with the file's header
///                  4     4  n: plaintext bytes, 1 to 65536
///                  8     8  where they belong in the plaintext; also the nonce
///                 16     n  encrypted
///             16 + n    16  tag, then zeros up to a multiple of 8
///
/// An append is one frame, or several if it is long, written by one append below. The plaintext
/// only grows, so its offset is a nonce that never comes twice; after a failed append, part of
/// which may have reached the file, the log takes no more.
///
/// After a crash any sector of what was not synced may be missing. So a frame that does not
/// authenticate is no error here: its bytes read as 0xff, which is no record of any log, and the
/// log's own replay tells a torn tail from damage, as it does in the clear: by records behind it
/// that say it was durable. Frames carry their place, so whole ones behind a gap are found. A place
/// that is farther in the plaintext than in the file is none: so no header, which anyone can write,
/// makes a file read as longer than it is.
///
/// Threads: as a log in the clear. A reader sees what was appended before it was opened.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/detail/encrypted_header.hpp>

namespace strata::io::detail {

inline constexpr std::size_t frame_header_bytes = 16;
inline constexpr std::size_t frame_plain_bytes_max = 64 << 10;
inline constexpr std::size_t frame_alignment = 8;

[[nodiscard]] constexpr std::size_t frame_bytes(std::size_t plain_bytes) noexcept {
  const std::size_t bytes = frame_header_bytes + plain_bytes + aead_tag_bytes;
  return (bytes + frame_alignment - 1) / frame_alignment * frame_alignment;
}

struct FrameHeader {
  std::uint32_t plain_bytes = 0;
  std::uint64_t plain_at = 0;

  void encode(std::uint32_t seed, char* to) const noexcept {
    store_fixed(to + 4, plain_bytes);
    store_fixed(to + 8, plain_at);
    store_fixed(to, checksum::Crc32c::extend(seed, {to + 4, frame_header_bytes - 4}));
  }
  /// False: there is no header here.
  [[nodiscard]] bool decode(const char* from, std::uint32_t seed) noexcept {
    plain_bytes = load_fixed<std::uint32_t>(from + 4);
    plain_at = load_fixed<std::uint64_t>(from + 8);
    return plain_bytes - 1 < frame_plain_bytes_max &&
           load_fixed<std::uint32_t>(from) ==
               checksum::Crc32c::extend(seed, {from + 4, frame_header_bytes - 4});
  }
};

template <class Inner, AeadPolicy Aead>
class EncryptedLogWriter {
 public:
  /// `inner` holds the header, and nothing else.
  EncryptedLogWriter(Inner inner, FileCipher<Aead> cipher, std::string path,
                     std::uint64_t capacity_bytes)
      : inner_(std::move(inner)),
        cipher_(std::move(cipher)),
        path_(std::move(path)),
        seed_(cipher_.checksum_seed()),
        capacity_(capacity_bytes) {}

  [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
    if (is_closed_) {
      return fail(ErrorCode::closed, path_, ": the log file was closed");
    }
    if (!outcome_) {
      return outcome_;
    }
    frames_.clear();
    std::uint64_t end = size_;
    while (!header.empty() || !payload.empty()) {
      outcome_ = add_frame(header, payload, end);
      if (!outcome_) {
        return outcome_;
      }
    }
    if (!frames_.empty()) {
      outcome_ = inner_.append(frames_, {});
      size_ = outcome_ ? end : size_;
      capacity_ = std::max(capacity_, size_);
    }
    return outcome_;
  }
  [[nodiscard]] Result<void> sync() { return inner_.sync(); }
  [[nodiscard]] Result<void> close() {
    is_closed_ = true;
    return inner_.close();
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity_; }

 private:
  /// Takes as much from the front of both as a frame holds.
  [[nodiscard]] Result<void> add_frame(std::string_view& header, std::string_view& payload,
                                       std::uint64_t& end) {
    const std::size_t size = std::min(header.size() + payload.size(), frame_plain_bytes_max);
    const std::size_t from = frames_.size();
    frames_.resize(from + frame_bytes(size));
    char* const frame = frames_.data() + from;
    FrameHeader{static_cast<std::uint32_t>(size), end}.encode(seed_, frame);
    char* to = frame + frame_header_bytes;
    for (std::string_view* const part : {&header, &payload}) {
      const auto taken =
          std::min(part->size(), static_cast<std::size_t>(frame + frame_header_bytes + size - to));
      std::copy_n(part->data(), taken, to);
      part->remove_prefix(taken);
      to += taken;
    }
    auto sealed =
        cipher_.seal(EncryptedPart::frame, end, end, frame + frame_header_bytes, size, to);
    end += size;
    return sealed;
  }

  Inner inner_;
  FileCipher<Aead> cipher_;
  std::string path_;
  std::string frames_;  ///< of one append
  std::uint32_t seed_;
  std::uint64_t capacity_;
  std::uint64_t size_ = 0;
  bool is_closed_ = false;
  Result<void> outcome_;  ///< of the first append that failed
};

template <class Inner, AeadPolicy Aead>
class EncryptedLogReader {
  /// Frames one behind the other, in the file and in the plaintext. What lies between two spans,
  /// or behind the last, is not there.
  struct Span {
    std::uint64_t at = 0;
    std::uint64_t end = 0;
    std::uint64_t plain_at = 0;
    std::uint64_t plain_end = 0;
  };

 public:
  [[nodiscard]] static Result<EncryptedLogReader> open(Inner inner, FileCipher<Aead> cipher) {
    EncryptedLogReader reader(std::move(inner), std::move(cipher));
    if (auto scanned = reader.scan(); !scanned) {
      return propagate(std::move(scanned));
    }
    return reader;
  }

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
    offset = std::min(offset, size_);
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
    std::memset(to, missing, size);
    auto span = std::upper_bound(
        spans_.begin(), spans_.end(), offset,
        [](std::uint64_t at, const Span& candidate) { return at < candidate.plain_end; });
    std::string buffer;
    for (; span != spans_.end() && span->plain_at < offset + size; ++span) {
      if (auto read = read_span(*span, buffer, offset, to, size); !read) {
        return propagate(std::move(read));
      }
    }
    return size;
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

 private:
  static constexpr int missing = 0xff;
  /// A span ends where it has more: what is read at once.
  static constexpr std::uint64_t span_bytes_max = 64_KiB;
  static constexpr std::size_t window_bytes = 256 << 10;

  EncryptedLogReader(Inner inner, FileCipher<Aead> cipher)
      : inner_(std::move(inner)), cipher_(std::move(cipher)), seed_(cipher_.checksum_seed()) {}

  /// Finds the frames by their headers.
  [[nodiscard]] Result<void> scan() {
    const auto window = std::make_unique_for_overwrite<char[]>(window_bytes);
    std::uint64_t at = encrypted_header_bytes;
    std::uint64_t dirty_from = 0;  // bytes since the last frame that are not zero; 0: none
    std::uint64_t dirty_end = 0;
    const std::uint64_t end = inner_.size_bytes();
    while (at < end) {
      auto read = inner_.read(at, window.get(), window_bytes);
      if (!read) {
        return propagate(std::move(read));
      }
      const std::uint64_t base = at;
      const std::uint64_t window_end = base + *read;
      while (at + frame_header_bytes <= window_end) {
        const char* const bytes = window.get() + (at - base);
        FrameHeader header;
        if (header.decode(bytes, seed_) && header.plain_at >= size_ &&
            header.plain_at <= at - encrypted_header_bytes &&
            frame_bytes(header.plain_bytes) <= end - at) {
          add(header, at);
          at += frame_bytes(header.plain_bytes);
          dirty_from = 0;
          continue;
        }
        if (load_fixed<std::uint64_t>(bytes) != 0) {
          dirty_from = dirty_from == 0 ? at : dirty_from;
          dirty_end = at + frame_alignment;
        }
        at += frame_alignment;
      }
      if (*read < window_bytes) {  // no header fits into what is left
        for (; at < window_end; ++at) {
          if (window[static_cast<std::size_t>(at - base)] != 0) {
            dirty_from = dirty_from == 0 ? at : dirty_from;
            dirty_end = at + 1;
          }
        }
        break;
      }
    }
    // A torn tail must not read as the zeros of a log that was left in order.
    size_ += dirty_from == 0 ? 0 : dirty_end - dirty_from;
    return {};
  }
  void add(const FrameHeader& header, std::uint64_t at) {
    const bool goes_on = !spans_.empty() && spans_.back().end == at &&
                         spans_.back().plain_end == header.plain_at &&
                         at - spans_.back().at < span_bytes_max;
    if (!goes_on) {
      spans_.push_back({at, at, header.plain_at, header.plain_at});
    }
    spans_.back().end = at + frame_bytes(header.plain_bytes);
    spans_.back().plain_end = size_ = header.plain_at + header.plain_bytes;
  }

  /// Decrypts what `span` has of the plaintext [offset, offset + size) to its place at `to`.
  [[nodiscard]] Result<void> read_span(const Span& span, std::string& buffer, std::uint64_t offset,
                                       char* to, std::size_t size) const {
    buffer.resize(static_cast<std::size_t>(span.end - span.at));
    auto read = inner_.read(span.at, buffer.data(), buffer.size());
    if (!read) {
      return propagate(std::move(read));
    }
    FrameHeader header;
    for (std::size_t at = 0; at + frame_header_bytes <= *read;
         at += frame_bytes(header.plain_bytes)) {
      if (!header.decode(buffer.data() + at, seed_) ||
          *read - at < frame_bytes(header.plain_bytes)) {
        break;  // the file was cut or changed since it was opened
      }
      const std::uint64_t from = std::max(header.plain_at, offset);
      const std::uint64_t until = std::min(header.plain_at + header.plain_bytes, offset + size);
      if (from >= until) {
        continue;
      }
      char* const bytes = buffer.data() + at + frame_header_bytes;
      auto opened = cipher_.open(EncryptedPart::frame, header.plain_at, header.plain_at, bytes,
                                 header.plain_bytes, bytes + header.plain_bytes);
      if (!opened) {
        return propagate(std::move(opened));
      }
      if (*opened) {
        std::memcpy(to + (from - offset), bytes + (from - header.plain_at),
                    static_cast<std::size_t>(until - from));
      }
    }
    return {};
  }

  Inner inner_;
  FileCipher<Aead> cipher_;
  std::uint32_t seed_;
  std::vector<Span> spans_;
  std::uint64_t size_ = 0;
};

}  // namespace strata::io::detail
