// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The half of a file system that is about names, handed on: for file systems over another one
/// that change how bytes are read and written, and nothing else.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata::io::detail {

template <class Fs>
class NamesOf {
 public:
  using policy_slot = file_system_slot;
  using Lock = typename Fs::Lock;

  NamesOf() = default;
  explicit NamesOf(Fs inner) : inner_(std::move(inner)) {}

  /// The file system below.
  [[nodiscard]] Fs& inner() noexcept { return inner_; }
  [[nodiscard]] const Fs& inner() const noexcept { return inner_; }

  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) {
    return inner_.rename(from, to);
  }
  [[nodiscard]] Result<void> link(const std::string& from, const std::string& to) {
    return inner_.link(from, to);
  }
  [[nodiscard]] Result<void> remove(const std::string& path) { return inner_.remove(path); }
  [[nodiscard]] Result<bool> exists(const std::string& path) { return inner_.exists(path); }
  [[nodiscard]] Result<std::uint64_t> file_size(const std::string& path) {
    return inner_.file_size(path);
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) {
    return inner_.list(path);
  }
  [[nodiscard]] Result<void> create_directory(const std::string& path) {
    return inner_.create_directory(path);
  }
  [[nodiscard]] Result<void> remove_directory(const std::string& path) {
    return inner_.remove_directory(path);
  }
  [[nodiscard]] Result<void> sync_directory(const std::string& path) {
    return inner_.sync_directory(path);
  }
  [[nodiscard]] Result<Lock> lock(const std::string& path) { return inner_.lock(path); }
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& path) {
    return inner_.free_bytes(path);
  }

 private:
  Fs inner_{};
};

}  // namespace strata::io::detail
