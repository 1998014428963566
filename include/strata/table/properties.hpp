// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a table says of itself: counts, bounds, and the policies that wrote it.

#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/table/format.hpp>
#include <strata/table/value_pointer.hpp>

namespace strata::table {

/// What a finished table holds.
struct TableInfo {
  std::uint64_t size_bytes = 0;
  std::string smallest;
  std::string largest;
  bool largest_exclusive = false;  ///< `largest` is the end of a range erase
  Sequence smallest_sequence = 0;
  Sequence largest_sequence = 0;
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t range_erases = 0;
  std::uint64_t raw_bytes = 0;
  ValueShares values{};  ///< what entries of kind `value_pointer` refer to
};

struct Properties {
  TableInfo info;
  std::uint64_t blocks = 0;
  std::uint64_t family = 0;
  std::string comparator;
  std::string filter;
  std::string index;
  std::string compression;  ///< the codec of its blocks
  Handle dictionary;        ///< no bytes: there is none
};

/// "name" or "name/version", where the policy has a version.
template <class P>
[[nodiscard]] std::string stored_name() {
  std::string text(P::name);
  if constexpr (requires { P::format_version; }) {
    text += "/" + std::to_string(P::format_version);
  }
  return text;
}

/// `compression`: the codec's name; `dictionary`: where what its blocks need lies.
template <class Spec>
[[nodiscard]] std::string encode_properties(const TableInfo& info, std::uint64_t blocks,
                                            std::uint32_t family,
                                            std::string_view compression = Spec::Compression::name,
                                            const Handle& dictionary = {}) {
  std::string out;
  const auto text = [&out](std::string_view name, std::string_view value) {
    put_string(out, name);
    put_string(out, value);
  };
  const auto number = [&](std::string_view name, std::uint64_t value) {
    std::string bytes;
    put_varint(bytes, value);
    text(name, bytes);
  };
  text("smallest", info.smallest);
  text("largest", info.largest);
  number("largest_exclusive", info.largest_exclusive ? 1 : 0);
  number("smallest_sequence", info.smallest_sequence);
  number("largest_sequence", info.largest_sequence);
  number("entries", info.entries);
  number("tombstones", info.tombstones);
  number("range_erases", info.range_erases);
  number("raw_bytes", info.raw_bytes);
  if (!info.values.empty()) {
    text("values", encode_shares(info.values));
  }
  number("blocks", blocks);
  if (family != 0) {
    number("family", family);
  }
  text("comparator", Spec::Comparator::name);
  text("filter", stored_name<typename Spec::Filter>());
  text("index", stored_name<typename Spec::Index>());
  text("compression", compression);
  if (dictionary.bytes != 0) {
    number("dictionary_offset", dictionary.offset);
    number("dictionary_bytes", dictionary.bytes);
  }
  return out;
}

/// Unknown properties are skipped: later versions may add some.
[[nodiscard]] inline Result<Properties> decode_properties(std::string_view bytes,
                                                          std::string_view path) {
  Properties properties;
  TableInfo& info = properties.info;
  std::string_view name;
  std::string_view value;
  bool whole = true;
  const auto text = [&](std::string_view wanted, std::string& to) {
    if (name == wanted) to = value;
  };
  const auto number = [&](std::string_view wanted, std::uint64_t& to) {
    Decoder digits(value);
    if (name == wanted) whole = digits.take_varint(to) && digits.done();
  };
  std::uint64_t largest_exclusive = 0;
  std::uint64_t dictionary_bytes = 0;
  Decoder decoder(bytes);
  while (whole && !decoder.done()) {
    whole = decoder.take_string(name) && decoder.take_string(value);
    if (!whole) break;
    text("smallest", info.smallest);
    text("largest", info.largest);
    number("largest_exclusive", largest_exclusive);
    number("smallest_sequence", info.smallest_sequence);
    number("largest_sequence", info.largest_sequence);
    number("entries", info.entries);
    number("tombstones", info.tombstones);
    number("range_erases", info.range_erases);
    number("raw_bytes", info.raw_bytes);
    if (name == "values") whole = whole && decode_shares(value, info.values);
    number("blocks", properties.blocks);
    number("family", properties.family);
    text("comparator", properties.comparator);
    text("filter", properties.filter);
    text("index", properties.index);
    text("compression", properties.compression);
    number("dictionary_offset", properties.dictionary.offset);
    number("dictionary_bytes", dictionary_bytes);
  }
  whole = whole && dictionary_bytes <= UINT32_MAX;
  if (!whole) {
    return fail(ErrorCode::corruption, path, ": the properties are damaged");
  }
  info.largest_exclusive = largest_exclusive != 0;
  properties.dictionary.bytes = static_cast<std::uint32_t>(dictionary_bytes);
  return properties;
}

}  // namespace strata::table
