// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_keys.hpp>

#include <string>

#include <catch2/catch.hpp>

using strata::store::detail::ObjectKeys;

TEST_CASE("no key of one bucket lies among another's, whatever their names") {
  const auto a = ObjectKeys::heads("a", "");
  for (const char* other : {"", "a.", "aa", "b"}) {
    for (const std::string& key : {std::string(), std::string("\0", 1), std::string("\xff")}) {
      CHECK_FALSE(a.contains(ObjectKeys::head(other, key)));
    }
  }
  CHECK(a.contains(ObjectKeys::head("a", std::string(1024, '\xff'))));
}

TEST_CASE("heads keep the byte order of their keys, and give them back") {
  CHECK(ObjectKeys::head("a", "b") < ObjectKeys::head("a", "b/"));
  CHECK(ObjectKeys::head("a", "b/") < ObjectKeys::head("a", "c"));
  CHECK(ObjectKeys::key_of_head("a", ObjectKeys::head("a", "some/key")) == "some/key");
}

TEST_CASE("chunks of a generation lie together, in order") {
  const auto chunks = ObjectKeys::chunks(7);
  CHECK(chunks.contains(ObjectKeys::chunk(7, 0)));
  CHECK(chunks.contains(ObjectKeys::chunk(7, UINT32_MAX)));
  CHECK_FALSE(chunks.contains(ObjectKeys::chunk(6, UINT32_MAX)));
  CHECK_FALSE(chunks.contains(ObjectKeys::chunk(8, 0)));
  CHECK(ObjectKeys::chunk(7, 255) < ObjectKeys::chunk(7, 256));
}

TEST_CASE("keys read back, and other bytes are refused") {
  std::string bucket;
  CHECK(ObjectKeys::decode_bucket(ObjectKeys::bucket("photos"), bucket));
  CHECK(bucket == "photos");
  strata::store::UploadId upload = 0;
  CHECK(ObjectKeys::decode_upload(ObjectKeys::upload(77), upload));
  CHECK(upload == 77);
  std::uint32_t part = 0;
  CHECK(ObjectKeys::decode_part(ObjectKeys::part(77, 9), part));
  CHECK(part == 9);
  CHECK_FALSE(ObjectKeys::decode_part(ObjectKeys::upload(77), part));
  CHECK_FALSE(ObjectKeys::decode_upload(ObjectKeys::part(77, 9), upload));
  CHECK_FALSE(ObjectKeys::decode_bucket("", bucket));
}
