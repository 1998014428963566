// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Multipart uploads with S3's rules and ETags. All of an upload lies in the database: it survives
/// a restart, and ends by `complete`, `abort` or `expire`.
///
/// A part is a run of chunks; `complete` checks number, order and ETag of each part, and is one
/// commit that makes a head of their runs. Nothing is copied, and where a check fails nothing is
/// changed.

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/object_core.hpp>
#include <strata/store/object_digest.hpp>
#include <strata/store/object_ids.hpp>
#include <strata/store/object_record.hpp>
#include <strata/store/object_types.hpp>

namespace strata::store::detail {

using Parts = std::map<std::uint32_t, Part>;

template <class Reader, class Family>
[[nodiscard]] Result<Parts> get_parts(Reader& reader, const Family& family, UploadId id) {
  Parts parts;
  bool is_damaged = false;
  auto done =
      reader.scan(family, ObjectKeys::parts(id), [&](std::string_view key, std::string_view value) {
        std::uint32_t number = 0;
        Part part;
        is_damaged = !ObjectKeys::decode_part(key, number) || !decode(value, part);
        parts.emplace(number, std::move(part));
        return !is_damaged;
      });
  if (!done) {
    return propagate(std::move(done));
  }
  if (is_damaged) {
    return fail(ErrorCode::corruption, "a part of upload ", std::to_string(id),
                " is damaged; abort the upload and begin again");
  }
  return parts;
}

[[nodiscard]] inline Result<void> check_part(const CompletedPart& wanted, const Parts& stored,
                                             std::uint32_t before) {
  const std::string number = std::to_string(wanted.number);
  if (wanted.number <= before) {
    return fail(ErrorCode::invalid_argument, "part ", number, " follows part ",
                std::to_string(before), "; give each part once, in ascending order");
  }
  const auto found = stored.find(wanted.number);
  if (found == stored.end()) {
    return fail(ErrorCode::not_found, "part ", number, " was not uploaded; upload it first");
  }
  if (found->second.etag != wanted.etag) {
    return fail(ErrorCode::conflict, "part ", number, " has ETag ", found->second.etag, ", not ",
                wanted.etag, "; upload the part again, or complete with the right ETag");
  }
  return {};
}

/// The object that `wanted` makes of the stored parts. Errors: invalid_argument, not_found and
/// conflict, each naming the part.
[[nodiscard]] inline Result<Head> assemble(const Upload& upload, const Parts& stored,
                                           std::span<const CompletedPart> wanted,
                                           std::uint64_t part_bytes_min) {
  if (wanted.empty()) {
    return fail(ErrorCode::invalid_argument,
                "an upload is completed with one part at least; abort it to give it up");
  }
  Head head;
  head.info = upload.info;
  std::vector<std::string> etags;
  std::vector<std::string> sha256s;
  std::uint32_t before = 0;
  for (const CompletedPart& part : wanted) {
    if (auto valid = check_part(part, stored, before); !valid) {
      return propagate(std::move(valid));
    }
    before = part.number;
    const Part& found = stored.at(part.number);
    if (found.run.size < part_bytes_min && &part != &wanted.back()) {
      return fail(ErrorCode::invalid_argument, "part ", std::to_string(part.number), " has ",
                  std::to_string(found.run.size), " bytes; all but the last have ",
                  std::to_string(part_bytes_min), " at least");
    }
    etags.push_back(found.etag);
    sha256s.push_back(found.sha256);
    head.info.size += found.run.size;
    head.runs.push_back(found.run);
  }
  auto etag = composite_of(Digest::md5(), etags);
  auto sha256 = composite_of(Digest::sha256(), sha256s);
  if (!etag || !sha256) {
    return propagate(!etag ? std::move(etag) : std::move(sha256));
  }
  head.info.etag = std::move(*etag);
  head.info.sha256 = std::move(*sha256);
  return head;
}

/// Erases the upload and its parts; the runs too, but for those in `kept`.
template <class Db, class Family>
void erase_upload(txn::Unit<Db>& unit, const Family& family, UploadId id, const Parts& parts,
                  const std::vector<Run>& kept) {
  std::set<Generation> stay;
  for (const Run& run : kept) {
    stay.insert(run.generation);
  }
  for (const auto& [number, part] : parts) {
    if (!stay.contains(part.run.generation)) {
      erase_run(unit, family, part.run.generation);
    }
  }
  const auto records = ObjectKeys::parts(id);
  unit.erase_range(family, records.first, *records.last);
  unit.erase(family, ObjectKeys::upload(id));
}

}  // namespace strata::store::detail

