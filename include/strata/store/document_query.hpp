// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Runs a query: takes the planner's ranges, fetches the documents, keeps those that match, sorts
/// what the plan does not give in order.
///
/// It reads through one reader — a view of one snapshot, or a unit — so that an index entry and its
/// document are of the same moment: an entry without its document is corruption, not a race. Tested
/// through the store: tests/store/document_store_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_catalog.hpp>
#include <strata/store/document_filter.hpp>
#include <strata/store/document_index.hpp>
#include <strata/store/document_planner.hpp>
#include <strata/store/document_projection.hpp>

namespace strata::store {

/// How the results of a query come.
struct QueryOptions {
  /// `{"path": 1, "other": -1}`; null: in no promised order.
  Json sort = nullptr;
  std::size_t skip = 0;
  std::optional<std::size_t> limit = std::nullopt;
  /// See store/document_projection.hpp; null: whole documents.
  Json projection = nullptr;
  /// Read as of this snapshot; null: of the moment at which the query begins.
  const Snapshot* snapshot = nullptr;
  /// A sort without an index keeps at most this much before it fails with `busy`.
  std::size_t sort_bytes_max = 100_MiB;
};

namespace detail {

struct QueryStats {
  std::uint64_t keys_examined = 0;
  std::uint64_t documents_examined = 0;
  std::uint64_t returned = 0;
};

/// The place of a document in a sort: the least of several values ascending, the greatest
/// descending, as in MongoDB.
[[nodiscard]] inline std::string sort_key(const std::vector<IndexField>& sort, ValueRef document) {
  KeyWriter writer;
  for (const auto& field : sort) {
    const FieldValues values = values_of(field, document);
    writer.encoded(field.order == Order::ascending ? values.keys.front() : values.keys.back(),
                   field.order);
  }
  if (ValueRef id; find_field(document, "_id", id)) {
    write_key(writer, id);  // ties in one order: pages do not overlap
  }
  return writer.take();
}

template <class Reader, class Family>
class QueryRunner {
 public:
  QueryRunner(Reader& reader, const Family& family, const Collection& collection)
      : reader_(&reader), family_(&family), collection_(&collection) {
    primary_.name = "_id_";
    primary_.fields.push_back({*Path::of("_id"), Order::ascending});
    primary_.unique = true;
  }
  QueryRunner(const QueryRunner&) = delete;
  QueryRunner& operator=(const QueryRunner&) = delete;

  [[nodiscard]] const QueryStats& stats() const noexcept { return stats_; }

  [[nodiscard]] Result<Plan> plan(const Filter& filter, const std::vector<IndexField>& sort,
                                  bool limited) {
    std::vector<const FilterNode*> leaves;
    collect_conditions(filter.root(), leaves);
    const auto is_named = [&](const std::string& path) {
      return std::any_of(leaves.begin(), leaves.end(),
                         [&](const FilterNode* leaf) { return leaf->path.text() == path; }) ||
             std::any_of(sort.begin(), sort.end(),
                         [&](const IndexField& field) { return field.path.text() == path; });
    };
    const std::string documents = documents_prefix(collection_->id);
    std::vector<IndexChoice> choices;
    choices.push_back({&primary_, documents, 0, true});
    for (const auto& index : collection_->indexes) {
      if (!index.ready || !is_named(index.fields.front().path.text())) {
        continue;
      }
      IndexChoice choice{&index, entries_prefix(collection_->id, index.id), 0, false};
      for (std::size_t i = 0; i < index.fields.size(); ++i) {
        auto several = reader_->get(*family_, several_values_key(collection_->id, index.id, i));
        if (!several) {
          return propagate(std::move(several));
        }
        choice.several_values |= *several ? 1U << i : 0U;
      }
      choices.push_back(std::move(choice));
    }
    return Planner(filter, sort, limited).plan(choices, txn::KeyRange::prefix(documents));
  }

  /// Calls `visit(ValueRef document, string_view bytes) -> bool` for each match, in the plan's
  /// order, while it returns true.
  template <class Visit>
  [[nodiscard]] Result<void> run(const Plan& plan, const Filter& filter, Visit&& visit) {
    std::unordered_set<std::string> seen;
    Result<void> outcome;
    bool more = true;
    const auto meet = [&](std::string_view id, std::string_view bytes) {
      ++stats_.documents_examined;
      auto document = parse_stored(bytes);
      if (!document) {
        outcome = tl::unexpected<Error>(document.error().within(
            "collection '" + collection_->name + "', document with the key " + hex(id)));
        return false;
      }
      more = !filter.matches(*document) || visit(*document, bytes);
      return more;
    };
    const bool documents = !plan.choice || plan.choice->primary;
    const std::size_t prefix_bytes = documents ? 0 : plan.choice->prefix.size();
    const std::size_t documents_bytes = documents_prefix(collection_->id).size();
    const auto step = [&](std::string_view key, std::string_view value) {
      ++stats_.keys_examined;
      if (documents) {
        return meet(key.substr(documents_bytes), value);
      }
      std::string_view id;
      if (!id_of_entry(*plan.choice->index, prefix_bytes, key, value, id)) {
        outcome = entry_damaged(plan, key);
        return false;
      }
      if (plan.may_repeat && !seen.emplace(id).second) {
        return true;
      }
      auto found = reader_->get(*family_, document_key(collection_->id, id));
      if (!found) {
        outcome = propagate(std::move(found));
        return false;
      }
      if (!*found) {
        outcome = entry_damaged(plan, key);
        return false;
      }
      return meet(id, **found);
    };
    for (std::size_t i = 0; i < plan.ranges.size() && more; ++i) {
      auto scanned = reader_->scan(*family_, plan.ranges[i], step, plan.direction);
      if (!outcome || !scanned) {
        return outcome ? scanned : outcome;
      }
    }
    return {};
  }

