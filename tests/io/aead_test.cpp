// SPDX-License-Identifier: BSL-1.0
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/aead.hpp>

using namespace strata;

TEST_CASE("a key has 32 bytes, and says so of others") {
  const std::string bytes = "0123456789abcdef0123456789ABCDEF";
  CHECK(io::SecretKey::from(bytes).value().view() == bytes);
  for (const char* const wrong : {"", "short", "0123456789abcdef0123456789ABCDEF0"}) {
    const auto refused = io::SecretKey::from(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
    CHECK_THAT(refused.error().message(), Catch::Contains("32 bytes"));
  }
}

TEST_CASE("nonces of distinct counters and domains are distinct") {
  std::set<io::AeadNonce> nonces;
  for (std::uint32_t domain = 0; domain < 4; ++domain) {
    for (int bit = 0; bit < 64; ++bit) {
      nonces.insert(io::make_nonce(domain, std::uint64_t{1} << bit));
    }
  }
  CHECK(nonces.size() == 4 * 64);
}
