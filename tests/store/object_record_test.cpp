// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_record.hpp>

#include <string>

#include <catch2/catch.hpp>

using namespace strata::store;
using namespace strata::store::detail;

TEST_CASE("records read back, and no shorter or longer bytes do") {
  Head head;
  head.info.size = 300;
  head.info.etag = "e";
  head.info.sha256 = "s";
  head.info.content_type = "text/plain";
  head.info.time_ms = -1;
  head.info.metadata = {{"a", "1"}, {"b", ""}};
  head.runs = {{1, 100}, {1'000'000, 200}};
  const std::string bytes = encode(head);
  Head read;
  REQUIRE(decode(bytes, read));
  CHECK(encode(read) == bytes);
  CHECK(read.info.metadata == head.info.metadata);
  CHECK(read.runs[1].generation == 1'000'000);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Head torn;
    CHECK_FALSE(decode(bytes.substr(0, size), torn));
  }
  Head longer;
  CHECK_FALSE(decode(bytes + "x", longer));
}

TEST_CASE("a head whose runs do not add up to its size is damaged") {
  Head head;
  head.info.size = 301;
  head.runs = {{1, 100}, {2, 200}};
  Head read;
  CHECK_FALSE(decode(encode(head), read));
}

TEST_CASE("uploads and parts read back; a later version is refused") {
  Upload upload;
  upload.bucket = "b";
  upload.info.key = "k";
  std::string bytes = encode(upload);
  Upload read;
  REQUIRE(decode(bytes, read));
  CHECK(read.info.key == "k");
  bytes[0] = 2;
  CHECK_FALSE(decode(bytes, read));
  Part part;
  REQUIRE(decode(encode(Part{{5, 6}, "e"}), part));
  CHECK(part.run.size == 6);
  CHECK(part.etag == "e");
}
