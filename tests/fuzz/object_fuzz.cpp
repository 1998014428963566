// SPDX-License-Identifier: BSL-1.0
//
// Records and keys of the object store: what is accepted is the same after it was written again.
//
//     input   what u8, the bytes
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/store/object_keys.hpp>
#include <strata/store/object_record.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
namespace detail = store::detail;

/// One way to write a value: so the second encoding is that of the first.
template <class Record>
void check_record(std::string_view bytes) {
  Record record;
  if (!detail::decode(bytes, record)) {
    return;
  }
  const std::string encoded = detail::encode(record);
  Record again;
  fuzz::require(detail::decode(encoded, again));
  fuzz::require(detail::encode(again) == encoded);
}

void check_keys(std::string_view key) {
  std::string bucket;
  if (detail::ObjectKeys::decode_bucket(key, bucket)) {
    fuzz::require(detail::ObjectKeys::bucket(bucket) == key);
  }
  std::uint64_t id = 0;
  if (detail::ObjectKeys::decode_upload(key, id)) {
    fuzz::require(detail::ObjectKeys::upload(id) == key);
  }
  if (detail::ObjectKeys::decode_pending(key, id)) {
    fuzz::require(detail::ObjectKeys::pending(id) == key);
  }
  std::uint32_t number = 0;
  (void)detail::ObjectKeys::decode_part(key, number);
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  switch (in.number() % 4) {
    case 0: check_record<detail::Head>(in.rest()); break;
    case 1: check_record<detail::Upload>(in.rest()); break;
    case 2: check_record<detail::Part>(in.rest()); break;
    default: check_keys(in.rest()); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  detail::Head head;
  head.info.size = 300;
  head.info.etag = "d41d8cd98f00b204e9800998ecf8427e";
  head.info.content_type = "text/plain";
  head.info.time_ms = 1'600'000'000'000;
  head.info.metadata = {{"author", "anna"}, {"empty", ""}};
  head.runs = {{1, 100}, {70000, 200}};
  detail::Upload upload;
  upload.bucket = "photos";
  upload.info.key = "a/b.jpg";
  const detail::Part part{{5, 1 << 20}, "etag", "sha256"};
  return {{"head", '\0' + detail::encode(head)},
          {"head_empty", '\0' + detail::encode(detail::Head{})},
          {"upload", '\1' + detail::encode(upload)},
          {"part", '\2' + detail::encode(part)},
          {"bucket", '\3' + detail::ObjectKeys::bucket("photos")},
          {"upload_key", '\3' + detail::ObjectKeys::upload(9)},
          {"part_key", '\3' + detail::ObjectKeys::part(9, 2)},
          {"pending", '\3' + detail::ObjectKeys::pending(77)}};
}

const fuzz::Target target("object", run, seeds);

}  // namespace
