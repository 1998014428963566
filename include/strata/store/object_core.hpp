// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What every operation on objects is made of: look-ups over any `Reader` (txn/view.hpp), and the
/// commit that puts an object in the place of another, with the usage of its bucket. Tested through
/// the store: tests/store/object_store_test.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/store/object_chunks.hpp>
#include <strata/store/object_digest.hpp>
#include <strata/store/object_keys.hpp>
#include <strata/store/object_record.hpp>
#include <strata/store/object_types.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>

namespace strata::store::detail {

[[nodiscard]] inline Result<void> check_bucket_name(std::string_view name) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  if (name.empty() || name.size() > bucket_name_bytes_max ||
      name.find_first_not_of(allowed) != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "'", name,
                "' is no name for a bucket; take 1 to 63 letters, digits, '.', '-' and '_'");
  }
  return {};
}
[[nodiscard]] inline Result<void> check_object_key(std::string_view key) {
  if (key.empty() || key.size() > object_key_bytes_max) {
    return fail(ErrorCode::invalid_argument, "an object's key has ", std::to_string(key.size()),
                " bytes; keys have 1 to 1024 bytes");
  }
  return {};
}

template <class Reader, class Family>
[[nodiscard]] Result<void> require_bucket(Reader& reader, const Family& family,
                                          std::string_view bucket) {
  auto found = reader.get(family, ObjectKeys::bucket(bucket));
  if (!found) {
    return propagate(std::move(found));
  }
  if (!*found) {
    return fail(ErrorCode::not_found, "there is no bucket '", bucket,
                "'; make it with create_bucket");
  }
  return {};
}

/// Decodes a stored record; absent stays absent.
template <class Record, class Reader, class Family>
[[nodiscard]] Result<std::optional<Record>> get_record(Reader& reader, const Family& family,
                                                       std::string_view key,
                                                       std::string_view what) {
  auto found = reader.get(family, key);
  if (!found) {
    return propagate(std::move(found));
  }
  if (!*found) {
    return std::optional<Record>();
  }
  Record record;
  if (!decode(**found, record)) {
    return fail(ErrorCode::corruption, what, " is damaged; restore a backup");
  }
  return std::optional<Record>(std::move(record));
}
template <class Reader, class Family>
[[nodiscard]] Result<std::optional<Head>> get_head(Reader& reader, const Family& family,
                                                   std::string_view bucket, std::string_view key) {
  auto head = get_record<Head>(reader, family, ObjectKeys::head(bucket, key),
                               "the head of object '" + std::string(key) + "'");
  if (head && *head) {
    (*head)->info.key = key;
  }
  return head;
}
template <class Reader, class Family>
[[nodiscard]] Result<Upload> get_upload(Reader& reader, const Family& family, UploadId id) {
  auto upload =
      get_record<Upload>(reader, family, ObjectKeys::upload(id), "upload " + std::to_string(id));
  if (!upload) {
    return propagate(std::move(upload));
  }
  if (!*upload) {
    return fail(ErrorCode::not_found, "there is no upload ", std::to_string(id),
                "; it was completed, aborted or never created");
  }
  return std::move(**upload);
}

[[nodiscard]] inline Result<BucketUsage> decode_usage(std::string_view bytes) {
  BucketUsage usage;
  Decoder in(bytes);
  if (!in.take_fixed(usage.objects) || !in.take_fixed(usage.bytes) || !in.done()) {
    return fail(ErrorCode::corruption, "the usage of a bucket is damaged; restore a backup");
  }
  return usage;
}

/// What a unit that changes an object must own: the object, and its stripe of the bucket's usage.
template <class Family>
[[nodiscard]] std::vector<txn::LockKey> locks_of(const Family& family, std::string_view bucket,
                                                 std::string_view key) {
  return {txn::LockKey(family.id(), ObjectKeys::head(bucket, key)),
          txn::LockKey(family.id(), ObjectKeys::usage(bucket, key))};
}

/// Puts `head` in the place of `old`, absent either way: the head, the old runs, the usage.
/// Requires: the unit owns `locks_of` the object.
template <class Db, class Family>
[[nodiscard]] Result<void> replace_head(txn::Unit<Db>& unit, const Family& family,
                                        std::string_view bucket, std::string_view key,
                                        const std::optional<Head>& old, const Head* head) {
  const std::string usage_key = ObjectKeys::usage(bucket, key);
  auto stored = unit.get(family, usage_key);
  if (!stored) {
    return propagate(std::move(stored));
  }
  BucketUsage usage;
  if (*stored) {
    auto decoded = decode_usage(**stored);
    if (!decoded) {
      return propagate(std::move(decoded));
    }
    usage = *decoded;
  }
  if (old) {
    --usage.objects;
    usage.bytes -= old->info.size;
    for (const Run& run : old->runs) {
      erase_run(unit, family, run.generation);
    }
  }
  if (head != nullptr) {
    ++usage.objects;
    usage.bytes += head->info.size;
    unit.put(family, ObjectKeys::head(bucket, key), encode(*head));
  } else if (old) {
    unit.erase(family, ObjectKeys::head(bucket, key));
  }
  std::string counted;
  put_fixed(counted, usage.objects);
  put_fixed(counted, usage.bytes);
  unit.put(family, usage_key, counted);
  return {};
}

/// The head of an object of these sums, without runs.
[[nodiscard]] inline Head head_of(std::string_view key, const PutOptions& options,
                                  ObjectSums sums) {
  Head head;
  head.info.key = key;
  head.info.size = sums.size;
  head.info.etag = std::move(sums.md5);
  head.info.sha256 = std::move(sums.sha256);
  head.info.content_type = options.content_type;
  head.info.time_ms = options.time_ms;
  head.info.metadata = options.metadata;
  return head;
}

[[nodiscard]] inline Result<void> check_conditions(const PutOptions& options, std::string_view key,
                                                   const std::optional<Head>& old) {
  if (options.if_absent && old) {
    return fail(ErrorCode::conflict, "object '", key,
                "' exists; clear PutOptions::if_absent to replace it");
  }
  if (options.if_match && (!old || old->info.etag != *options.if_match)) {
    return fail(ErrorCode::conflict, "object '", key, "' ",
                old ? "has ETag " + old->info.etag : std::string("is absent"), ", not ",
                *options.if_match, "; read it again and decide anew");
  }
  return {};
}

/// Whether `options` let an object of that key be written now; the one that is there, if any.
/// Requires: the unit owns `locks_of` the object. Errors: not_found (the bucket), conflict.
template <class Db, class Family>
[[nodiscard]] Result<std::optional<Head>> admit(txn::Unit<Db>& unit, const Family& family,
                                                std::string_view bucket, std::string_view key,
                                                const PutOptions& options) {
  if (auto there = require_bucket(unit, family, bucket); !there) {
    return propagate(std::move(there));
  }
  auto old = get_head(unit, family, bucket, key);
  if (old) {
    if (auto allowed = check_conditions(options, key, *old); !allowed) {
      return propagate(std::move(allowed));
    }
  }
  return old;
}

}  // namespace strata::store::detail
