// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A directory of the operating system that is empty at first and gone in the end.

#include <stdlib.h>
#include <unistd.h>

#include <string>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>

namespace strata::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* const base = ::getenv("TMPDIR");
    path_ = io::join(base != nullptr ? base : "/tmp", "strata_io_XXXXXX");
    if (::mkdtemp(path_.data()) == nullptr) {
      path_.clear();
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    io::Posix fs;
    if (auto names = fs.list(path_)) {
      for (const std::string& name : *names) {
        (void)fs.remove(at(name));
      }
    }
    (void)fs.remove_directory(path_);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string at(const std::string& name) const { return io::join(path_, name); }

 private:
  std::string path_;
};

}  // namespace strata::test
