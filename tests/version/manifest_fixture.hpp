// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the tests of the manifest share: a state, edits that change it, images of directories.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/io/files.hpp>
#include <strata/version/manifest.hpp>

namespace version_test {

using namespace strata;
using Checksum = checksum::Crc32c;
using version::State;
using version::VersionEdit;

inline int compare(std::string_view a, std::string_view b) noexcept {
  return a.compare(b);
}

inline State new_state() {
  State state;
  state.database_id = 0x5eed;
  state.fingerprint = "bytewise,block-1";
  version::FamilyState family;
  family.name = "default";
  family.compare = compare;
  state.families.push_back(family);
  return state;
}

/// The `n`-th of a series of edits: a flush adds a file; every third one moves the oldest down.
inline VersionEdit edit_number(std::uint64_t n) {
  version::FamilyEdit family;
  version::FileMetadata file;
  file.number = n;
  file.smallest = "key" + std::to_string(1000 + n);
  file.largest = file.smallest + "z";
  file.largest_sequence = n * 10;
  family.added.push_back({0, file});
  family.flushed_through = n * 10;
  if (n % 3 == 0) {
    file.number = n - 2;
    file.smallest = "key" + std::to_string(1000 + n - 2);
    file.largest = file.smallest + "z";
    file.largest_sequence = (n - 2) * 10;
    family.deleted.push_back({0, n - 2});
    family.added.push_back({1, file});
  }
  VersionEdit edit;
  edit.next_file_number = n + 1;
  edit.first_log_segment = n;
  edit.families.push_back(std::move(family));
  return edit;
}

/// `states[n]`: after n edits.
inline std::vector<VersionEdit> states_after(std::uint64_t edits) {
  State state = new_state();
  std::vector<VersionEdit> states{state.to_edit()};
  for (std::uint64_t n = 1; n <= edits; ++n) {
    REQUIRE(state.apply(edit_number(n)));
    states.push_back(state.to_edit());
  }
  return states;
}

/// What can be compared of a state that was read: the comparator is not stored.
inline VersionEdit stored(VersionEdit edit) {
  for (auto& family : edit.families) {
    family.created->compare = nullptr;
  }
  return edit;
}
/// The number of edits after which the state was `read`; -1: never.
inline int position(const State& read, const std::vector<VersionEdit>& states) {
  for (std::size_t n = 0; n < states.size(); ++n) {
    if (stored(states[n]) == read.to_edit()) {
      return static_cast<int>(n);
    }
  }
  return -1;
}

/// Name and content of every file in a directory.
using Image = std::map<std::string, std::string>;

template <class Fs>
Image image_of(Fs& fs, const std::string& directory) {
  Image image;
  const auto names = fs.list(directory);
  REQUIRE(names);
  for (const std::string& name : *names) {
    image[name] = io::read_file(fs, io::join(directory, name)).value();
  }
  return image;
}
template <class Fs>
void put_image(Fs& fs, const std::string& directory, const Image& image) {
  const auto names = fs.list(directory);
  REQUIRE(names);
  for (const std::string& name : *names) {
    REQUIRE(fs.remove(io::join(directory, name)));
  }
  for (const auto& [name, content] : image) {
    auto file = fs.create(io::join(directory, name));
    REQUIRE(file);
    REQUIRE(file->append(content));
    REQUIRE(file->close());
  }
}

}  // namespace version_test
