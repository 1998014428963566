// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The object store: buckets of large values with S3's semantics, in one family.
///
/// An object is a *head* (size, ETag, SHA-256, metadata) and runs of 256 KiB chunks. A new object
/// has new runs; one commit puts its head in the place of the old one, drops the old runs and
/// counts the bucket's usage. So a crash leaves the old object or the new one, never a mixture, and
/// readers go on with what they opened. A multipart upload is completed without copying: its head
/// lists the runs of its parts.
///
///     Objects<Db> objects(db, locks);
///     objects.create_bucket("photos");
///     objects.put("photos", "2026/cat.jpg", bytes, {.content_type = "image/jpeg"});
///     objects.list("photos", {.prefix = "2026/", .delimiter = "/"});
///
/// Threads: all calls concurrent; writers of one object are serialised. Links OpenSSL
/// (strata::openssl).

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/store/object_buckets.hpp>
#include <strata/store/object_chunks.hpp>
#include <strata/store/object_core.hpp>
#include <strata/store/object_digest.hpp>
#include <strata/store/object_ids.hpp>
#include <strata/store/object_listing.hpp>
#include <strata/store/object_multipart.hpp>
#include <strata/store/object_reader.hpp>
#include <strata/store/object_types.hpp>
#include <strata/store/object_writer.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

template <class Db, FixedString Name = "objects">
class Objects {
  using FamilyHandle = decltype(std::declval<Db&>().template family<Name>());
  using Keys = detail::ObjectKeys;
  using Head = detail::Head;

 public:
  using Unit = txn::Unit<Db>;
  using Reader = ObjectReader<FamilyHandle>;
  using Writer = ObjectWriter<Db, FamilyHandle>;

  /// Requires: both outlive the store; every writer of the family uses the same locks.
  Objects(Db& db, txn::KeyLocks& locks, const ObjectStoreOptions& options = {})
      : db_(&db),
        locks_(&locks),
        family_(db.template family<Name>()),
        ids_(db, locks, family_),
        uploads_(db, locks, family_, ids_, options) {}
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;

  // Buckets.

  /// Errors: invalid_argument, already_exists.
  [[nodiscard]] Result<void> create_bucket(std::string_view bucket,
                                           const WriteOptions& options = {}) {
    auto unit = Unit::single(*db_, *locks_, {txn::LockKey(family_.id(), Keys::bucket(bucket))});
    if (auto done = detail::create_bucket(unit, family_, bucket); !done) {
      return done;
    }
    return unit.commit(options);
  }
  [[nodiscard]] Result<std::vector<std::string>> list_buckets(
      const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return detail::list_buckets(view, family_);
  }
  /// Waits for all units that are under way. Errors: not_found; conflict while it holds anything.
  [[nodiscard]] Result<void> remove_bucket(std::string_view bucket,
                                           const WriteOptions& options = {}) {
    auto unit = Unit::exclusive(*db_, *locks_);
    auto uploads = uploads_.list(unit);
    if (!uploads) {
      return propagate(std::move(uploads));
    }
    const bool has_uploads =
        std::any_of(uploads->begin(), uploads->end(),
                    [&](const UploadInfo& upload) { return upload.bucket == bucket; });
    if (auto done = detail::remove_bucket(unit, family_, bucket, has_uploads); !done) {
      return done;
    }
    return unit.commit(options);
  }
  /// O(1): counted with each change.
  [[nodiscard]] Result<BucketUsage> usage(std::string_view bucket,
                                          const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return detail::usage_of(view, family_, bucket);
  }

  // Objects.

  /// Stores `data` as the object, in the place of any other of that key. Errors: not_found (no
  /// such bucket), conflict (a condition of the options), invalid_argument.
  [[nodiscard]] Result<ObjectInfo> put(std::string_view bucket, std::string_view key,
                                       std::string_view data, const PutOptions& options = {}) {
    auto writer = write(bucket, key, options);
    if (!writer) {
      return propagate(std::move(writer));
    }
    if (auto done = writer->append(data); !done) {
      return propagate(std::move(done));
    }
    return writer->finish();
  }
  /// The same as part of a unit, which is exclusive. For objects that fit in memory.
  [[nodiscard]] Result<ObjectInfo> put(Unit& unit, std::string_view bucket, std::string_view key,
                                       std::string_view data, const PutOptions& options = {}) {
    if (auto valid = detail::check_object_key(key); !valid) {
      return propagate(std::move(valid));
    }
    auto generation = ids_.next(unit);
    if (!generation) {
      return propagate(std::move(generation));
    }
    detail::ObjectDigests digests;
    digests.update(data);
    auto sums = digests.finish();
    auto old = detail::admit(unit, family_, bucket, key, options);
    if (!sums || !old) {
      return !sums ? propagate(std::move(sums)) : propagate(std::move(old));
    }
    Head head = detail::head_of(key, options, std::move(*sums));
    if (!data.empty()) {
      head.runs.push_back(detail::put_run(unit, family_, *generation, data));
    }
    if (auto done = detail::replace_head(unit, family_, bucket, key, *old, &head); !done) {
      return propagate(std::move(done));
    }
    return std::move(head.info);
  }