  /// Calls `emit(ValueRef) -> void` for each result of the whole query in its order.
  template <class Emit>
  [[nodiscard]] Result<Plan> results(const Filter& filter, const QueryOptions& options,
                                     Emit&& emit) {
    std::vector<IndexField> sort;
    if (!options.sort.is_null()) {
      auto parsed = parse_fields(options.sort, "sort");
      if (!parsed) {
        return propagate(std::move(parsed));
      }
      sort = std::move(*parsed);
    }
    auto planned = plan(filter, sort, options.limit.has_value());
    if (!planned || options.limit == 0U) {
      return planned;
    }
    auto done = planned->sorted ? in_order(*planned, filter, options, emit)
                                : sorted(*planned, filter, sort, options, emit);
    if (!done) {
      return propagate(std::move(done));
    }
    return planned;
  }

 private:
  /// A document that waits for its turn.
  struct Waiting {
    std::string key;
    std::string bytes;
    bool operator<(const Waiting& other) const noexcept { return key < other.key; }
  };

  [[nodiscard]] static std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes.substr(0, 64)) {
      text.push_back("0123456789abcdef"[static_cast<unsigned char>(byte) >> 4]);
      text.push_back("0123456789abcdef"[static_cast<unsigned char>(byte) & 15]);
    }
    return text;
  }
  [[nodiscard]] Result<void> entry_damaged(const Plan& plan, std::string_view key) const {
    return fail(ErrorCode::corruption, "collection '", collection_->name, "', index '",
                plan.choice->index->name, "': the entry ", hex(key),
                " has no document; run check(), then drop and create the index");
  }

  template <class Emit>
  [[nodiscard]] Result<void> in_order(const Plan& plan, const Filter& filter,
                                      const QueryOptions& options, Emit& emit) {
    std::size_t skip = options.skip;
    std::size_t left = options.limit.value_or(SIZE_MAX);
    return run(plan, filter, [&](ValueRef document, std::string_view) {
      if (skip > 0) {
        --skip;
        return true;
      }
      ++stats_.returned;
      emit(document);
      return --left > 0;
    });
  }

  /// Keeps the first `skip + limit` in a heap, or everything where there is no limit.
  template <class Emit>
  [[nodiscard]] Result<void> sorted(const Plan& plan, const Filter& filter,
                                    const std::vector<IndexField>& sort,
                                    const QueryOptions& options, Emit& emit) {
    const std::size_t limit = options.limit.value_or(SIZE_MAX);
    const std::size_t wanted = limit < SIZE_MAX - options.skip ? options.skip + limit : SIZE_MAX;
    std::vector<Waiting> heap;  // the last in order on top
    std::size_t bytes_kept = 0;
    bool too_much = false;
    auto done = run(plan, filter, [&](ValueRef document, std::string_view bytes) {
      std::string key = sort_key(sort, document);
      if (heap.size() == wanted && !(key < heap.front().key)) {
        return true;
      }
      if (heap.size() == wanted) {
        std::pop_heap(heap.begin(), heap.end());
        bytes_kept -= heap.back().key.size() + heap.back().bytes.size();
        heap.pop_back();
      }
      bytes_kept += key.size() + bytes.size();
      heap.push_back({std::move(key), std::string(bytes)});
      std::push_heap(heap.begin(), heap.end());
      too_much = bytes_kept > options.sort_bytes_max;
      return !too_much;
    });
    if (!done) {
      return done;
    }
    if (too_much) {
      return fail(ErrorCode::busy, "collection '", collection_->name,
                  "': the sort needs more memory than sort_bytes_max; give a limit, or create an "
                  "index on the sort's fields");
    }
    std::sort_heap(heap.begin(), heap.end());
    for (std::size_t i = options.skip; i < heap.size(); ++i) {
      auto document = parse_stored(heap[i].bytes);
      if (!document) {
        return propagate(std::move(document));
      }
      ++stats_.returned;
      emit(*document);
    }
    return {};
  }

  Reader* reader_;
  const Family* family_;
  const Collection* collection_;
  IndexInfo primary_;
  QueryStats stats_;
};

}  // namespace detail
}  // namespace strata::store