namespace strata::store {

/// Threads: all calls concurrent; calls about one upload are serialised where they write.
template <class Db, class Family>
class MultipartUploads {
  using Keys = detail::ObjectKeys;
  using Ids = detail::ObjectIds<Db, Family>;
  using Unit = txn::Unit<Db>;

 public:
  MultipartUploads(Db& db, txn::KeyLocks& locks, Family family, Ids& ids,
                   const ObjectStoreOptions& options)
      : db_(&db), locks_(&locks), family_(family), ids_(&ids), options_(options) {}

  /// `options`: of the object to be; its conditions are checked by `complete`.
  /// Errors: not_found (no such bucket), invalid_argument.
  [[nodiscard]] Result<UploadId> create(std::string_view bucket, std::string_view key,
                                        const PutOptions& options = {}) {
    if (auto valid = detail::check_object_key(key); !valid) {
      return propagate(std::move(valid));
    }
    auto id = ids_->next();
    if (!id) {
      return id;
    }
    detail::Upload upload;
    upload.bucket = bucket;
    upload.info.key = key;
    upload.info.content_type = options.content_type;
    upload.info.time_ms = options.time_ms;
    upload.info.metadata = options.metadata;
    auto unit = own(*id);
    if (auto there = detail::require_bucket(unit, family_, bucket); !there) {
      return propagate(std::move(there));
    }
    unit.put(family_, Keys::upload(*id), detail::encode(upload));
    auto done = unit.commit(options.write);
    return done ? id : propagate(std::move(done));
  }

  /// Stores a part, in the place of any other of that number; its ETag is the MD5 in hex. A part is
  /// as durable as `options` say: completing adds nothing to that.
  /// Errors: not_found (no such upload), invalid_argument (the number).
  [[nodiscard]] Result<PartInfo> upload_part(UploadId id, std::uint32_t number,
                                             std::string_view data,
                                             const WriteOptions& options = {}) {
    if (number < 1 || number > part_number_max) {
      return fail(ErrorCode::invalid_argument, "a part can not be number ", std::to_string(number),
                  "; parts are numbered 1 to 10000");
    }
    auto generation = ids_->next();
    detail::ObjectDigests digests;
    digests.update(data);
    auto sums = digests.finish();
    if (!generation || !sums) {
      return !generation ? propagate(std::move(generation)) : propagate(std::move(sums));
    }
    detail::RunWriter<Db, Family> run(*db_, *locks_, family_, *generation, options);
    if (auto done = run.append(data); !done) {
      return propagate(std::move(done));
    }
    auto unit = own(id);
    auto upload = detail::get_upload(unit, family_, id);
    auto old = detail::get_record<detail::Part>(unit, family_, Keys::part(id, number), "a part");
    if (!upload || !old) {
      return !upload ? propagate(std::move(upload)) : propagate(std::move(old));
    }
    if (*old) {
      detail::erase_run(unit, family_, (*old)->run.generation);
    }
    auto sealed = run.seal(unit);
    if (!sealed) {
      return propagate(std::move(sealed));
    }
    const detail::Part part{*sealed, sums->md5, sums->sha256};
    unit.put(family_, Keys::part(id, number), detail::encode(part));
    auto done = unit.commit(options);
    if (done || done.error().code() == ErrorCode::outcome_unknown) {
      run.keep();
    }
    return done ? Result<PartInfo>(PartInfo{number, data.size(), part.etag, part.sha256})
                : propagate(std::move(done));
  }
  /// In the order of their numbers. Errors: not_found.
  [[nodiscard]] Result<std::vector<PartInfo>> list_parts(UploadId id) const {
    const Snapshot now = db_->snapshot();
    const txn::View view(&now);
    auto upload = detail::get_upload(view, family_, id);
    auto parts = detail::get_parts(view, family_, id);
    if (!upload || !parts) {
      return !upload ? propagate(std::move(upload)) : propagate(std::move(parts));
    }
    std::vector<PartInfo> infos;
    for (const auto& [number, part] : *parts) {
      infos.push_back({number, part.run.size, part.etag, part.sha256});
    }
    return infos;
  }

