// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Collections, their indexes, and the keys of everything that the document store keeps.
///
///     00                                          -> the next collection's number
///     01 name                                     -> collection (see `encode`)
///     02 u32 collection, _id                      -> document
///     03 u32 collection, u32 index, fields, _id   -> empty
///     03 u32 collection, u32 index, fields        -> _id                (unique index)
///     04 u32 collection, u32 index, u8 field      -> empty: some document has several values there
///
/// Fields and `_id` are values with their tags. Names appear in one key only: documents and entries
/// carry numbers, which are never used again, so what a dropped collection left can not come back.
///
/// The catalog is read through the same snapshot or unit as the data, so a reader of an old
/// snapshot sees the collections and indexes of that moment. `CatalogCache` only saves parsing.
/// Tested through the store: tests/store/document_index_test.cpp.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_path.hpp>
#include <strata/store/document_value.hpp>
#include <strata/store/key_codec.hpp>

namespace strata::store {

struct IndexField {
  Path path;
  Order order = Order::ascending;
};

struct IndexInfo {
  std::uint32_t id = 0;
  std::string name;
  std::vector<IndexField> fields;
  bool unique = false;
  bool sparse = false;  ///< Leaves out documents that have none of the fields.
  bool ready = false;   ///< False while it is built: written to, not read.

  [[nodiscard]] bool same_definition(const IndexInfo& other) const {
    bool same = fields.size() == other.fields.size() && unique == other.unique &&
                sparse == other.sparse && name == other.name;
    for (std::size_t i = 0; same && i < fields.size(); ++i) {
      same = fields[i].path.text() == other.fields[i].path.text() &&
             fields[i].order == other.fields[i].order;
    }
    return same;
  }
};

struct Collection {
  std::string name;
  std::uint32_t id = 0;
  std::uint32_t next_index = 1;
  std::vector<IndexInfo> indexes;

