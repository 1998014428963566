// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Files whose bytes are not those that were written: every answer is right, or an error says
/// which file is damaged.
///
/// Each bit of a file is flipped, and the file cut at each length; of larger files some, at even
/// distances. A database is judged by `check(fs, read_only) -> Verdict`.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/lsm/directory.hpp>

#include "golden.hpp"

namespace golden {

struct DamageReport {
  std::size_t files = 0;
  std::size_t flips = 0;
  std::size_t cuts = 0;
  std::size_t detected = 0;
  std::size_t harmless = 0;   ///< every answer was right, and nothing was reported
  std::size_t elsewhere = 0;  ///< detected, and another file was named
  std::size_t older = 0;      ///< a log without its last records: they were never synced
  std::vector<std::string> violations = {};  ///< the first of them

  void violation(std::string what) {
    if (violations.size() < 40) {
      violations.push_back(std::move(what));
    }
  }
};

/// How many damages of a file are tried, of each kind. `STRATA_DAMAGES=1000000`: all there are.
inline std::size_t damages_per_file(std::size_t by_default) {
  const char* const given = std::getenv("STRATA_DAMAGES");
  return given != nullptr ? static_cast<std::size_t>(std::atoll(given)) : by_default;
}
/// Whether the directory `name` is damaged: `STRATA_GOLDEN=default,log` names those that are.
inline bool is_chosen(std::string_view name) {
  const char* const given = std::getenv("STRATA_GOLDEN");
  return given == nullptr ||
         (',' + std::string(given) + ',').find(',' + std::string(name) + ',') != std::string::npos;
}

namespace detail {

template <class Check>
void judge(io::Memory fs, bool read_only, const std::string& path, const std::string& what,
           Check&& check, DamageReport& report) {
  const Verdict verdict = check(fs, read_only);
  const std::string which = path + ": " + what + (read_only ? "" : " (opened to write)") + ": ";
  const lsm::FileKind kind = lsm::classify(path.substr(path.rfind('/') + 1)).kind;
  if (!verdict.difference.empty()) {
    report.violation(which + "wrong: " + verdict.difference);
  }
  if (verdict.older) {
    ++report.older;
    if (kind != lsm::FileKind::log) {
      report.violation(which + "older data");
    }
    return;
  }
  ++(verdict.errors.empty() ? report.harmless : report.detected);
  for (const Error& error : verdict.errors) {
    const bool is_named = error.message().find(path) != std::string::npos;
    // A log or a manifest that is cut off is an older one by itself: it is its neighbours that
    // tell.
    const bool may_be_another = kind == lsm::FileKind::log || kind == lsm::FileKind::manifest;
    report.elsewhere += is_named ? 0U : 1U;
    // Without its magic a file may be anybody's.
    const bool is_refused = error.code() == ErrorCode::corruption ||
                            (error.code() == ErrorCode::incompatible_format && is_named);
    if (!is_refused || !(is_named || may_be_another)) {
      report.violation(which + to_string(error));
    }
  }
}

}  // namespace detail

/// Damages one file of `image` in `damages` places, and in as many lengths.
template <class Check>
void damage_file(const Image& image, const std::string& path, std::size_t damages, Check&& check,
                 DamageReport& report) {
  const std::string& whole = image.at(path);
  const std::size_t bits = whole.size() * 8;
  const io::Memory shared = disk_of(image);  // nobody writes to it but this function
  const auto try_bytes = [&](const std::string& bytes, const std::string& what, std::size_t turn) {
    io::Memory fs = shared;
    put_file(fs, path, bytes);
    detail::judge(fs, true, path, what, check, report);
    if (turn % 4 == 0) {
      Image own = image;
      own[path] = bytes;
      detail::judge(disk_of(own), false, path, what, check, report);
    }
  };
  ++report.files;
  // An odd distance meets each bit of a byte in turn.
  const std::size_t stride = bits / std::max<std::size_t>(damages, 1) | 1U;
  for (std::size_t bit = 0, turn = 0; bit < bits; bit += stride, ++turn) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    try_bytes(bytes, "bit " + std::to_string(bit) + " flipped", turn);
    ++report.flips;
  }
  const std::size_t step = whole.size() / std::max<std::size_t>(damages / 2, 1) + 1;
  for (std::size_t size = 0, turn = 0; size < whole.size(); size += step, ++turn) {
    try_bytes(whole.substr(0, size), "cut to " + std::to_string(size) + " bytes", turn);
    ++report.cuts;
  }
}

}  // namespace golden
