// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the object store takes and gives. Names are S3's where S3 has one. Tested through the
/// store: tests/store/object_store_test.cpp.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/lsm/options.hpp>

namespace strata::store {

inline constexpr std::size_t bucket_name_bytes_max = 63;
inline constexpr std::size_t object_key_bytes_max = 1024;
inline constexpr std::uint32_t part_number_max = 10'000;

using ObjectMetadata = std::map<std::string, std::string, std::less<>>;

struct ObjectInfo {
  std::string key{};
  std::uint64_t size = 0;
  /// MD5 in hex; of what came in parts: of the parts' MD5s, "-", how many parts.
  std::string etag{};
  std::string sha256{};  ///< likewise
  std::string content_type{};
  std::int64_t time_ms = 0;  ///< as its writer said
  ObjectMetadata metadata{};
};

struct Object {
  ObjectInfo info;
  std::string data;
};

struct PutOptions {
  std::string content_type = "application/octet-stream";
  ObjectMetadata metadata{};
  std::int64_t time_ms = 0;  ///< kept as it is: the store reads no clock
  /// Replace only an object that has this ETag.
  std::optional<std::string> if_match = std::nullopt;
  /// Only if there is no object of that key (S3's `If-None-Match: *`).
  bool if_absent = false;
  WriteOptions write{};
};

struct GetOptions {
  /// Only an object that has this ETag...
  std::optional<std::string> if_match = std::nullopt;
  /// ... or has another one.
  std::optional<std::string> if_none_match = std::nullopt;
  const Snapshot* snapshot = nullptr;
};

struct ListQuery {
  std::string prefix{};
  /// Keys that go on behind the prefix with this in them are rolled up into one common prefix.
  std::string delimiter{};
  std::string start_after{};
  std::string page{};        ///< `Listing::next` of the page before
  std::size_t limit = 1000;  ///< of objects and common prefixes together; at least 1
};

struct Listing {
  std::vector<ObjectInfo> objects;
  std::vector<std::string> common_prefixes;
  /// Where the next page begins; none: this is the last one.
  std::optional<std::string> next;
};

struct BucketUsage {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const BucketUsage&, const BucketUsage&) = default;
};

/// Of a multipart upload.
using UploadId = std::uint64_t;

struct PartInfo {
  std::uint32_t number = 0;  ///< 1 to 10,000
  std::uint64_t size = 0;
  std::string etag{};
  std::string sha256{};
};

/// What a client says that a part is, when it completes the upload.
struct CompletedPart {
  std::uint32_t number = 0;
  std::string etag{};
};

struct UploadInfo {
  UploadId id = 0;
  std::string bucket{};
  std::string key{};
  std::int64_t time_ms = 0;
};

struct ObjectStoreOptions {
  /// What each part of an upload but the last must have at least. S3: 5 MiB.
  std::uint64_t part_bytes_min = 0;
};

}  // namespace strata::store
