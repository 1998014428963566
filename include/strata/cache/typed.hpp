// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Typed: keys and values of one's own in a tiered cache, which knows bytes only.
///
///     struct UserCodec {
///       static std::string encode(const User& user);
///       static std::optional<User> decode(std::string_view bytes);
///     };
///     Typed<UserId, User, UserIdCodec, UserCodec, decltype(tiers)> users(tiers);
///
/// Bytes that the codec does not know, of an older program say, are erased and made anew: never a
/// value, never an error. Two keys must not have the same bytes. Refers to the tiers, which must
/// outlive it. Threads: as the tiers.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/cache/level.hpp>
#include <strata/core/error.hpp>

namespace strata::cache {

template <class Key, class Value, class KeyCodec, class ValueCodec, class Tiers>
requires Codec<KeyCodec, Key> && Codec<ValueCodec, Value>
class Typed {
 public:
  explicit Typed(Tiers& tiers) noexcept : tiers_(&tiers) {}

  /// `loader(key)` returns `Result<optional<Value>>`, as this does.
  template <class Loader>
  [[nodiscard]] Result<std::optional<Value>> get(const Key& key, Loader&& loader) {
    const std::string key_bytes = KeyCodec::encode(key);
    std::optional<Value> made;
    const auto load = [&](std::string_view) -> Result<std::optional<std::string>> {
      Result<std::optional<Value>> loaded = loader(key);
      if (!loaded) {
        return propagate(std::move(loaded));
      }
      made = std::move(*loaded);
      return made ? std::optional(ValueCodec::encode(*made)) : std::nullopt;
    };
    // A second time where bytes were found that are not understood, and are gone by now.
    for (int attempt = 0;; ++attempt) {
      auto bytes = tiers_->get(key_bytes, load);
      if (!bytes) {
        return propagate(std::move(bytes));
      }
      if (made || !*bytes) {
        return made;
      }
      auto found = decoded(key_bytes, **bytes);
      if (found || attempt > 0) {
        return found;
      }
    }
  }

  [[nodiscard]] std::optional<Value> find(const Key& key) {
    const std::string key_bytes = KeyCodec::encode(key);
    const auto bytes = tiers_->find(key_bytes);
    return bytes ? decoded(key_bytes, *bytes) : std::nullopt;
  }
  void insert(const Key& key, const Value& value) {
    tiers_->insert(KeyCodec::encode(key), ValueCodec::encode(value));
  }
  void erase(const Key& key) { tiers_->erase(KeyCodec::encode(key)); }

 private:
  [[nodiscard]] std::optional<Value> decoded(const std::string& key_bytes, std::string_view bytes) {
    auto value = ValueCodec::decode(bytes);
    if (!value) {
      tiers_->erase(key_bytes);
    }
    return value;
  }

  Tiers* tiers_;
};

}  // namespace strata::cache
