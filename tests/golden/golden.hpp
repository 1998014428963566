// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Golden directories: whole small databases as an earlier version of strata wrote them.
///
/// `tests/golden/v<N>/<name>/` holds what format version N left on disk, byte by byte. What the
/// database of a name must hold is a function of the name, not a stored dump. The directories are
/// written once, by write_golden.cpp; see docs/decisions/0024-golden-directories.md.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>

namespace golden {

using namespace strata;

/// Path and bytes of each file of a database: "/db/..." and, of an encrypted one, "/keys/...".
using Image = std::map<std::string, std::string>;

/// What a database answered. `difference` is empty where every answer that it gave is right.
struct Verdict {
  std::string difference;
  bool older = false;              ///< right, for a moment before its last unsynced writes
  std::vector<Error> errors = {};  ///< of the calls that did not answer
};

enum class Access {
  read_only,
  read_write,
  /// Reads, writes and compacts; then closes, opens again and reads again.
  change
};

struct Golden {
  std::string_view name;
  void (*write)(io::Memory fs);
  /// Reads everything in every way and compares it with what was written.
  Verdict (*check)(io::Memory fs, Access access);
  /// Error codes of opening, of repairing and of destroying it.
  Result<void> (*open)(io::Memory fs, bool read_only);
  Result<void> (*repair)(io::Memory fs);
};

std::vector<Golden> trees();
std::vector<Golden> filters();
std::vector<Golden> families();
std::vector<Golden> stores();

inline std::vector<Golden> all() {
  std::vector<Golden> every;
  for (const auto& some : {trees(), filters(), families(), stores()}) {
    every.insert(every.end(), some.begin(), some.end());
  }
  return every;
}

inline constexpr std::string_view folders[] = {"/db", "/keys"};

/// For calls of which nobody expects that they fail.
inline void must(const Result<void>& done) {
  if (!done) {
    std::fprintf(stderr, "%s\n", done.error().message().c_str());
    std::abort();
  }
}

/// In place of the file that may be there.
inline void put_file(io::Memory& fs, const std::string& path, std::string_view bytes) {
  (void)fs.remove(path);
  auto file = fs.create(path).value();
  must(file.append(bytes));
  must(file.close());
}

/// Every file under `root`, by the path it has below it.
template <class Fs>
Image read_image(Fs fs, const std::string& root = "") {
  Image image;
  for (const std::string_view folder : folders) {
    const std::string path = root + std::string(folder);
    if (!fs.exists(path).value()) {
      continue;
    }
    const std::vector<std::string> names = fs.list(path).value();
    for (const std::string& name : names) {
      image[std::string(folder) + "/" + name] = io::read_file(fs, io::join(path, name)).value();
    }
  }
  return image;
}

inline io::Memory disk_of(const Image& image) {
  io::Memory fs;
  for (const std::string_view folder : folders) {
    must(fs.create_directory(std::string(folder)));
  }
  for (const auto& [path, bytes] : image) {
    put_file(fs, path, bytes);
  }
  return fs;
}

}  // namespace golden
