// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Listing a bucket by prefix and delimiter. What is rolled up into a common prefix is jumped over,
/// not read: a page costs a seek for each entry, however many objects a "folder" holds.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/store/object_keys.hpp>
#include <strata/store/object_record.hpp>
#include <strata/store/object_types.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

/// The common prefix that rolls `key` up, if one does.
[[nodiscard]] inline std::optional<std::string> common_prefix_of(const ListQuery& query,
                                                                 std::string_view key) {
  if (query.delimiter.empty()) {
    return std::nullopt;
  }
  const std::size_t at = key.find(query.delimiter, query.prefix.size());
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(key.substr(0, at + query.delimiter.size()));
}

/// Where the listing begins: the first key that may be in it.
[[nodiscard]] inline std::string first_key_of(const ListQuery& query) {
  std::string first = query.prefix;
  if (!query.start_after.empty()) {
    first = std::max(first, query.start_after + '\0');
  }
  return std::max(first, query.page);
}

/// Errors: the database's, corruption, invalid_argument.
template <class Reader, class Family>
[[nodiscard]] Result<Listing> list_objects(Reader& reader, const Family& family,
                                           std::string_view bucket, const ListQuery& query) {
  if (query.limit == 0) {
    return fail(ErrorCode::invalid_argument, "a page of 0 entries never ends; raise the limit");
  }
  Listing listing;
  auto range = ObjectKeys::heads(bucket, query.prefix);
  std::optional<std::string> first = first_key_of(query);
  bool is_damaged = false;
  while (first && !listing.next) {
    range.first = ObjectKeys::head(bucket, *first);
    first.reset();
    auto done = reader.scan(family, range, [&](std::string_view stored, std::string_view value) {
      const std::string_view key = ObjectKeys::key_of_head(bucket, stored);
      if (listing.objects.size() + listing.common_prefixes.size() == query.limit) {
        listing.next = key;
        return false;
      }
      if (auto common = common_prefix_of(query, key)) {
        first = prefix_successor(*common);  // behind everything in it
        listing.common_prefixes.push_back(std::move(*common));
        return false;
      }
      Head head;
      is_damaged = !decode(value, head);
      head.info.key = key;
      listing.objects.push_back(std::move(head.info));
      return !is_damaged;
    });
    if (!done) {
      return propagate(std::move(done));
    }
    if (is_damaged) {
      return fail(ErrorCode::corruption, "the head of object '", listing.objects.back().key,
                  "' is damaged; restore a backup");
    }
  }
  return listing;
}

}  // namespace strata::store::detail
