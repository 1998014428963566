// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How strata reports failure: every fallible call returns `Result<T>`, nothing throws.
///
/// An `Error` is a code a program can branch on and a sentence a person can act on: it names
/// the file or the argument, says what happened and what to do about it. "Not found" is no
/// error: lookups return an empty optional, so that a failed read can never be mistaken for an
/// absent key (invariant 7).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace strata {

/// What went wrong, as coarse as a caller can react to it.
enum class ErrorCode : std::uint8_t {
  io,                   ///< The operating system refused or failed a call.
  corruption,           ///< Bytes on disk are not what was written; names file and offset.
  invalid_argument,     ///< The caller passed something outside the documented limits.
  not_found,            ///< A directory, collection, upload... that the caller named is missing.
  already_exists,       ///< Insert of something that is there.
  incompatible_format,  ///< Another composition wrote this directory, or it is not strata's.
  newer_format,         ///< A later strata wrote this file; it was left untouched.
  locked,               ///< Another process, or another handle of this one, owns the directory.
  disk_full,            ///< No space; reads go on, and writes resume when space is freed.
  read_only,            ///< Opened read-only, or read-only since a background error.
  outcome_unknown,      ///< A sync failed: the write may or may not survive. Reopen to learn.
  conflict,             ///< A precondition (version, uniqueness, ETag) does not hold.
  busy,                 ///< Try again: a bound on work or memory was met.
  closed,               ///< The handle was closed.
  unsupported,          ///< The composition or the platform lacks what was asked for.
};

[[nodiscard]] constexpr std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::io: return "io";
    case ErrorCode::corruption: return "corruption";
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::incompatible_format: return "incompatible_format";
    case ErrorCode::newer_format: return "newer_format";
    case ErrorCode::locked: return "locked";
    case ErrorCode::disk_full: return "disk_full";
    case ErrorCode::read_only: return "read_only";
    case ErrorCode::outcome_unknown: return "outcome_unknown";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::busy: return "busy";
    case ErrorCode::closed: return "closed";
    case ErrorCode::unsupported: return "unsupported";
  }
  return "unknown";
}

class Error {
 public:
  Error(ErrorCode code, std::string message) : message_(std::move(message)), code_(code) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  /// The same error seen from one floor up: "`context`: message".
  [[nodiscard]] Error within(std::string_view context) const {
    return {code_, std::string(context) + ": " + message_};
  }

  friend bool operator==(const Error&, const Error&) = default;

 private:
  std::string message_;
  ErrorCode code_;
};

/// "code: message", for logs and assertions.
[[nodiscard]] inline std::string to_string(const Error& error) {
  return std::string(to_string(error.code())) + ": " + error.message();
}

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::corruption, path, ": block at ", offset_text, " ...");`
template <class... Parts>
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, const Parts&... parts) {
  std::string message;
  (message.append(std::string_view(parts)), ...);
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

/// Hands on the error of another result, whatever its value type.
template <class T>
[[nodiscard]] tl::unexpected<Error> propagate(Result<T>&& failed) {
  return tl::unexpected<Error>(std::move(failed).error());
}
template <class T>
[[nodiscard]] tl::unexpected<Error> propagate(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}

}  // namespace strata
