// SPDX-License-Identifier: BSL-1.0
//
// A real binary file as an object: its digests, its ETags for several part sizes, a byte range.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/store/object_store.hpp>
#include "databases.hpp"
#include "real_data.hpp"

using namespace strata;

namespace {

std::string sha256(std::string_view bytes) {
  store::Digest digest = store::Digest::sha256();
  digest.update(bytes);
  return store::to_hex(digest.finish().value());
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the flights file, whole and in parts, has the digests S3 would give it",
                        "[objects][data]", databases::all<"objects">) {
  const auto data = real_data::read("objects/flights-200k.arrow");
  if (!data) {
    return;
  }
  TestType holder;
  txn::KeyLocks locks;
  store::Objects<typename TestType::Db> objects(holder.db, locks);
  REQUIRE(objects.create_bucket("flights"));
  const auto put = objects.put("flights", "200k.arrow", *data).value();
  CHECK(put.size == 1'600'864);
  CHECK(put.etag == "014ae543230d10b029781eacd21925ca");
  CHECK(put.sha256 == "3a0e2e459f388c98f5323a59ccd011a888e717603480fa27cbaacbd000370d5b");
  CHECK(objects.get("flights", "200k.arrow").value()->data == *data);
  CHECK(sha256(objects.get_range("flights", "200k.arrow", 1000, 100).value()) ==
        "3b14ec9c1fe37b97398ef5797ed42182325d6a9e1287172dd8ae2dac2b02de54");

  const std::vector<std::pair<std::size_t, std::string>> etags = {
      {262'144, "440510efb67437ef8b7f63615da25de3-7"},
      {1'048'576, "1dc8f55f5c0fa882caf5f93f5fd1ac19-2"},
      {5'242'880, "da4bd19a5053b5e7a7cea68793f0bd84-1"}};
  for (const auto& [part_bytes, etag] : etags) {
    CAPTURE(part_bytes);
    const auto id = objects.multipart().create("flights", "in parts").value();
    std::vector<store::CompletedPart> parts;
    for (std::size_t at = 0; at < data->size(); at += part_bytes) {
      const auto number = static_cast<std::uint32_t>(parts.size() + 1);
      const auto part = objects.multipart().upload_part(
          id, number, std::string_view(*data).substr(at, part_bytes));
      parts.push_back({number, part.value().etag});
    }
    CHECK(objects.multipart().complete(id, parts).value().etag == etag);
    CHECK(objects.get("flights", "in parts").value()->data == *data);
  }
}