  /// An object to come: append to it in pieces of any size, in constant memory; `finish()` makes
  /// it visible. Dropped unfinished it leaves nothing.
  [[nodiscard]] Result<Writer> write(std::string_view bucket, std::string_view key,
                                     const PutOptions& options = {}) {
    if (auto valid = detail::check_object_key(key); !valid) {
      return propagate(std::move(valid));
    }
    if (auto there = detail::require_bucket(now_, family_, bucket); !there) {
      return propagate(std::move(there));
    }
    auto generation = ids_.next();
    if (!generation) {
      return propagate(std::move(generation));
    }
    return Writer(*db_, *locks_, family_, *generation, bucket, key, options);
  }

  /// None: there is no such object. The whole is checked against its SHA-256. Errors: not_found (no
  /// such bucket), conflict (a condition of the options), corruption.
  [[nodiscard]] Result<std::optional<Object>> get(std::string_view bucket, std::string_view key,
                                                  const GetOptions& options = {}) const {
    auto reader = open(bucket, key, options);
    if (!reader) {
      return propagate(std::move(reader));
    }
    if (!*reader) {
      return std::optional<Object>();
    }
    auto data = (*reader)->read_all();
    if (!data) {
      return propagate(std::move(data));
    }
    return std::optional<Object>(Object{(*reader)->info(), std::move(*data)});
  }
  /// `length` bytes from `first` on, fewer where the object ends. Errors: as `get`, and not_found
  /// without the object; invalid_argument where `first` lies behind its end.
  [[nodiscard]] Result<std::string> get_range(std::string_view bucket, std::string_view key,
                                              std::uint64_t first, std::uint64_t length,
                                              const GetOptions& options = {}) const {
    auto reader = require(bucket, key, options);
    if (!reader) {
      return propagate(std::move(reader));
    }
    const std::uint64_t size = reader->info().size;
    if (first > size || (first == size && size > 0)) {
      return fail(ErrorCode::invalid_argument, "object '", key, "' has ", std::to_string(size),
                  " bytes; a range can not begin at ", std::to_string(first));
    }
    reader->seek(first);
    return reader->read(length);
  }
  /// The last `length` bytes, or all where there are fewer.
  [[nodiscard]] Result<std::string> get_suffix(std::string_view bucket, std::string_view key,
                                               std::uint64_t length,
                                               const GetOptions& options = {}) const {
    auto reader = require(bucket, key, options);
    if (!reader) {
      return propagate(std::move(reader));
    }
    reader->seek(reader->info().size - std::min(length, reader->info().size));
    return reader->read(length);
  }
  /// The object as of now, to be read in pieces. None: there is no such object.
  [[nodiscard]] Result<std::optional<Reader>> open(std::string_view bucket, std::string_view key,
                                                   const GetOptions& options = {}) const {
    // Of one moment: the chunks that the head names stay readable.
    std::unique_ptr<Snapshot> own;
    if (options.snapshot == nullptr) {
      own = std::make_unique<Snapshot>(db_->snapshot());
    }
    const txn::View view(own ? own.get() : options.snapshot);
    auto head = find(view, bucket, key);
    if (!head) {
      return propagate(std::move(head));
    }
    if (!*head) {
      return std::optional<Reader>();
    }
    const std::string& etag = (*head)->info.etag;
    if ((options.if_match && *options.if_match != etag) ||
        (options.if_none_match && *options.if_none_match == etag)) {
      return fail(ErrorCode::conflict, "object '", key, "' has ETag ", etag,
                  ", which the condition of the read rules out");
    }
    return std::optional<Reader>(own ? Reader(std::move(own), family_, std::move(**head))
                                     : Reader(*options.snapshot, family_, std::move(**head)));
  }
  [[nodiscard]] Result<std::optional<ObjectInfo>> head(std::string_view bucket,
                                                       std::string_view key,
                                                       const Snapshot* snapshot = nullptr) const {
    return info_of(find(txn::View(snapshot), bucket, key));
  }
  [[nodiscard]] Result<std::optional<ObjectInfo>> head(Unit& unit, std::string_view bucket,
                                                       std::string_view key) const {
    return info_of(find(unit, bucket, key));
  }

