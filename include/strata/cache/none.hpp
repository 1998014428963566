// SPDX-License-Identifier: BSL-1.0
#pragma once

/// No cache: finds nothing, and what is inserted lives as long as its handle.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <strata/cache/concept.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

struct None {
  using policy_slot = cache_slot;
  struct Options {};
  static constexpr std::string_view name = "none";

  template <class Key, class Value, class Hash>
  class type {
   public:
    class [[nodiscard]] Handle {
     public:
      Handle() = default;
      explicit operator bool() const noexcept { return value_ != nullptr; }
      const Value& operator*() const noexcept { return *value_; }
      const Value* operator->() const noexcept { return value_.get(); }

     private:
      friend class type;
      explicit Handle(Value&& value) : value_(std::make_unique<Value>(std::move(value))) {}

      std::unique_ptr<const Value> value_;
    };

    explicit type(const Options&) noexcept {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() = default;

    Handle find(const Key&) noexcept { return Handle(); }
    Handle insert(const Key&, Value&& value, std::size_t) { return Handle(std::move(value)); }
    void erase(const Key&) noexcept {}
    void clear() noexcept {}
    void reserve(std::ptrdiff_t bytes) noexcept {
      reserved_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void set_capacity(std::size_t) noexcept {}

    [[nodiscard]] std::size_t used_bytes() const noexcept {
      return static_cast<std::size_t>(reserved_bytes_.load(std::memory_order_relaxed));
    }
    [[nodiscard]] std::size_t capacity_bytes() const noexcept { return 0; }
    [[nodiscard]] Stats stats() const noexcept { return {}; }

   private:
    std::atomic<std::ptrdiff_t> reserved_bytes_{0};
  };
};

static_assert(CachePolicy<None>);

}  // namespace strata::cache
