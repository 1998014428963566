// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>

#include <strata/io/encrypted.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/simulated.hpp>
#include <strata/testing/file_system_conformance.hpp>

#include "temporary_directory.hpp"

using namespace strata;

namespace {

io::KeyRing new_ring() {
  io::Memory keys;
  return io::KeyRing::create(keys, "/ring",
                             {"m", io::SecretKey::from(std::string(32, 'k')).value()})
      .value();
}

template <class Fs>
void check_conformance(Fs fs, const std::string& directory) {
  const auto found = testing::file_system_conformance(std::move(fs), directory);
  CHECK(found.violations == testing::Sentences{});
  CHECK(found.checked > 500);
}

}  // namespace

TEMPLATE_TEST_CASE("encrypted file systems keep the promises of a file system", "",
                   aead::Aes256Gcm, aead::ChaCha20Poly1305) {
  test::TemporaryDirectory directory;
  check_conformance(io::Encrypted<io::Posix, TestType>(new_ring()), directory.path());
  io::Encrypted<io::Memory, TestType> memory(new_ring());
  REQUIRE(memory.create_directory("/d"));
  check_conformance(memory, "/d");
  io::Encrypted<io::Simulated, TestType> simulated(new_ring());
  REQUIRE(simulated.create_directory("/d"));
  check_conformance(simulated, "/d");
  CHECK(simulated.inner().files_open() == 0);
}
