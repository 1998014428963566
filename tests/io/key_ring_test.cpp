// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/key_ring.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/simulated.hpp>

using namespace strata;
using io::KeyRing;
using io::MasterKey;

namespace {

const std::string path = "/ring";

MasterKey master(const std::string& id = "m", char fill = 'k') {
  return {id, io::SecretKey::from(std::string(32, fill)).value()};
}

std::string key_of(const KeyRing& ring, std::uint32_t id) {
  return std::string(ring.find(id).value().view());
}

}  // namespace

TEST_CASE("a ring gives the same keys when it is opened again") {
  io::Memory fs;
  auto ring = KeyRing::create(fs, path, master()).value();
  CHECK(ring.ids() == std::vector<std::uint32_t>{1});
  auto again = KeyRing::open(fs, path, {master("other", 'o'), master()}).value();
  CHECK(again.active().value().id == 1);
  CHECK(key_of(again, 1) == key_of(ring, 1));
  CHECK(ring.find(2).error().code() == ErrorCode::not_found);
  CHECK(KeyRing::create(fs, path, master()).error().code() == ErrorCode::already_exists);
}

TEST_CASE("a ring holds no key in the clear") {
  io::Memory fs;
  auto ring = KeyRing::create(fs, path, master()).value();
  const std::string bytes = io::read_file(fs, path).value();
  CHECK(bytes.find(key_of(ring, 1)) == std::string::npos);
  CHECK(bytes.find("kkkk") == std::string::npos);
}

TEST_CASE("rotation adds a key for new files and keeps the old ones") {
  io::Memory fs;
  auto ring = KeyRing::create(fs, path, master()).value();
  const std::string first = key_of(ring, 1);
  KeyRing copy = ring;
  CHECK(ring.rotate(fs, master()) == Result<std::uint32_t>(2));
  CHECK(copy.active().value().id == 2);
  auto again = KeyRing::open(fs, path, {master()}).value();
  CHECK(again.ids() == std::vector<std::uint32_t>{1, 2});
  CHECK(again.active().value().id == 2);
  CHECK(key_of(again, 1) == first);
  CHECK(key_of(again, 2) != first);
}

TEST_CASE("a new master key wraps the same data keys") {
  io::Memory fs;
  auto ring = KeyRing::create(fs, path, master()).value();
  REQUIRE(ring.rotate(fs, master()));
  const std::string first = key_of(ring, 1);
  REQUIRE(ring.rewrap(fs, master("n", 'n')));
  const auto old = KeyRing::open(fs, path, {master()});
  REQUIRE_FALSE(old);
  CHECK(old.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(old.error().message(), Catch::Contains("'n', which was not given"));
  CHECK(key_of(KeyRing::open(fs, path, {master("n", 'n')}).value(), 1) == first);
}

TEST_CASE("a wrong master key is told from a damaged ring") {
  io::Memory fs;
  REQUIRE(KeyRing::create(fs, path, master()));
  const auto wrong = KeyRing::open(fs, path, {master("m", 'x')});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(wrong.error().message(), Catch::Contains("the key does not match"));
  const std::string bytes = io::read_file(fs, path).value();
  for (std::size_t i = 8; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    REQUIRE(io::write_file_durably(fs, path, damaged));
    CAPTURE(i);
    CHECK(KeyRing::open(fs, path, {master()}).error().code() == ErrorCode::corruption);
  }
  // Somebody who repairs the checksum changes no key unseen.
  for (const std::size_t at : {20U, 24U, 48U, 79U, 80U, 95U}) {
    std::string forged = bytes;
    forged[at] = static_cast<char>(forged[at] ^ 1);
    store_fixed(forged.data() + forged.size() - 4,
                checksum::Crc32c::compute(std::string_view(forged).substr(0, forged.size() - 4)));
    REQUIRE(io::write_file_durably(fs, path, forged));
    CAPTURE(at);
    CHECK_FALSE(KeyRing::open(fs, path, {master()}));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(io::write_file_durably(fs, path, bytes.substr(0, size)));
    CHECK_FALSE(KeyRing::open(fs, path, {master()}));
  }
}

TEST_CASE("a key that was forgotten is gone; the one in use can not be") {
  io::Memory fs;
  auto ring = KeyRing::create(fs, path, master()).value();
  CHECK(ring.forget(fs, 1).error().code() == ErrorCode::invalid_argument);
  REQUIRE(ring.rotate(fs, master()));
  REQUIRE(ring.forget(fs, 1));
  CHECK(ring.forget(fs, 1).error().code() == ErrorCode::not_found);
  CHECK(KeyRing::open(fs, path, {master()}).value().ids() == std::vector<std::uint32_t>{2});
}

TEST_CASE("a ring without keys says what is missing") {
  CHECK(KeyRing().active().error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a rotation that does not reach the disk does not happen") {
  io::Simulated fs;
  auto ring = KeyRing::create(fs, path, master()).value();
  const std::uint64_t before = fs.calls();
  REQUIRE(ring.rotate(fs, master()));
  const std::uint64_t calls = fs.calls() - before;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    io::Simulated disk = fs.crash_image(io::CrashChoice::keep_all());
    auto torn = KeyRing::open(disk, path, {master()}).value();
    disk.crash_at(call);
    CHECK_FALSE(torn.rotate(disk, master()));
    CHECK(torn.active().value().id == 2);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      auto image = disk.crash_image(io::CrashChoice::random(seed));
      auto survivor = KeyRing::open(image, path, {master()});
      REQUIRE(survivor);
      CHECK(key_of(*survivor, 2) == key_of(torn, 2));
    }
  }
}