  /// Whether there was such an object.
  [[nodiscard]] Result<bool> erase(std::string_view bucket, std::string_view key,
                                   const WriteOptions& options = {}) {
    const auto keys = detail::locks_of(family_, bucket, key);
    auto unit = Unit::single(*db_, *locks_, keys);
    auto erased = erase(unit, bucket, key);
    if (erased && *erased) {
      if (auto done = unit.commit(options); !done) {
        return propagate(std::move(done));
      }
    }
    return erased;
  }
  [[nodiscard]] Result<bool> erase(Unit& unit, std::string_view bucket, std::string_view key) {
    auto old = find(unit, bucket, key);
    if (!old) {
      return propagate(std::move(old));
    }
    if (*old) {
      if (auto done = detail::replace_head(unit, family_, bucket, key, *old, nullptr); !done) {
        return propagate(std::move(done));
      }
    }
    return old->has_value();
  }

  /// A copy under another key or in another bucket, with the same content type and metadata, in
  /// constant memory. Errors: not_found names what is missing.
  [[nodiscard]] Result<ObjectInfo> copy(std::string_view from_bucket, std::string_view from_key,
                                        std::string_view to_bucket, std::string_view to_key,
                                        const WriteOptions& options = {}) {
    auto source = require(from_bucket, from_key, {});
    if (!source) {
      return propagate(std::move(source));
    }
    const ObjectInfo& info = source->info();
    PutOptions put;
    put.content_type = info.content_type;
    put.metadata = info.metadata;
    put.time_ms = info.time_ms;
    put.write = options;
    auto target = write(to_bucket, to_key, put);
    if (!target) {
      return propagate(std::move(target));
    }
    std::string piece(4 * detail::chunk_bytes, '\0');
    for (;;) {
      auto taken = source->read(std::span(piece));
      if (!taken) {
        return propagate(std::move(taken));
      }
      if (*taken == 0) {
        return target->finish();
      }
      if (auto done = target->append(std::string_view(piece).substr(0, *taken)); !done) {
        return propagate(std::move(done));
      }
    }
  }

  /// Objects in the order of their keys, a page at a time. A page is of one moment; so are all,
  /// where they are read as of one snapshot.
  [[nodiscard]] Result<Listing> list(std::string_view bucket, const ListQuery& query = {},
                                     const Snapshot* snapshot = nullptr) const {
    std::optional<Snapshot> own;  // a page is several scans
    if (snapshot == nullptr) {
      snapshot = &own.emplace(db_->snapshot());
    }
    const txn::View view(snapshot);
    if (auto there = detail::require_bucket(view, family_, bucket); !there) {
      return propagate(std::move(there));
    }
    return detail::list_objects(view, family_, bucket, query);
  }

  /// Objects that come in parts.
  [[nodiscard]] MultipartUploads<Db, FamilyHandle>& multipart() noexcept { return uploads_; }

  /// Drops the bytes of writers that died before they finished; how many there were. For after
  /// opening the database: a writer that lives loses its bytes too, and fails with `conflict`.
  [[nodiscard]] Result<std::uint64_t> remove_abandoned(const WriteOptions& options = {}) {
    auto unit = Unit::exclusive(*db_, *locks_);
    auto abandoned = detail::erase_abandoned(unit, family_);
    if (!abandoned) {
      return abandoned;
    }
    auto done = unit.commit(options);
    return done ? abandoned : propagate(std::move(done));
  }

 private:
  template <class Source>
  [[nodiscard]] Result<std::optional<Head>> find(Source&& reader, std::string_view bucket,
                                                 std::string_view key) const {
    if (auto there = detail::require_bucket(reader, family_, bucket); !there) {
      return propagate(std::move(there));
    }
    return detail::get_head(reader, family_, bucket, key);
  }
  [[nodiscard]] static Result<std::optional<ObjectInfo>> info_of(Result<std::optional<Head>> head) {
    if (!head) {
      return propagate(std::move(head));
    }
    return *head ? std::optional<ObjectInfo>(std::move((*head)->info)) : std::nullopt;
  }
  /// A reader of an object that must be there.
  [[nodiscard]] Result<Reader> require(std::string_view bucket, std::string_view key,
                                       const GetOptions& options) const {
    auto reader = open(bucket, key, options);
    if (!reader) {
      return propagate(std::move(reader));
    }
    if (!*reader) {
      return fail(ErrorCode::not_found, "there is no object '", key, "' in bucket '", bucket,
                  "'; list the bucket to see its keys");
    }
    return std::move(**reader);
  }

  Db* db_;
  txn::KeyLocks* locks_;
  FamilyHandle family_;
  detail::ObjectIds<Db, FamilyHandle> ids_;
  MultipartUploads<Db, FamilyHandle> uploads_;
  txn::View now_;
};

}  // namespace strata::store
