// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `_id`: what names a document in its collection. Strings, numbers, booleans, dates and bytes may;
/// one that is missing is made: 48 bits of time, then 80 random ones, written in 26
/// characters that sort by time (the ULID form), so that inserts meet warm blocks of the tree.
/// Uniqueness rests on those 80 bits and on the check at insert, never on the clock. Tested through
/// the store: tests/store/document_store_test.cpp.

#include <sys/random.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>
#include <strata/store/document_value.hpp>

namespace strata::store {

/// Takes what an `_id` may be, so that calls read `get("people", "ann")` and `get("orders", 17)`.
class DocumentId {
 public:
  // NOLINTBEGIN(google-explicit-constructor): an argument that is an id should read as one.
  DocumentId(std::string_view text) : json_(boost::json::string_view(text)) {}
  DocumentId(const std::string& text) : DocumentId(std::string_view(text)) {}
  DocumentId(const char* text) : DocumentId(std::string_view(text)) {}
  template <std::integral Integer>
  DocumentId(Integer number) : json_(number) {}
  DocumentId(Json json) : json_(std::move(json)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const Json& json() const noexcept { return json_; }

 private:
  Json json_;
};

/// The wall clock, for `_created`, `_updated` and the time in new ids. Tests pass their own.
struct WallClock {
  [[nodiscard]] static std::int64_t now_ms() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
  }
};

namespace detail {

inline constexpr std::size_t id_bytes_max = 1_KiB;

/// The key bytes of an `_id`.
/// Errors: `invalid_argument` for null, arrays, objects, and ids above 1 KiB.
[[nodiscard]] inline Result<std::string> id_key(const Json& id) {
  auto stored = StoredValue::of(id);
  if (!stored) {
    return propagate(std::move(stored));
  }
  const KeyTag tag = tag_of(stored->root());
  std::string key = key_of(stored->root());
  if (tag == KeyTag::null || tag == KeyTag::array || tag == KeyTag::object ||
      key.size() > id_bytes_max) {
    return fail(ErrorCode::invalid_argument,
                "_id must be a string, number, boolean, date or bytes of at most 1 KiB");
  }
  return key;
}

/// Makes ids. Threads: all calls concurrent.
class IdMaker {
 public:
  IdMaker() noexcept {
    if (::getrandom(seeds_, sizeof seeds_, 0) != static_cast<ssize_t>(sizeof seeds_)) {
      // Without the kernel's randomness: an address and the time tell processes apart, and the
      // check at insert refuses what collides.
      seeds_[0] = mix64(reinterpret_cast<std::uintptr_t>(this));
      seeds_[1] = mix64(static_cast<std::uint64_t>(WallClock::now_ms()));
    }
  }

  [[nodiscard]] std::string make(std::int64_t now_ms) noexcept {
    const std::uint64_t n = next_.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t low = mix64(n ^ seeds_[0]);
    const std::uint64_t high = mix64(low ^ seeds_[1]);
    std::string id(26, '0');
    write_digits(id, 0, 10, static_cast<std::uint64_t>(now_ms) & 0xffffffffffffU);
    write_digits(id, 10, 8, high & 0xffffffffffU);
    write_digits(id, 18, 8, low & 0xffffffffffU);
    return id;
  }

 private:
  /// The low 5 * count bits in Crockford's base 32.
  static void write_digits(std::string& id, std::size_t at, std::size_t count,
                           std::uint64_t bits) noexcept {
    for (std::size_t i = count; i-- > 0; bits >>= 5) {
      id[at + i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits & 31];
    }
  }

  std::uint64_t seeds_[2] = {};
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace detail
}  // namespace strata::store
