// SPDX-License-Identifier: BSL-1.0
/// A real binary file as an object, with digests that were computed by other means.
#include <strata/store/object_store.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

#include "databases.hpp"
#include "real_data.hpp"

using namespace strata;
using store::Objects;

namespace {

std::string_view text(const boost::json::value& json) {
  return {json.get_string().data(), json.get_string().size()};
}

std::string sha256(std::string_view bytes) {
  store::Digest digest = store::Digest::sha256();
  digest.update(bytes);
  return store::to_hex(digest.finish().value());
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a table of flights: size, digests and ranges are right", "[objects]",
                        databases::all<"objects">) {
  const auto file = real_data::read("objects/flights-200k.arrow");
  if (!file) {
    return;
  }
  const auto all = boost::json::parse(*real_data::read("facts.json"));
  const auto& facts = all.at("objects/flights-200k.arrow");
  TestType holder;
  txn::KeyLocks locks;
  Objects<typename TestType::Db> objects(holder.db, locks);
  REQUIRE(objects.create_bucket("data"));
  const auto put = objects.put("data", "flights", *file);
  REQUIRE(put);
  CHECK(put->size == facts.at("bytes").to_number<std::uint64_t>());
  CHECK(put->etag == text(facts.at("md5")));
  CHECK(put->sha256 == text(facts.at("sha256")));
  CHECK((objects.get("data", "flights").value()->data == *file));
  CHECK(sha256(objects.get_range("data", "flights", 1000, 100).value()) ==
        text(facts.at("bytes_1000_1099_sha256")));

  auto reader = objects.open("data", "flights").value();
  REQUIRE(reader);
  std::string read;
  std::string piece(9'999, '\0');
  for (std::size_t taken = 1; taken > 0;) {
    taken = reader->read(piece).value();
    read.append(piece, 0, taken);
  }
  CHECK(sha256(read) == text(facts.at("sha256")));
}

TEMPLATE_LIST_TEST_CASE("a table of flights in parts has the ETag that S3 would give", "[objects]",
                        databases::all<"objects">) {
  const auto file = real_data::read("objects/flights-200k.arrow");
  if (!file) {
    return;
  }
  const auto all = boost::json::parse(*real_data::read("facts.json"));
  const auto& facts = all.at("objects/flights-200k.arrow");
  TestType holder;
  txn::KeyLocks locks;
  Objects<typename TestType::Db> objects(holder.db, locks);
  REQUIRE(objects.create_bucket("data"));
  for (const auto& fact : facts.at("multipart_etag").as_object()) {
    const std::string part_bytes_text(fact.key().data(), fact.key().size());
    CAPTURE(part_bytes_text);
    const std::size_t part_bytes = std::stoul(part_bytes_text);
    auto& uploads = objects.multipart();
    const auto id = uploads.create("data", "flights").value();
    std::vector<store::CompletedPart> parts;
    for (std::size_t at = 0; at < file->size(); at += part_bytes) {
      const auto number = static_cast<std::uint32_t>(parts.size() + 1);
      const auto part =
          uploads.upload_part(id, number, std::string_view(*file).substr(at, part_bytes));
      REQUIRE(part);
      parts.push_back({number, part->etag});
    }
    const auto done = uploads.complete(id, parts);
    REQUIRE(done);
    CHECK(done->etag == text(fact.value()));
    CHECK((objects.get("data", "flights").value()->data == *file));
    CHECK(sha256(objects.get_range("data", "flights", 1000, 100).value()) ==
          text(facts.at("bytes_1000_1099_sha256")));
  }
}
