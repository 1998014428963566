// SPDX-License-Identifier: BSL-1.0
//
// Writes golden directories: `strata_write_golden tests/golden/v1`. A directory that is there
// already is never written again; see docs/decisions/0024-golden-directories.md.
#include <cstdio>
#include <string>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>

#include "golden.hpp"

int main(int argc, char** argv) {
  using namespace golden;
  if (argc != 2) {
    std::fputs("usage: strata_write_golden DIRECTORY\n", stderr);
    return 2;
  }
  io::Posix disk;
  for (const Golden& one : all()) {
    const std::string root = io::join(argv[1], std::string(one.name));
    if (disk.exists(root).value()) {
      std::printf("%s: is there already, and stays as it is\n", root.c_str());
      continue;
    }
    io::Memory fs;
    must(fs.create_directory("/keys"));
    one.write(fs);
    std::size_t bytes = 0;
    must(disk.create_directory(root));
    for (const auto& [path, content] : read_image(fs)) {
      const std::string folder = root + io::parent_of(path);
      if (!disk.exists(folder).value()) {
        must(disk.create_directory(folder));
      }
      auto file = disk.create(root + path).value();
      must(file.append(content));
      must(file.close());
      bytes += content.size();
    }
    std::printf("%s: %zu bytes\n", root.c_str(), bytes);
  }
  return 0;
}
