// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_digest.hpp>

#include <string>
#include <utility>

#include <catch2/catch.hpp>

using strata::store::Digest;
using strata::store::from_hex;
using strata::store::to_hex;

namespace {

std::string finish(Digest digest, std::string_view text) {
  digest.update(text);
  return to_hex(digest.finish().value());
}

}  // namespace

TEST_CASE("digests of the standards' own examples") {
  // RFC 1321, appendix A.5, and FIPS 180-4's examples.
  CHECK(finish(Digest::md5(), "") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(finish(Digest::md5(), "message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(finish(Digest::sha256(), "abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a digest does not depend on how its bytes are cut") {
  Digest pieces = Digest::sha256();
  const std::string text(1000, 'a');
  for (const char c : text) {
    pieces.update({&c, 1});
  }
  CHECK(to_hex(pieces.finish().value()) == finish(Digest::sha256(), text));
}

TEST_CASE("hexadecimal digits go there and back") {
  const std::string bytes("\x00\x7f\x80\xff\xab", 5);
  CHECK(to_hex(bytes) == "007f80ffab");
  CHECK(from_hex("007f80ffab") == bytes);
  CHECK(from_hex("").empty());
}

TEST_CASE("a digest that was moved goes on where it was") {
  Digest first = Digest::md5();
  first.update("message ");
  Digest second = std::move(first);
  second.update("digest");
  CHECK(to_hex(second.finish().value()) == "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST_CASE("the digest of what came in parts is that of the parts' digests, and their number") {
  const std::string parts[] = {finish(Digest::md5(), "aaaa"), finish(Digest::md5(), "bbb"),
                               finish(Digest::md5(), "cc")};
  CHECK(strata::store::detail::composite_of(Digest::md5(), parts).value() ==
        "1deadf86e7f0003982988c5f5928d31f-3");
}
