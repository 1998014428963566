// SPDX-License-Identifier: BSL-1.0
#include <strata/version/salvage.hpp>

#include <string>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/io/memory.hpp>
#include <strata/version/manifest.hpp>

using namespace strata;

namespace {

using Manifest = version::Manifest<io::Memory, checksum::Crc32c>;

Result<std::optional<version::State>> salvaged(io::Memory fs) {
  const auto names = fs.list("/db").value();
  return version::salvage_manifest<io::Memory, checksum::Crc32c>(fs, "/db", names);
}

/// A manifest of the snapshot and two more edits, which raise the last sequence.
io::Memory written() {
  io::Memory fs;
  REQUIRE(fs.create_directory("/db"));
  version::State state;
  state.database_id = 77;
  state.families.push_back({.id = 0, .name = "default"});
  auto manifest = Manifest::create(fs, "/db", state);
  REQUIRE(manifest);
  for (const Sequence sequence : {Sequence{10}, Sequence{20}}) {
    version::VersionEdit edit;
    edit.last_sequence = sequence;
    REQUIRE(manifest->append(edit));
  }
  REQUIRE(manifest->close());
  return fs;
}

void replace(io::Memory fs, const std::string& bytes) {
  REQUIRE(fs.remove("/db/MANIFEST-000001"));
  auto file = fs.create("/db/MANIFEST-000001");
  REQUIRE((file->append(bytes) && file->close()));
}

}  // namespace

TEST_CASE("of a damaged manifest the state before the damage is left") {
  const io::Memory whole = written();
  const std::string bytes =
      io::read_file(const_cast<io::Memory&>(whole), "/db/MANIFEST-000001").value();
  CHECK(salvaged(whole).value()->last_sequence == 20);
  bool seen_ten = false;
  bool seen_none = false;
  const std::size_t end = bytes.find_last_not_of('\0');
  for (std::size_t at = 0; at <= end; ++at) {
    io::Memory fs;
    REQUIRE(fs.create_directory("/db"));
    auto file = fs.create("/db/MANIFEST-000001");
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    REQUIRE((file->append(damaged) && file->close()));
    const auto state = salvaged(fs);
    if (!state) {
      CHECK(state.error().code() == ErrorCode::newer_format);
      continue;
    }
    if (!*state) {
      seen_none = true;
      continue;
    }
    CHECK((*state)->database_id == 77);
    seen_ten = seen_ten || (*state)->last_sequence == 10;
  }
  CHECK(seen_ten);
  CHECK(seen_none);
}

TEST_CASE("CURRENT is not asked, and the newest manifest that can be read counts") {
  io::Memory fs = written();
  REQUIRE(fs.remove("/db/CURRENT"));
  CHECK(salvaged(fs).value()->last_sequence == 20);
  auto newer = fs.create("/db/MANIFEST-000009");
  REQUIRE((newer->append(std::string(200, 'x')) && newer->close()));
  CHECK(salvaged(fs).value()->last_sequence == 20);
  replace(fs, "");
  CHECK(salvaged(fs).value() == std::nullopt);
}
