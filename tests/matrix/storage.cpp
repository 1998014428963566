// SPDX-License-Identifier: BSL-1.0
#include <strata/io/aead_openssl.hpp>
#include <strata/io/direct.hpp>
#include <strata/io/encrypted.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/rate_limited.hpp>
#include <strata/io/simulated.hpp>
#include <strata/io/uring.hpp>
#include <strata/testing/aead_conformance.hpp>
#include <strata/testing/file_system_conformance.hpp>
#include <strata/testing/wal_conformance.hpp>
#include <strata/wal/group_commit.hpp>
#include <strata/wal/none.hpp>
#include <string>

#include "../io/temporary_directory.hpp"
#include "matrix.hpp"

namespace strata::matrix {

namespace {

template <class... FileSystems>
void add_files(Rows& rows, const std::string& directory, FileSystems... fs) {
  (add<FileSystems>(rows, testing::file_system_conformance(fs, directory)), ...);
}

[[nodiscard]] io::KeyRing new_ring() {
  io::Memory keys;
  return io::KeyRing::create(keys, "ring", {"m", *io::SecretKey::from(std::string(32, 'k'))})
      .value();
}

}  // namespace

void add_storage(Rows& rows) {
  const test::TemporaryDirectory directory;
  add_files(rows, directory.path(), io::Direct(), io::Posix(), io::Uring());
  add_files(rows, "", io::Encrypted<io::Memory>(new_ring()), io::Memory(),
            io::RateLimited<io::Memory>(), io::Simulated());
  add<wal::GroupCommit>(
      rows, together({testing::wal_conformance<wal::GroupCommit>(io::Memory(), "",
                                                                 {.segment_bytes = 4096}),
                      testing::wal_conformance<wal::GroupCommit>(io::Posix(), directory.path())}));
  add<wal::None>(rows, testing::wal_conformance<wal::None>(io::Memory(), ""));
  add<aead::Aes256Gcm>(rows, testing::aead_conformance<aead::Aes256Gcm>());
  add<aead::ChaCha20Poly1305>(rows, testing::aead_conformance<aead::ChaCha20Poly1305>());
}

}  // namespace strata::matrix