  /// Makes the object of `parts`, in the place of any other of its key. Parts that are not named
  /// are dropped. Where a part is missing (not_found), has another ETag (conflict), is out of order
  /// or too small (invalid_argument), the error names it and the upload goes on as it was.
  [[nodiscard]] Result<ObjectInfo> complete(UploadId id, std::span<const CompletedPart> parts,
                                            const PutOptions& options = {}) {
    auto target = detail::get_upload(now_, family_, id);  // where it goes never changes
    if (!target) {
      return propagate(std::move(target));
    }
    const std::string bucket = target->bucket;
    const std::string key = target->info.key;
    auto keys = detail::locks_of(family_, bucket, key);
    keys.emplace_back(family_.id(), Keys::upload(id));
    auto unit = Unit::single(*db_, *locks_, keys);
    auto upload = detail::get_upload(unit, family_, id);
    auto stored = detail::get_parts(unit, family_, id);
    auto old = detail::admit(unit, family_, bucket, key, options);
    if (!upload || !stored || !old) {
      return !upload ? propagate(std::move(upload))
                     : (!stored ? propagate(std::move(stored)) : propagate(std::move(old)));
    }
    auto head = detail::assemble(*upload, *stored, parts, options_.part_bytes_min);
    if (!head) {
      return propagate(std::move(head));
    }
    if (auto done = detail::replace_head(unit, family_, bucket, key, *old, &*head); !done) {
      return propagate(std::move(done));
    }
    detail::erase_upload(unit, family_, id, *stored, head->runs);
    auto done = unit.commit(options.write);
    return done ? Result<ObjectInfo>(std::move(head->info)) : propagate(std::move(done));
  }

  /// Drops the upload and its parts. Errors: not_found.
  [[nodiscard]] Result<void> abort(UploadId id, const WriteOptions& options = {}) {
    auto unit = own(id);
    auto upload = detail::get_upload(unit, family_, id);
    auto parts = detail::get_parts(unit, family_, id);
    if (!upload || !parts) {
      return !upload ? propagate(std::move(upload)) : propagate(std::move(parts));
    }
    detail::erase_upload(unit, family_, id, *parts, {});
    return unit.commit(options);
  }

  /// The uploads under way, oldest first.
  [[nodiscard]] Result<std::vector<UploadInfo>> list(const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return list(view);
  }
  template <class Reader>
  [[nodiscard]] Result<std::vector<UploadInfo>> list(Reader& reader) const {
    std::vector<UploadInfo> uploads;
    bool is_damaged = false;
    auto done =
        reader.scan(family_, Keys::uploads(), [&](std::string_view key, std::string_view value) {
          UploadId id = 0;
          detail::Upload upload;
          is_damaged = !Keys::decode_upload(key, id) || !detail::decode(value, upload);
          uploads.push_back({id, upload.bucket, upload.info.key, upload.info.time_ms});
          return !is_damaged;
        });
    if (!done) {
      return propagate(std::move(done));
    }
    if (is_damaged) {
      return fail(ErrorCode::corruption, "an upload's record is damaged; restore a backup");
    }
    return uploads;
  }
  /// Aborts the uploads that were created before `time_ms`; how many.
  [[nodiscard]] Result<std::uint64_t> expire(std::int64_t time_ms) {
    auto uploads = list();
    if (!uploads) {
      return propagate(std::move(uploads));
    }
    std::uint64_t expired = 0;
    for (const UploadInfo& upload : *uploads) {
      if (upload.time_ms >= time_ms) {
        continue;
      }
      auto aborted = abort(upload.id);
      if (!aborted && aborted.error().code() != ErrorCode::not_found) {
        return propagate(std::move(aborted));
      }
      expired += aborted ? 1 : 0;
    }
    return expired;
  }

 private:
  [[nodiscard]] Unit own(UploadId id) {
    return Unit::single(*db_, *locks_, {txn::LockKey(family_.id(), Keys::upload(id))});
  }

  Db* db_;
  txn::KeyLocks* locks_;
  Family family_;
  Ids* ids_;
  ObjectStoreOptions options_;
  txn::View now_;
};

}  // namespace strata::store
