// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The records of the object store as bytes. Strings are a varint length and bytes:
///
///     head    01 size etag sha256 content_type time metadata runs
///     upload  01 bucket key content_type time metadata
///     part    01 run etag sha256
///
///     metadata   count:varint (name value)*
///     runs       count:varint run*            the object's bytes, one run after the other
///     run        generation:varint size:varint
///     time       i64, fixed
///
/// The first byte is the version of the record. Decoders take any bytes and say so by `false`.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/store/object_keys.hpp>
#include <strata/store/object_types.hpp>

namespace strata::store::detail {

/// Chunks of one generation, and how many bytes they hold together.
struct Run {
  Generation generation = 0;
  std::uint64_t size = 0;
};

struct Head {
  ObjectInfo info;  ///< all but the key
  std::vector<Run> runs;
};

struct Upload {
  std::string bucket;
  ObjectInfo info;  ///< key, content type, time and metadata of the object to be
};

struct Part {
  Run run;
  std::string etag{};
  std::string sha256{};
};

inline constexpr char object_record_version = 1;

inline void put_metadata(std::string& out, const ObjectMetadata& metadata) {
  put_varint(out, metadata.size());
  for (const auto& [name, value] : metadata) {
    put_string(out, name);
    put_string(out, value);
  }
}
[[nodiscard]] inline bool take_text(Decoder& in, std::string& text) {
  std::string_view bytes;
  if (!in.take_string(bytes)) {
    return false;
  }
  text.assign(bytes);
  return true;
}
[[nodiscard]] inline bool take_metadata(Decoder& in, ObjectMetadata& metadata) {
  std::uint64_t count = 0;
  if (!in.take_varint(count)) {
    return false;
  }
  for (; count > 0; --count) {
    std::string name;
    std::string value;
    if (!take_text(in, name) || !take_text(in, value)) {
      return false;
    }
    metadata.insert_or_assign(std::move(name), std::move(value));
  }
  return true;
}
inline void put_run(std::string& out, const Run& run) {
  put_varint(out, run.generation);
  put_varint(out, run.size);
}
[[nodiscard]] inline bool take_run(Decoder& in, Run& run) {
  return in.take_varint(run.generation) && in.take_varint(run.size);
}
[[nodiscard]] inline bool take_version(Decoder& in) {
  char version = 0;
  return in.take_fixed(version) && version == object_record_version;
}

[[nodiscard]] inline std::string encode(const Head& head) {
  std::string out(1, object_record_version);
  put_varint(out, head.info.size);
  put_string(out, head.info.etag);
  put_string(out, head.info.sha256);
  put_string(out, head.info.content_type);
  put_fixed(out, head.info.time_ms);
  put_metadata(out, head.info.metadata);
  put_varint(out, head.runs.size());
  for (const Run& run : head.runs) {
    put_run(out, run);
  }
  return out;
}
[[nodiscard]] inline bool decode(std::string_view bytes, Head& head) {
  Decoder in(bytes);
  std::uint64_t runs = 0;
  if (!take_version(in) || !in.take_varint(head.info.size) || !take_text(in, head.info.etag) ||
      !take_text(in, head.info.sha256) || !take_text(in, head.info.content_type) ||
      !in.take_fixed(head.info.time_ms) || !take_metadata(in, head.info.metadata) ||
      !in.take_varint(runs)) {
    return false;
  }
  std::uint64_t size = 0;
  for (; runs > 0; --runs) {
    Run run;
    if (!take_run(in, run)) {
      return false;
    }
    size += run.size;
    head.runs.push_back(run);
  }
  return in.done() && size == head.info.size;
}

[[nodiscard]] inline std::string encode(const Upload& upload) {
  std::string out(1, object_record_version);
  put_string(out, upload.bucket);
  put_string(out, upload.info.key);
  put_string(out, upload.info.content_type);
  put_fixed(out, upload.info.time_ms);
  put_metadata(out, upload.info.metadata);
  return out;
}
[[nodiscard]] inline bool decode(std::string_view bytes, Upload& upload) {
  Decoder in(bytes);
  return take_version(in) && take_text(in, upload.bucket) && take_text(in, upload.info.key) &&
         take_text(in, upload.info.content_type) && in.take_fixed(upload.info.time_ms) &&
         take_metadata(in, upload.info.metadata) && in.done();
}

[[nodiscard]] inline std::string encode(const Part& part) {
  std::string out(1, object_record_version);
  put_run(out, part.run);
  put_string(out, part.etag);
  put_string(out, part.sha256);
  return out;
}
[[nodiscard]] inline bool decode(std::string_view bytes, Part& part) {
  Decoder in(bytes);
  return take_version(in) && take_run(in, part.run) && take_text(in, part.etag) &&
         take_text(in, part.sha256) && in.done();
}

}  // namespace strata::store::detail
