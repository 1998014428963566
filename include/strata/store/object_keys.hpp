// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The keys of the object store, all in one family. Fields as in store/key_codec.hpp:
///
///     key                                  value
///     01  bucket:bytes                     ""                         a bucket
///     02  bucket:bytes  key, as it is      store/object_record.hpp    an object's head
///     03  generation:u64  chunk:u32        crc32c:u32, bytes          data; 256 KiB but the last
///     04  upload:u64                       store/object_record.hpp    a multipart upload
///     05  upload:u64  part:u32             store/object_record.hpp    a part of it
///     06  generation:u64                   ""                         data without a head yet
///     07  bucket:bytes  stripe:u8          objects:u64 bytes:u64      usage, summed over stripes
///     08                                   u64                        the next id
///
/// A *generation* is one run of chunks, written once: an object that is replaced gets a new one.
/// Stored: the numbers never change. Decoders take any bytes and say so by `false`.

#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/hash.hpp>
#include <strata/store/key_codec.hpp>
#include <strata/store/object_types.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

using Generation = std::uint64_t;

/// Small enough to be read for a byte range, large enough that a table index does not notice.
inline constexpr std::size_t chunk_bytes = 256_KiB;

struct ObjectKeys {
  static constexpr std::uint8_t bucket_kind = 1;
  static constexpr std::uint8_t head_kind = 2;
  static constexpr std::uint8_t chunk_kind = 3;
  static constexpr std::uint8_t upload_kind = 4;
  static constexpr std::uint8_t part_kind = 5;
  static constexpr std::uint8_t pending_kind = 6;
  static constexpr std::uint8_t usage_kind = 7;
  static constexpr std::uint8_t next_id_kind = 8;

  [[nodiscard]] static std::string bucket(std::string_view name) {
    return KeyWriter().u8(bucket_kind).bytes(name).take();
  }
  [[nodiscard]] static txn::KeyRange buckets() { return all_of(bucket_kind); }
  [[nodiscard]] static bool decode_bucket(std::string_view key, std::string& name) {
    KeyReader reader(key);
    std::uint8_t kind = 0;
    return reader.take_u8(kind) && kind == bucket_kind && reader.take_bytes(name) && reader.done();
  }

  /// The key's bytes are the last field and stay as they are, so a prefix of keys is a prefix here.
  [[nodiscard]] static std::string head(std::string_view bucket, std::string_view key) {
    return KeyWriter().u8(head_kind).bytes(bucket).take().append(key);
  }
  [[nodiscard]] static txn::KeyRange heads(std::string_view bucket, std::string_view prefix) {
    return txn::KeyRange::prefix(head(bucket, prefix));
  }
  [[nodiscard]] static std::string_view key_of_head(std::string_view bucket,
                                                    std::string_view stored) {
    return stored.substr(head(bucket, {}).size());
  }

  [[nodiscard]] static std::string chunk(Generation generation, std::uint32_t number) {
    return KeyWriter().u8(chunk_kind).u64(generation).u32(number).take();
  }
  [[nodiscard]] static txn::KeyRange chunks(Generation generation) {
    return {chunk(generation, 0), chunk(generation + 1, 0)};
  }

  [[nodiscard]] static std::string upload(UploadId id) {
    return KeyWriter().u8(upload_kind).u64(id).take();
  }
  [[nodiscard]] static txn::KeyRange uploads() { return all_of(upload_kind); }
  [[nodiscard]] static bool decode_upload(std::string_view key, UploadId& id) {
    return decode_id(key, upload_kind, id);
  }

  [[nodiscard]] static std::string part(UploadId id, std::uint32_t number) {
    return KeyWriter().u8(part_kind).u64(id).u32(number).take();
  }
  [[nodiscard]] static txn::KeyRange parts(UploadId id) { return {part(id, 0), part(id + 1, 0)}; }
  [[nodiscard]] static bool decode_part(std::string_view key, std::uint32_t& number) {
    KeyReader reader(key);
    std::uint8_t kind = 0;
    UploadId id = 0;
    return reader.take_u8(kind) && kind == part_kind && reader.take_u64(id) &&
           reader.take_u32(number) && reader.done();
  }

  [[nodiscard]] static std::string pending(Generation generation) {
    return KeyWriter().u8(pending_kind).u64(generation).take();
  }
  [[nodiscard]] static txn::KeyRange pendings() { return all_of(pending_kind); }
  [[nodiscard]] static bool decode_pending(std::string_view key, Generation& generation) {
    return decode_id(key, pending_kind, generation);
  }

  /// Writers of different keys mostly count in different stripes, and so do not wait for each
  /// other.
  static constexpr std::uint64_t usage_stripes = 16;
  [[nodiscard]] static std::string usage(std::string_view bucket, std::string_view key) {
    const auto stripe = static_cast<std::uint8_t>(hash64(key, 0) % usage_stripes);
    return KeyWriter().u8(usage_kind).bytes(bucket).u8(stripe).take();
  }
  [[nodiscard]] static txn::KeyRange usages(std::string_view bucket) {
    return txn::KeyRange::prefix(KeyWriter().u8(usage_kind).bytes(bucket).take());
  }

  [[nodiscard]] static std::string next_id() { return KeyWriter().u8(next_id_kind).take(); }

 private:
  [[nodiscard]] static txn::KeyRange all_of(std::uint8_t kind) {
    return txn::KeyRange::prefix(KeyWriter().u8(kind).take());
  }
  [[nodiscard]] static bool decode_id(std::string_view key, std::uint8_t wanted,
                                      std::uint64_t& id) {
    KeyReader reader(key);
    std::uint8_t kind = 0;
    return reader.take_u8(kind) && kind == wanted && reader.take_u64(id) && reader.done();
  }
};

}  // namespace strata::store::detail
