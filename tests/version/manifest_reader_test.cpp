// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <catch2/catch.hpp>

#include "manifest_fixture.hpp"

#include <strata/io/memory.hpp>

using namespace version_test;

namespace {

using Files = io::Memory;

struct Directory {
  Directory() { REQUIRE(fs.create_directory(path)); }
  [[nodiscard]] Result<version::LoadedManifest> load() {
    return version::load_manifest<Files, Checksum>(fs, path);
  }
  void put(const std::string& name, std::string_view bytes = {}) {
    auto file = fs.create(io::join(path, name));
    REQUIRE(file);
    REQUIRE(file->append(bytes));
  }
  Files fs{};
  std::string path = "db";
};

/// Three edits behind the snapshot.
Image small_manifest(bool close) {
  Directory dir;
  auto manifest = version::Manifest<Files, Checksum>::create(dir.fs, dir.path, new_state());
  REQUIRE(manifest);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    REQUIRE(manifest->append(edit_number(n)));
  }
  if (close) {
    REQUIRE(manifest->close());
  }
  Image image = image_of(dir.fs, dir.path);
  if (!close) {
    std::string& bytes = image["MANIFEST-000001"];
    bytes.resize(bytes.find_last_not_of('\0') + 1);
  }
  return image;
}

std::size_t snapshot_end() {
  Directory dir;
  auto manifest = version::Manifest<Files, Checksum>::create(dir.fs, dir.path, new_state());
  REQUIRE(manifest);
  return manifest->bytes();
}

}  // namespace

TEST_CASE("a manifest that is cut loses edits from the end, never its snapshot",
          "[version][manifest_reader]") {
  Directory dir;
  const auto states = states_after(3);
  Image image = small_manifest(false);
  const std::string whole = image["MANIFEST-000001"];
  const std::size_t first = snapshot_end();
  int most = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    image["MANIFEST-000001"] = whole.substr(0, size);
    put_image(dir.fs, dir.path, image);
    const auto loaded = dir.load();
    CAPTURE(size);
    REQUIRE(loaded.has_value() == (size >= first));
    if (loaded) {
      const int edits = position(loaded->state, states);
      CHECK(edits >= most);
      CHECK(loaded->edits == static_cast<std::uint64_t>(edits) + 1);
      most = edits;
    } else {
      CHECK(loaded.error().code() == ErrorCode::corruption);
    }
  }
  CHECK(most == 3);
}

TEST_CASE("every flipped bit of a manifest is found, but in a last edit that may be torn",
          "[version][manifest_reader]") {
  Directory dir;
  const auto states = states_after(3);
  const bool closed = GENERATE(false, true);
  Image image = small_manifest(closed);
  for (const char* name : {"MANIFEST-000001", "CURRENT"}) {
    const std::string whole = image[name];
    int torn = 0;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      image[name] = whole;
      image[name][bit / 8] = static_cast<char>(whole[bit / 8] ^ (1 << (bit % 8)));
      put_image(dir.fs, dir.path, image);
      const auto loaded = dir.load();
      CAPTURE(name, bit / 8, bit % 8);
      if (loaded) {
        // Closed: only the closing mark itself may be hurt, which costs nothing.
        CHECK(position(loaded->state, states) == (closed ? 3 : 2));
        CHECK(loaded->torn_bytes > 0);
        ++torn;
      } else {
        CHECK(loaded.error().code() == ErrorCode::corruption);
        CHECK(loaded.error().message().find(name) != std::string::npos);
      }
    }
    CHECK((torn > 0) == (std::string_view(name) != "CURRENT"));
    image[name] = whole;
  }
}

TEST_CASE("a damaged edit before a good one is corruption that names file and offset",
          "[version][manifest_reader]") {
  Directory dir;
  Image image = small_manifest(false);
  image["MANIFEST-000001"][snapshot_end() + 50] ^= 1;
  put_image(dir.fs, dir.path, image);
  const auto loaded = dir.load();
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code() == ErrorCode::corruption);
  CHECK(loaded.error().message().find("db/MANIFEST-000001: offset ") == 0);
}

TEST_CASE("a directory without a database is told from a foreign or a damaged one",
          "[version][manifest_reader]") {
  Directory dir;
  CHECK(dir.load().error().code() == ErrorCode::not_found);
  SECTION("there is no directory") {
    CHECK(version::load_manifest<Files, Checksum>(dir.fs, "none").error().code() ==
          ErrorCode::not_found);
  }
  SECTION("a first open crashed") {
    dir.put("LOCK");
    dir.put("MANIFEST-000001", "half");
    dir.put("CURRENT.tmp");
    CHECK(dir.load().error().code() == ErrorCode::not_found);
  }
  SECTION("somebody else's files") {
    dir.put("thesis.tex");
    const auto loaded = dir.load();
    CHECK(loaded.error().code() == ErrorCode::incompatible_format);
    CHECK(loaded.error().message().find("thesis.tex") != std::string::npos);
  }
  SECTION("CURRENT was removed") {
    dir.put(GENERATE("000000000001.log", "000000000001.table"));
    CHECK(dir.load().error().code() == ErrorCode::corruption);
  }
  SECTION("the manifest was removed") {
    Image image = small_manifest(false);
    image.erase("MANIFEST-000001");
    put_image(dir.fs, dir.path, image);
    CHECK(dir.load().error().code() == ErrorCode::corruption);
  }
  SECTION("CURRENT is huge") {
    dir.put("CURRENT", std::string(100000, 'x'));
    CHECK(dir.load().error().code() == ErrorCode::corruption);
  }
}

TEST_CASE("another manifest under this name is refused", "[version][manifest_reader]") {
  Directory dir;
  Image image = small_manifest(false);
  image["MANIFEST-000002"] = image["MANIFEST-000001"];
  image["CURRENT"] = version::encode_current<Checksum>(2);
  put_image(dir.fs, dir.path, image);
  CHECK(dir.load().error().code() == ErrorCode::corruption);
}

TEST_CASE("a later format is refused without a change", "[version][manifest_reader]") {
  Directory dir;
  Image image = small_manifest(false);
  std::string& bytes = image["MANIFEST-000001"];
  const auto [offset, code] = GENERATE(std::pair{8, ErrorCode::newer_format},    // version
                                       std::pair{12, ErrorCode::newer_format});  // flags
  store_fixed(bytes.data() + offset, std::uint32_t{2});
  store_fixed(bytes.data() + 68, Checksum::compute({bytes.data(), 68}));
  put_image(dir.fs, dir.path, image);
  CHECK(dir.load().error().code() == code);
  CHECK(image_of(dir.fs, dir.path) == image);
}

TEST_CASE("what a later version lets us read we may not change", "[version][manifest_reader]") {
  Directory dir;
  Image image = small_manifest(false);
  std::string& bytes = image["MANIFEST-000001"];
  store_fixed(bytes.data() + 16, std::uint32_t{1});
  store_fixed(bytes.data() + 68, Checksum::compute({bytes.data(), 68}));
  put_image(dir.fs, dir.path, image);
  const auto loaded = dir.load();
  REQUIRE(loaded);
  CHECK(loaded->state.must_not_be_changed);
}