  [[nodiscard]] const IndexInfo* find_index(std::string_view index) const {
    for (const auto& info : indexes) {
      if (info.name == index) {
        return &info;
      }
    }
    return nullptr;
  }
};

namespace detail {

inline constexpr std::size_t index_fields_max = 16;
inline constexpr std::size_t name_bytes_max = 1024;

[[nodiscard]] inline std::string next_collection_key() {
  return KeyWriter().u8(0).take();
}
[[nodiscard]] inline std::string collections_prefix() {
  return KeyWriter().u8(1).take();
}
[[nodiscard]] inline std::string collection_key(std::string_view name) {
  return KeyWriter().u8(1).bytes(name).take();
}
[[nodiscard]] inline std::string documents_prefix(std::uint32_t collection) {
  return KeyWriter().u8(2).u32(collection).take();
}
[[nodiscard]] inline std::string document_key(std::uint32_t collection, std::string_view id) {
  return KeyWriter().u8(2).u32(collection).encoded(id).take();
}
[[nodiscard]] inline std::string entries_prefix(std::uint32_t collection, std::uint32_t index) {
  return KeyWriter().u8(3).u32(collection).u32(index).take();
}
[[nodiscard]] inline std::string several_values_key(std::uint32_t collection, std::uint32_t index,
                                                    std::size_t field) {
  return KeyWriter().u8(4).u32(collection).u32(index).u8(static_cast<std::uint8_t>(field)).take();
}

/// {"path": 1, "other": -1}: the fields of an index or of a sort.
[[nodiscard]] inline Result<std::vector<IndexField>> parse_fields(const Json& json,
                                                                  std::string_view what) {
  const bool well_formed = json.is_object() && !json.get_object().empty() &&
                           json.get_object().size() <= index_fields_max;
  if (!well_formed) {
    return fail(ErrorCode::invalid_argument, what,
                " takes an object of 1 to 16 paths, each with 1 or -1: {\"field\": 1}");
  }
  std::vector<IndexField> fields;
  for (const auto& field : json.get_object()) {
    auto path = Path::of({field.key().data(), field.key().size()});
    if (!path) {
      return propagate(std::move(path));
    }
    const Json& way = field.value();
    if (!way.is_int64() || (way.get_int64() != 1 && way.get_int64() != -1)) {
      return fail(ErrorCode::invalid_argument, what, ": the direction of '", path->text(),
                  "' must be 1 (ascending) or -1 (descending)");
    }
    fields.push_back(
        {std::move(*path), way.get_int64() == 1 ? Order::ascending : Order::descending});
  }
  return fields;
}
[[nodiscard]] inline boost::json::object fields_json(const std::vector<IndexField>& fields) {
  boost::json::object object;
  for (const auto& field : fields) {
    object.emplace(field.path.text(), field.order == Order::ascending ? 1 : -1);
  }
  return object;
}

}  // namespace detail

/// An index as JSON, for lists and for people.
[[nodiscard]] inline Json describe(const IndexInfo& index) {
  boost::json::object object;
  object.emplace("name", index.name);
  object.emplace("fields", detail::fields_json(index.fields));
  object.emplace("unique", index.unique);
  object.emplace("sparse", index.sparse);
  object.emplace("ready", index.ready);
  return object;
}

/// The value of a collection's key.
///
///     u32 id, u32 next index, varint indexes, for each: u32 id, string name, u8 flags,
///     varint fields, for each: u8 order, string path
[[nodiscard]] inline std::string encode(const Collection& collection) {
  std::string out;
  put_fixed(out, collection.id);
  put_fixed(out, collection.next_index);
  put_varint(out, collection.indexes.size());
  for (const auto& index : collection.indexes) {
    put_fixed(out, index.id);
    put_string(out, index.name);
    out.push_back(
        static_cast<char>((index.unique ? 1 : 0) | (index.sparse ? 2 : 0) | (index.ready ? 4 : 0)));
    put_varint(out, index.fields.size());
    for (const auto& field : index.fields) {
      out.push_back(static_cast<char>(field.order));
      put_string(out, field.path.text());
    }
  }
  return out;
}

namespace detail {

[[nodiscard]] inline bool take_index(Decoder& from, IndexInfo& index) {
  std::string_view name;
  std::uint8_t flags = 0;
  std::uint64_t fields = 0;
  if (!from.take_fixed(index.id) || !from.take_string(name) || !from.take_fixed(flags) ||
      flags > 7 || !from.take_varint(fields) || fields == 0 || fields > index_fields_max) {
    return false;
  }
  index.name = name;
  index.unique = (flags & 1) != 0;
  index.sparse = (flags & 2) != 0;
  index.ready = (flags & 4) != 0;
  for (; fields > 0; --fields) {
    std::uint8_t order = 0;
    std::string_view text;
    if (!from.take_fixed(order) || order > 1 || !from.take_string(text)) {
      return false;
    }
    auto path = Path::of(text);
    if (!path) {
      return false;
    }
    index.fields.push_back({std::move(*path), static_cast<Order>(order)});
  }
  return true;
}

}  // namespace detail

/// Errors: `corruption` where the bytes are not what `encode` makes.
[[nodiscard]] inline Result<Collection> decode_collection(std::string_view name,
                                                          std::string_view bytes) {
  Collection collection;
  collection.name = name;
  Decoder from(bytes);
  std::uint64_t count = 0;
  bool good = from.take_fixed(collection.id) && from.take_fixed(collection.next_index) &&
              from.take_varint(count);
  for (; good && count > 0; --count) {
    good = detail::take_index(from, collection.indexes.emplace_back());
  }
  if (!good || !from.done()) {
    return fail(ErrorCode::corruption, "the catalog entry of the collection '", name,
                "' is damaged; restore the database from a backup");
  }
  return collection;
}

/// Parsed collections by their stored bytes. Threads: all calls concurrent.
class CatalogCache {
 public:
  using Handle = std::shared_ptr<const Collection>;

  [[nodiscard]] Result<Handle> parsed(std::string_view name, std::string_view bytes) {
    {
      const std::shared_lock lock(mutex_);
      const auto found = entries_.find(name);
      if (found != entries_.end() && found->second.bytes == bytes) {
        return found->second.collection;
      }
    }
    auto collection = decode_collection(name, bytes);
    if (!collection) {
      return propagate(std::move(collection));
    }
    auto handle = std::make_shared<const Collection>(std::move(*collection));
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= entries_max) {
      entries_.clear();
    }
    entries_.insert_or_assign(std::string(name), Entry{std::string(bytes), handle});
    return handle;
  }

 private:
  struct Entry {
    std::string bytes;
    Handle collection;
  };
  static constexpr std::size_t entries_max = 10000;

  std::shared_mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace strata::store
