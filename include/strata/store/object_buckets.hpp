// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Buckets: names that objects live under, and how much each holds.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/object_core.hpp>
#include <strata/store/object_keys.hpp>
#include <strata/store/object_types.hpp>
#include <strata/txn/unit.hpp>

namespace strata::store::detail {

/// Requires: the unit owns the bucket's key. Errors: invalid_argument, already_exists.
template <class Db, class Family>
[[nodiscard]] Result<void> create_bucket(txn::Unit<Db>& unit, const Family& family,
                                         std::string_view bucket) {
  if (auto valid = check_bucket_name(bucket); !valid) {
    return valid;
  }
  const std::string key = ObjectKeys::bucket(bucket);
  auto found = unit.get(family, key);
  if (!found) {
    return propagate(std::move(found));
  }
  if (*found) {
    return fail(ErrorCode::already_exists, "there is a bucket '", bucket, "' already");
  }
  unit.put(family, key, "");
  return {};
}

template <class Reader, class Family>
[[nodiscard]] Result<std::vector<std::string>> list_buckets(Reader& reader, const Family& family) {
  std::vector<std::string> names;
  bool is_damaged = false;
  auto done =
      reader.scan(family, ObjectKeys::buckets(), [&](std::string_view key, std::string_view) {
        is_damaged = !ObjectKeys::decode_bucket(key, names.emplace_back());
        return !is_damaged;
      });
  if (!done) {
    return propagate(std::move(done));
  }
  if (is_damaged) {
    return fail(ErrorCode::corruption, "the name of a bucket is damaged; restore a backup");
  }
  return names;
}

/// Requires: the unit is exclusive, `has_uploads` says whether uploads into the bucket are under
/// way. Errors: not_found; conflict while it holds anything.
template <class Db, class Family>
[[nodiscard]] Result<void> remove_bucket(txn::Unit<Db>& unit, const Family& family,
                                         std::string_view bucket, bool has_uploads) {
  if (auto there = require_bucket(unit, family, bucket); !there) {
    return there;
  }
  bool has_objects = false;
  auto done =
      unit.scan(family, ObjectKeys::heads(bucket, {}), [&](std::string_view, std::string_view) {
        has_objects = true;
        return false;
      });
  if (!done) {
    return done;
  }
  if (has_uploads || has_objects) {
    return fail(ErrorCode::conflict, "bucket '", bucket, "' is not empty; ",
                has_uploads ? "abort its uploads" : "erase its objects", " first");
  }
  unit.erase(family, ObjectKeys::bucket(bucket));
  const auto usage = ObjectKeys::usages(bucket);
  unit.erase_range(family, usage.first, *usage.last);
  return {};
}

/// Errors: not_found, corruption.
template <class Reader, class Family>
[[nodiscard]] Result<BucketUsage> usage_of(Reader& reader, const Family& family,
                                           std::string_view bucket) {
  if (auto there = require_bucket(reader, family, bucket); !there) {
    return propagate(std::move(there));
  }
  Result<BucketUsage> sum = BucketUsage{};
  auto done = reader.scan(family, ObjectKeys::usages(bucket),
                          [&](std::string_view, std::string_view value) {
                            auto stripe = decode_usage(value);
                            if (!stripe) {
                              sum = std::move(stripe);
                              return false;
                            }
                            sum->objects += stripe->objects;
                            sum->bytes += stripe->bytes;
                            return true;
                          });
  return done ? sum : propagate(std::move(done));
}

}  // namespace strata::store::detail
