// SPDX-License-Identifier: BSL-1.0
//
// Databases that earlier versions wrote: this version reads them, changes them, and leaves alone
// what a later one wrote.
#include "golden.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/lsm/destroy.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/table/format.hpp>
#include <strata/table/value_file.hpp>
#include <strata/wal/log_header.hpp>

#include "directories.hpp"

using namespace golden;

namespace {

void check_right(const Verdict& verdict) {
  for (const Error& error : verdict.errors) {
    UNSCOPED_INFO(error.message());
  }
  CHECK(verdict.errors.empty());
  CHECK(verdict.difference == "");
  CHECK_FALSE(verdict.older);
}

using Checksum = checksum::Crc32c;

/// Changes a field of a header and makes the sum over it right again.
std::string with_field(std::string bytes, std::size_t field_at, std::uint32_t value,
                       std::size_t start, std::size_t sum_at) {
  std::memcpy(bytes.data() + field_at, &value, sizeof value);
  const std::uint32_t sum =
      Checksum::compute(std::string_view(bytes).substr(start, sum_at - start));
  std::memcpy(bytes.data() + sum_at, &sum, sizeof sum);
  return bytes;
}

/// The file as a later version would have made it; "" where its type has no such field.
std::string from_the_future(const std::string& path, const std::string& bytes, bool flag) {
  if (path == "/keys/ring") {
    return flag ? "" : with_field(bytes, 8, 1000, 0, bytes.size() - 4);
  }
  if (bytes.starts_with("STRATAec")) {
    return flag ? ""
                : with_field(bytes, 8,
                             1000 | std::uint32_t{load_fixed<std::uint16_t>(&bytes[10])} << 16U, 0,
                             64);
  }
  const lsm::FileKind kind = lsm::classify(path.substr(path.rfind('/') + 1)).kind;
  const std::uint32_t value = flag ? 0x80000000U : 1000U;
  if (kind == lsm::FileKind::log || kind == lsm::FileKind::manifest ||
      kind == lsm::FileKind::values) {
    return with_field(bytes, flag ? 12 : 8, value, 0,
                      kind == lsm::FileKind::values ? 24 : wal::log_header_bytes - 4);
  }
  if (kind == lsm::FileKind::table) {
    const std::size_t footer = bytes.size() - table::footer_bytes;
    return with_field(bytes, footer + (flag ? 12 : 8), value, footer, bytes.size() - 8);
  }
  return "";
}

}  // namespace

TEST_CASE("every golden directory opens, and holds what was written") {
  const auto version = GENERATE(from_range(versions()));
  for (const Golden& one : all()) {
    const Image image = stored(version, one.name);
    if (image.empty()) {
      CHECK(version != current_version);  // a composition that is younger than that format
      continue;
    }
    CAPTURE(version, one.name);
    const io::Memory fs = disk_of(image);
    check_right(one.check(fs, Access::read_only));
    CHECK(read_image(fs) == image);
    check_right(one.check(disk_of(image), Access::read_write));
    check_right(one.check(disk_of(image), Access::change));
  }
}

TEST_CASE("what this version writes reads as the golden directories do") {
  for (const Golden& one : all()) {
    CAPTURE(one.name);
    io::Memory fs;
    must(fs.create_directory("/keys"));
    one.write(fs);
    check_right(one.check(fs, Access::read_only));
    check_right(one.check(fs, Access::change));
  }
}

TEST_CASE("what a later version wrote is refused, and not one byte or name is changed") {
  unsigned refused = 0;
  for (const Golden& one : all()) {
    const Image image = stored(current_version, one.name);
    for (const auto& [path, bytes] : image) {
      for (const bool flag : {false, true}) {
        const std::string changed = from_the_future(path, bytes, flag);
        if (changed.empty()) {
          continue;
        }
        Image later = image;
        later[path] = changed;
        CAPTURE(path, one.name, flag);
        const io::Memory fs = disk_of(later);
        for (const int call : {0, 1, 2}) {
          CAPTURE(call);
          const auto done = call == 2 ? one.repair(fs) : one.open(fs, call == 0);
          REQUIRE_FALSE(done);
          CHECK(done.error().code() == ErrorCode::newer_format);
          CHECK(done.error().message().find(path) != std::string::npos);
          Image after = read_image(fs);
          if (!later.contains("/db/LOCK") && after["/db/LOCK"].empty()) {
            after.erase("/db/LOCK");  // a copy has none before it is opened; it says nothing
          }
          CHECK(after == later);
          ++refused;
        }
      }
    }
  }
  WARN(refused << " times refused");
  CHECK(refused > 500);
}
