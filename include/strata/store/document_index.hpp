// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What an index holds of a document.
///
/// Each field of the index gives the values that filters compare with: the value at the path, or
/// for an array each of its elements (a *multikey* entry); null where there is none, and for an
/// empty array. With several fields the entries are all combinations. So a document that a
/// condition can match has an entry in the condition's range: the index finds a superset, the
/// filter decides. Conditions that compare whole arrays are the exception, and never use an index.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_catalog.hpp>
#include <strata/store/document_path.hpp>
#include <strata/store/document_value.hpp>

namespace strata::store::detail {

struct IndexKeys {
  std::vector<std::string> keys;     ///< The fields' bytes, without prefix and `_id`; sorted.
  std::uint32_t several_values = 0;  ///< Bit i: field i has more than one value.
};

inline constexpr std::size_t index_keys_max = 10000;

struct FieldValues {
  std::vector<std::string> keys;
  bool present = false;
};

[[nodiscard]] inline FieldValues values_of(const IndexField& field, ValueRef document) {
  FieldValues values;
  const auto add = [&](ValueRef value) { values.keys.push_back(key_of(value)); };
  visit_path(document, field.path.parts(), [&](const ValueRef* value) {
    values.present = values.present || value != nullptr;
    if (value == nullptr) {
      add(ValueRef());
    } else if (!value->IsUntypedVector()) {
      add(*value);
    } else if (const auto elements = value->AsVector(); elements.size() == 0) {
      add(ValueRef());
    } else {
      for (std::size_t i = 0; i < elements.size(); ++i) {
        add(elements[i]);
      }
    }
    return true;
  });
  if (values.keys.empty()) {
    add(ValueRef());
  }
  std::sort(values.keys.begin(), values.keys.end());
  values.keys.erase(std::unique(values.keys.begin(), values.keys.end()), values.keys.end());
  return values;
}

/// The keys that `index` has for the document; none where a sparse index leaves it out.
/// Errors: `invalid_argument` where there are too many or too long ones, or where a unique index
/// over several fields meets an array (which combinations would have to be unique?).
[[nodiscard]] inline Result<IndexKeys> index_keys(const IndexInfo& index, ValueRef document) {
  IndexKeys made;
  made.keys.emplace_back();
  bool present = false;
  for (std::size_t i = 0; i < index.fields.size(); ++i) {
    const FieldValues values = values_of(index.fields[i], document);
    present = present || values.present;
    if (values.keys.size() > 1) {
      made.several_values |= 1U << i;
    }
    if (made.keys.size() * values.keys.size() > index_keys_max) {
      return fail(ErrorCode::invalid_argument,
                  "the document has more than 10000 entries in the "
                  "index '",
                  index.name, "'; shorten its arrays or drop the index");
    }
    std::vector<std::string> combined;
    combined.reserve(made.keys.size() * values.keys.size());
    for (const auto& head : made.keys) {
      for (const auto& value : values.keys) {
        combined.push_back(KeyWriter(head).encoded(value, index.fields[i].order).take());
      }
    }
    made.keys = std::move(combined);
  }
  if (index.sparse && !present) {
    return IndexKeys{};
  }
  if (index.unique && index.fields.size() > 1 && made.several_values != 0) {
    return fail(
        ErrorCode::invalid_argument, "the unique index '", index.name,
        "' has several fields, and the document has an array in one; index the array alone");
  }
  std::sort(made.keys.begin(), made.keys.end());
  for (const auto& key : made.keys) {
    if (key.size() > key_bytes_max / 2) {
      return fail(ErrorCode::invalid_argument, "a value is too long for the index '", index.name,
                  "': it takes ", std::to_string(key.size()), " bytes of at most 32768");
    }
  }
  return made;
}

/// The key of an entry.
[[nodiscard]] inline std::string entry_key(std::uint32_t collection, const IndexInfo& index,
                                           std::string_view fields, std::string_view id) {
  KeyWriter writer(entries_prefix(collection, index.id));
  writer.encoded(fields);
  return index.unique ? writer.take() : writer.encoded(id).take();
}

/// The `_id` that an entry names; false where its bytes are damaged.
[[nodiscard]] inline bool id_of_entry(const IndexInfo& index, std::size_t prefix_bytes,
                                      std::string_view key, std::string_view value,
                                      std::string_view& id) {
  if (index.unique) {
    id = value;
    return !value.empty();
  }
  KeyReader reader(key.substr(prefix_bytes));
  for (const auto& field : index.fields) {
    if (!reader.skip_value(field.order)) {
      return false;
    }
  }
  id = reader.rest();
  return !id.empty();
}

}  // namespace strata::store::detail
