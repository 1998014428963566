// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether the indexes of a collection say exactly what its documents say.
///
/// Each entry that a document must have is looked up; then the entries are counted. As many as must
/// be, and all that must be there: they are the same. Only where the counts differ are the entries
/// read one by one for the ones too many. Memory does not grow with the collection. Tested through
/// the store: tests/store/document_index_test.cpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/document_catalog.hpp>
#include <strata/store/document_index.hpp>
#include <strata/store/document_value.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

struct CheckReport {
  std::uint64_t documents = 0;
  std::uint64_t entries = 0;
  /// What disagrees, one sentence each; the first 100.
  std::vector<std::string> problems;

  [[nodiscard]] bool good() const noexcept { return problems.empty(); }
};

namespace detail {

/// Requires: `reader` reads one moment.
template <class Reader, class Family>
class DocumentChecker {
 public:
  DocumentChecker(Reader& reader, const Family& family, const Collection& collection)
      : reader_(&reader), family_(&family), collection_(&collection) {}

  /// The documents and the entries of `indexes`.
  [[nodiscard]] Result<CheckReport> check(const std::vector<const IndexInfo*>& indexes) {
    std::vector<std::uint64_t> expected(indexes.size());
    Result<void> outcome;
    const std::string prefix = documents_prefix(collection_->id);
    auto scanned = reader_->scan(
        *family_, txn::KeyRange::prefix(prefix), [&](std::string_view key, std::string_view value) {
          ++report_.documents;
          outcome = check_document(key.substr(prefix.size()), value, indexes, expected);
          return outcome.has_value();
        });
    if (!scanned || !outcome) {
      return propagate(scanned ? outcome : scanned);
    }
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      if (auto counted = check_entries(*indexes[i], expected[i]); !counted) {
        return propagate(std::move(counted));
      }
    }
    return std::move(report_);
  }

 private:
  static constexpr std::size_t problems_max = 100;

  void report(const IndexInfo& index, std::string_view what, std::string_view id) {
    if (report_.problems.size() < problems_max) {
      report_.problems.push_back("index '" + index.name + "': " + std::string(what) + readable(id));
    }
  }
  [[nodiscard]] static std::string readable(std::string_view id) {
    KeyReader reader(id);
    KeyTag tag{};
    std::string text;
    if (reader.take_tag(tag) && tag == KeyTag::string && reader.take_bytes(text)) {
      return " (_id '" + text + "')";
    }
    return " (_id not a string)";
  }

  [[nodiscard]] Result<void> check_document(std::string_view id, std::string_view value,
                                            const std::vector<const IndexInfo*>& indexes,
                                            std::vector<std::uint64_t>& expected) {
    auto document = parse_stored(value);
    if (!document) {
      return tl::unexpected<Error>(document.error().within("collection '" + collection_->name +
                                                           "', document" + readable(id)));
    }
    ValueRef own_id;
    if (!find_field(*document, "_id", own_id) || key_of(own_id) != id) {
      report_.problems.push_back("a document is stored under an _id that is not its own" +
                                 readable(id));
    }
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      const IndexInfo& index = *indexes[i];
      auto keys = index_keys(index, *document);
      if (!keys) {
        report(index, keys.error().message(), id);
        continue;
      }
      expected[i] += keys->keys.size();
      for (const auto& fields : keys->keys) {
        auto entry = reader_->get(*family_, entry_key(collection_->id, index, fields, id));
        if (!entry) {
          return propagate(std::move(entry));
        }
        if (!*entry || (index.unique && **entry != id)) {
          report(index, *entry ? "an entry names another document" : "an entry is missing", id);
        }
      }
      for (std::size_t field = 0; field < index.fields.size(); ++field) {
        auto flag = reader_->get(*family_, several_values_key(collection_->id, index.id, field));
        if (!flag) {
          return propagate(std::move(flag));
        }
        if ((keys->several_values >> field & 1) != 0 && !*flag) {
          report(index, "it is not known to have several values of a field", id);
        }
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> check_entries(const IndexInfo& index, std::uint64_t expected) {
    const std::string prefix = entries_prefix(collection_->id, index.id);
    const auto range = txn::KeyRange::prefix(prefix);
    std::uint64_t found = 0;
    auto counted = reader_->scan(*family_, range, [&](std::string_view, std::string_view) {
      ++found;
      return true;
    });
    report_.entries += found;
    if (!counted || found == expected) {
      return counted;
    }
    Result<void> outcome;
    auto scanned =
        reader_->scan(*family_, range, [&](std::string_view key, std::string_view value) {
          outcome = check_entry(index, prefix.size(), key, value);
          return outcome.has_value() && report_.problems.size() < problems_max;
        });
    return outcome ? scanned : outcome;
  }
  [[nodiscard]] Result<void> check_entry(const IndexInfo& index, std::size_t prefix_bytes,
                                         std::string_view key, std::string_view value) {
    std::string_view id;
    if (!id_of_entry(index, prefix_bytes, key, value, id)) {
      report(index, "an entry is damaged", id);
      return {};
    }
    auto bytes = reader_->get(*family_, document_key(collection_->id, id));
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    bool expected = false;
    if (*bytes) {
      const auto document = parse_stored(**bytes);
      const auto keys = document ? index_keys(index, *document) : Result<IndexKeys>();
      for (std::size_t i = 0; document && keys && i < keys->keys.size(); ++i) {
        expected = expected || entry_key(collection_->id, index, keys->keys[i], id) == key;
      }
    }
    if (!expected) {
      report(index,
             *bytes ? "an entry does not agree with its document" : "an entry has no document", id);
    }
    return {};
  }

  Reader* reader_;
  const Family* family_;
  const Collection* collection_;
  CheckReport report_;
};

}  // namespace detail
}  // namespace strata::store
