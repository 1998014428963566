// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The keys of the time-series store, all in one family. Fields as in store/key_codec.hpp, so the
/// byte order of the keys is the order of the fields:
///
///     key                                             value
///     01  metric:bytes (tag:bytes value:bytes)*       id:u64    catalogue: tags sorted, as bytes
///     02  id:u64                                      what follows 01 in the catalogue: reverse
///     03  metric:bytes tag:bytes value:bytes id:u64   ""        inverted index
///     04  id:u64 time:i64                             f64       points, oldest first
///     05  metric:bytes                                u64       retention in ms
///     06                                              u64       the next id
///
/// Values are little-endian. Ids are never given twice, so a point can not come to belong to
/// another series. Stored: the numbers never change. Decoders take any bytes and say so by `false`.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/coding.hpp>
#include <strata/store/key_codec.hpp>
#include <strata/store/time_series_types.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

using SeriesId = std::uint64_t;

struct SeriesKeys {
  static constexpr std::uint8_t catalogue_kind = 1;
  static constexpr std::uint8_t reverse_kind = 2;
  static constexpr std::uint8_t inverted_kind = 3;
  static constexpr std::uint8_t point_kind = 4;
  static constexpr std::uint8_t retention_kind = 5;
  static constexpr std::uint8_t next_id_kind = 6;

  /// How much longer than its catalogue key a key of the series can be.
  static constexpr std::size_t longer_bytes_max = 8;

  [[nodiscard]] static std::string name(const SeriesName& name) {
    KeyWriter key;
    key.bytes(name.metric);
    for (const auto& [tag, value] : name.tags) {
      key.bytes(tag).bytes(value);
    }
    return key.take();
  }
  [[nodiscard]] static bool decode_name(std::string_view bytes, SeriesName& name) {
    KeyReader reader(bytes);
    SeriesName decoded;
    if (!reader.take_bytes(decoded.metric)) {
      return false;
    }
    while (!reader.done()) {
      std::string tag;
      std::string value;
      if (!reader.take_bytes(tag) || !reader.take_bytes(value)) {
        return false;
      }
      decoded.tags.emplace_hint(decoded.tags.end(), std::move(tag), std::move(value));
    }
    name = std::move(decoded);
    return true;
  }

  /// `name_bytes`: from `name`.
  [[nodiscard]] static std::string catalogue(std::string_view name_bytes) {
    return KeyWriter().u8(catalogue_kind).encoded(name_bytes).take();
  }
  [[nodiscard]] static std::string_view name_of_catalogue(std::string_view key) {
    return key.substr(1);
  }
  /// All series of a metric.
  [[nodiscard]] static txn::KeyRange catalogue_of(std::string_view metric) {
    return txn::KeyRange::prefix(KeyWriter().u8(catalogue_kind).bytes(metric).take());
  }
  [[nodiscard]] static txn::KeyRange catalogues() {
    return txn::KeyRange::prefix(KeyWriter().u8(catalogue_kind).take());
  }

  [[nodiscard]] static std::string reverse(SeriesId id) {
    return KeyWriter().u8(reverse_kind).u64(id).take();
  }

  [[nodiscard]] static std::string inverted(std::string_view metric, std::string_view tag,
                                            std::string_view value, SeriesId id) {
    return inverted_head(metric, tag).bytes(value).u64(id).take();
  }
  /// The series of a metric with that value of that tag.
  [[nodiscard]] static txn::KeyRange inverted_of(std::string_view metric, std::string_view tag,
                                                 std::string_view value) {
    return txn::KeyRange::prefix(inverted_head(metric, tag).bytes(value).take());
  }
  [[nodiscard]] static txn::KeyRange inverted_of(std::string_view metric, std::string_view tag) {
    return txn::KeyRange::prefix(inverted_head(metric, tag).take());
  }
  [[nodiscard]] static bool decode_inverted(std::string_view key, std::string& value,
                                            SeriesId& id) {
    KeyReader reader(key);
    std::uint8_t kind = 0;
    std::string skipped;
    return reader.take_u8(kind) && kind == inverted_kind && reader.take_bytes(skipped) &&
           reader.take_bytes(skipped) && reader.take_bytes(value) && reader.take_u64(id) &&
           reader.done();
  }

  [[nodiscard]] static std::string point(SeriesId id, std::int64_t time_ms) {
    return KeyWriter().u8(point_kind).u64(id).i64(time_ms).take();
  }
  /// The points of a series within `range`, which may be empty.
  [[nodiscard]] static txn::KeyRange points(SeriesId id, const TimeRange& range) {
    return {point(id, range.first_ms), point(id, range.last_ms)};
  }
  [[nodiscard]] static std::string point_value(double value) {
    return number(std::bit_cast<std::uint64_t>(value));
  }
  [[nodiscard]] static bool decode_point(std::string_view key, std::string_view value,
                                         Point& point) {
    KeyReader reader(key);
    std::uint8_t kind = 0;
    SeriesId id = 0;
    std::uint64_t bits = 0;
    if (!reader.take_u8(kind) || kind != point_kind || !reader.take_u64(id) ||
        !reader.take_i64(point.time_ms) || !reader.done() || !decode_number(value, bits)) {
      return false;
    }
    point.value = std::bit_cast<double>(bits);
    return true;
  }

  [[nodiscard]] static std::string retention(std::string_view metric) {
    return KeyWriter().u8(retention_kind).bytes(metric).take();
  }
  [[nodiscard]] static txn::KeyRange retentions() {
    return txn::KeyRange::prefix(KeyWriter().u8(retention_kind).take());
  }
  [[nodiscard]] static bool decode_retention(std::string_view key, std::string& metric) {
    KeyReader reader(key);
    std::uint8_t kind = 0;
    return reader.take_u8(kind) && kind == retention_kind && reader.take_bytes(metric) &&
           reader.done();
  }

  [[nodiscard]] static std::string next_id() { return KeyWriter().u8(next_id_kind).take(); }

  [[nodiscard]] static std::string number(std::uint64_t value) {
    std::string bytes;
    put_fixed(bytes, value);
    return bytes;
  }
  [[nodiscard]] static bool decode_number(std::string_view bytes, std::uint64_t& value) {
    Decoder decoder(bytes);
    return decoder.take_fixed(value) && decoder.done();
  }

 private:
  [[nodiscard]] static KeyWriter inverted_head(std::string_view metric, std::string_view tag) {
    KeyWriter key;
    key.u8(inverted_kind).bytes(metric).bytes(tag);
    return key;
  }
};

}  // namespace strata::store::detail
