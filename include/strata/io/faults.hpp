// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What can go wrong with a disk, as a list of orders to `Simulated`.
///
///     fs.inject({.call = 17, .kind = FaultKind::enospc});                       // call 17, once
///     fs.inject({.path_contains = ".log", .kind = FaultKind::eio, .forever = true});
///
/// A fault waits for a call that it can happen to: a `short_write` ordered for a rename never
/// fires (`Simulated::faults_fired` counts those that did). Faults of reading count reads, all
/// others count mutating calls. Tested in tests/io/simulated_fault_test.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::io {

enum class FaultKind : std::uint8_t {
  eio,                       ///< A mutating call fails and does nothing.
  enospc,                    ///< The same with `disk_full`, of calls that need room.
  short_write,               ///< Half of an append is in the file, then `disk_full`.
  sync_fails_pages_dropped,  ///< A failed sync; unsynced bytes read as zero (XFS, Btrfs).
  sync_fails_pages_visible,  ///< A failed sync; bytes stay readable until the crash (ext4).
  renamed_but_error,         ///< A rename is carried out and reports failure.
  close_error,               ///< A close reports failure; the file is closed.
  read_eio,                  ///< Reading: open, read, list, exists, file_size.
  emfile,                    ///< Reading: open finds no free descriptor.
};

struct Fault {
  std::uint64_t call = 0;       ///< The number of the call, counted from 1; 0: the next that fits.
  std::string path_contains{};  ///< Only calls on such a path; empty: any.
  FaultKind kind = FaultKind::eio;
  bool forever = false;  ///< Also every later call that fits.
};

namespace detail {

/// `name`: makes a name; `remove`: takes one away, which needs no room.
enum class CallKind : std::uint8_t {
  name,
  remove,
  rename,
  sync_names,
  append,
  sync,
  close,
  read,
  open,
};

[[nodiscard]] constexpr bool is_reading(CallKind call) noexcept {
  return call == CallKind::read || call == CallKind::open;
}

[[nodiscard]] constexpr bool can_happen(FaultKind fault, CallKind call) noexcept {
  switch (fault) {
    case FaultKind::eio: return !is_reading(call);
    case FaultKind::enospc: return call == CallKind::name || call == CallKind::append;
    case FaultKind::short_write: return call == CallKind::append;
    case FaultKind::sync_fails_pages_dropped:
    case FaultKind::sync_fails_pages_visible: return call == CallKind::sync;
    case FaultKind::renamed_but_error: return call == CallKind::rename;
    case FaultKind::close_error: return call == CallKind::close;
    case FaultKind::read_eio: return is_reading(call);
    case FaultKind::emfile: return call == CallKind::open;
  }
  return false;
}

/// The faults that are still to come. Not thread-safe: the file system locks.
class FaultPlan {
 public:
  void add(Fault fault) { waiting_.push_back(std::move(fault)); }
  void clear() noexcept { waiting_.clear(); }
  [[nodiscard]] std::size_t fired() const noexcept { return fired_; }

  /// The fault that happens to this call, if any; null otherwise. Valid until the next call.
  [[nodiscard]] const FaultKind* next(CallKind call, std::uint64_t number, std::string_view path,
                                      std::string_view other_path) {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const Fault& fault = waiting_[i];
      const bool due =
          fault.call == 0 || fault.call == number || (fault.forever && fault.call < number);
      const bool here = path.find(fault.path_contains) != std::string_view::npos ||
                        other_path.find(fault.path_contains) != std::string_view::npos;
      if (due && here && can_happen(fault.kind, call)) {
        ++fired_;
        current_ = fault.kind;
        if (!fault.forever) {
          waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        return &current_;
      }
    }
    return nullptr;
  }

 private:
  std::vector<Fault> waiting_;
  FaultKind current_ = FaultKind::eio;
  std::size_t fired_ = 0;
};

}  // namespace detail
}  // namespace strata::io
