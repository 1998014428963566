// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An object written piece by piece, in constant memory. Nobody sees it before `finish()`.
///
/// Threads: one at a time. Must not outlive its store.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/store/object_chunks.hpp>
#include <strata/store/object_core.hpp>
#include <strata/store/object_digest.hpp>
#include <strata/store/object_record.hpp>
#include <strata/store/object_types.hpp>
#include <strata/txn/unit.hpp>

namespace strata::store {

template <class Db, class Family>
class ObjectWriter {
 public:
  ObjectWriter(Db& db, txn::KeyLocks& locks, Family family, detail::Generation generation,
               std::string_view bucket, std::string_view key, PutOptions options)
      : db_(&db),
        locks_(&locks),
        family_(family),
        run_(db, locks, family, generation, options.write),
        bucket_(bucket),
        key_(key),
        options_(std::move(options)) {}

  /// Errors: the database's; the object can only be given up then.
  [[nodiscard]] Result<void> append(std::string_view bytes) {
    digests_.update(bytes);
    return run_.append(bytes);
  }

  /// Publishes the object. Once. Errors: not_found (the bucket is gone), conflict (a condition of
  /// the options), the database's.
  [[nodiscard]] Result<ObjectInfo> finish() {
    auto sums = digests_.finish();
    if (!sums) {
      return propagate(std::move(sums));
    }
    detail::Head head = detail::head_of(key_, options_, std::move(*sums));
    const auto keys = detail::locks_of(family_, bucket_, key_);
    auto unit = txn::Unit<Db>::single(*db_, *locks_, keys);
    auto old = detail::admit(unit, family_, bucket_, key_, options_);
    if (!old) {
      return propagate(std::move(old));
    }
    if (head.info.size > 0) {
      auto run = run_.seal(unit);
      if (!run) {
        return propagate(std::move(run));
      }
      head.runs.push_back(*run);
    }
    if (auto done = detail::replace_head(unit, family_, bucket_, key_, *old, &head); !done) {
      return propagate(std::move(done));
    }
    auto done = unit.commit(options_.write);
    if (done || done.error().code() == ErrorCode::outcome_unknown) {
      run_.keep();  // the head names it, or may
    }
    return done ? Result<ObjectInfo>(std::move(head.info)) : propagate(std::move(done));
  }

 private:
  Db* db_;
  txn::KeyLocks* locks_;
  Family family_;
  detail::RunWriter<Db, Family> run_;
  detail::ObjectDigests digests_;
  std::string bucket_;
  std::string key_;
  PutOptions options_;
};

}  // namespace strata::store
