// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <catch2/catch.hpp>

#include "manifest_fixture.hpp"

#include <strata/io/memory.hpp>

using namespace version_test;

namespace {

using Files = io::Memory;
using Manifest = version::Manifest<Files, Checksum>;

struct Directory {
  Directory() { REQUIRE(fs.create_directory(path)); }
  [[nodiscard]] Result<State> read() { return version::read_manifest<Files, Checksum>(fs, path); }
  [[nodiscard]] Manifest create(const State& state, std::uint64_t roll_bytes = 4_MiB) {
    auto manifest = Manifest::create(fs, path, state, {roll_bytes});
    REQUIRE(manifest);
    return std::move(*manifest);
  }
  [[nodiscard]] std::vector<std::string> names() { return fs.list(path).value(); }
  Files fs{};
  std::string path = "db";
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a new manifest holds the state it was made with", "[version][manifest]") {
  Directory dir;
  const Manifest manifest = dir.create(new_state());
  CHECK(dir.names() == Names{"CURRENT", "MANIFEST-000001"});
  const auto read = dir.read();
  REQUIRE(read);
  CHECK(read->to_edit() == stored(new_state().to_edit()));
  CHECK(read->fingerprint == "bytewise,block-1");
  CHECK(read->database_id == 0x5eed);
}

TEST_CASE("every edit is read back after it was appended", "[version][manifest]") {
  Directory dir;
  const auto states = states_after(20);
  Manifest manifest = dir.create(new_state());
  for (std::uint64_t n = 1; n <= 20; ++n) {
    REQUIRE(manifest.append(edit_number(n)));
    const auto read = dir.read();
    REQUIRE(read);
    CHECK(position(*read, states) == static_cast<int>(n));
    CHECK(manifest.state().to_edit() == states[n]);
  }
}

TEST_CASE("a manifest that has grown is written anew, and the old one removed",
          "[version][manifest]") {
  Directory dir;
  const auto states = states_after(60);
  Manifest manifest = dir.create(new_state(), 500);
  for (std::uint64_t n = 1; n <= 60; ++n) {
    REQUIRE(manifest.append(edit_number(n)));
    const auto read = dir.read();
    REQUIRE(read);
    CHECK(position(*read, states) == static_cast<int>(n));
    CHECK(dir.names() == Names{"CURRENT", version::manifest_name(manifest.number())});
  }
  // As the snapshot grows, so does what may follow it: the cost of rolling stays in proportion.
  CHECK(manifest.number() > 2);
  CHECK(manifest.number() < 12);
}

TEST_CASE("reopening begins a new manifest and removes older ones", "[version][manifest]") {
  Directory dir;
  {
    Manifest manifest = dir.create(new_state());
    REQUIRE(manifest.append(edit_number(1)));
  }
  auto file = dir.fs.create(dir.path + "/MANIFEST-000007");  // a crash left it half made
  REQUIRE(file);
  const auto read = dir.read();
  REQUIRE(read);
  const Manifest manifest = dir.create(*read);
  CHECK(manifest.number() == 8);
  CHECK(dir.names() == Names{"CURRENT", "MANIFEST-000008"});
  CHECK(dir.read()->to_edit() == read->to_edit());
}

TEST_CASE("an edit that contradicts the state is refused and changes nothing",
          "[version][manifest]") {
  Directory dir;
  Manifest manifest = dir.create(new_state());
  REQUIRE(manifest.append(edit_number(1)));
  const Image before = image_of(dir.fs, dir.path);
  CHECK(manifest.append(edit_number(1)).error().code() == ErrorCode::corruption);
  CHECK(image_of(dir.fs, dir.path) == before);
  CHECK(manifest.append(edit_number(2)));
}

TEST_CASE("a state whose files overlap makes no manifest", "[version][manifest]") {
  Directory dir;
  State state = new_state();
  version::FileMetadata file;
  file.smallest = "a";
  file.largest = "c";
  file.number = 1;
  state.families[0].levels[1].push_back(file);
  file.number = 2;
  state.families[0].levels[1].push_back(file);
  CHECK(Manifest::create(dir.fs, dir.path, state).error().code() == ErrorCode::corruption);
  CHECK(dir.names().empty());
}

TEST_CASE("a closed manifest takes no edits, and damage to its last one is found",
          "[version][manifest]") {
  Directory dir;
  Manifest manifest = dir.create(new_state());
  REQUIRE(manifest.append(edit_number(1)));
  REQUIRE(manifest.close());
  CHECK(manifest.close());
  CHECK(manifest.append(edit_number(2)).error().code() == ErrorCode::closed);
  Image image = image_of(dir.fs, dir.path);
  std::string& bytes = image["MANIFEST-000001"];
  bytes[bytes.size() - wal::record_header_bytes - 20] ^= 1;
  put_image(dir.fs, dir.path, image);
  CHECK(dir.read().error().code() == ErrorCode::corruption);
}

TEST_CASE("a state of a later version is not written over", "[version][manifest]") {
  Directory dir;
  State state = new_state();
  state.must_not_be_changed = true;
  CHECK(Manifest::create(dir.fs, dir.path, state).error().code() == ErrorCode::newer_format);
  CHECK(dir.names().empty());
}
