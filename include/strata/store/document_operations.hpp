// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the document store does with documents, given a collection by name: the bodies behind
/// `Documents` (store/document_store.hpp). A change works inside a unit that its caller commits; a
/// read works on any reader: a unit, or a view of one moment. Tested through the store:
/// tests/store/document_store_test.cpp.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/store/document_core.hpp>
#include <strata/store/document_filter_parser.hpp>
#include <strata/store/document_id.hpp>
#include <strata/store/document_query.hpp>
#include <strata/store/document_update.hpp>
#include <strata/store/document_value.hpp>
#include <strata/store/document_writer.hpp>

namespace strata::store {

struct UpdateOptions {
  /// Change the document only while it has this `_version`; else `conflict`.
  std::optional<std::int64_t> expected_version = std::nullopt;
};

namespace detail {

template <class Db, FixedString Name, class Clock>
class DocumentOperations {
 public:
  using Core = DocumentCore<Db, Name>;
  using Unit = typename Core::Unit;

  DocumentOperations(Core& core, Clock clock) : core_(&core), clock_(std::move(clock)) {}

  [[nodiscard]] Result<Json> insert(Unit& unit, const Collection& collection,
                                    const Json& document) {
    if (!document.is_object()) {
      return fail(ErrorCode::invalid_argument, "a document is a JSON object");
    }
    const auto& object = document.get_object();
    const std::int64_t now = clock_.now_ms();
    const Json* given = object.if_contains("_id");
    const Json id = given != nullptr ? *given : Json(boost::json::string(ids_.make(now)));
    auto key = id_key(id);
    if (!key) {
      return propagate(std::move(key));
    }
    auto changed =
        DocumentWriter(unit, core_->family(), collection)
            .change(*key, [&](const ValueRef* old) -> Result<std::optional<StoredValue>> {
              if (old != nullptr) {
                return fail(ErrorCode::already_exists, "collection '", collection.name,
                            "' has a document with this _id");
              }
              return stored(object, id, 1, nullptr, now);
            });
    return changed ? Result<Json>(id) : propagate(std::move(changed));
  }

  template <class Reader, class Visit>
  [[nodiscard]] Result<bool> visit(Reader& reader, std::string_view collection,
                                   const DocumentId& id, Visit& show) {
    auto found = core_->require(reader, collection);
    if (!found) {
      return propagate(std::move(found));
    }
    auto key = id_key(id.json());
    if (!key) {
      return propagate(std::move(key));
    }
    auto bytes = reader.get(core_->family(), document_key((*found)->id, *key));
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    if (!*bytes) {
      return false;
    }
    auto document = parse_stored(**bytes);
    if (!document) {
      return tl::unexpected<Error>(
          document.error().within("collection '" + std::string(collection) + "', a document"));
    }
    show(*document);
    return true;
  }
  template <class Reader>
  [[nodiscard]] Result<std::optional<Json>> get(Reader& reader, std::string_view collection,
                                                const DocumentId& id) {
    std::optional<Json> json;
    const auto decode = [&](ValueRef document) { json = to_json(document); };
    auto visited = visit(reader, collection, id, decode);
    return visited ? Result<std::optional<Json>>(std::move(json)) : propagate(std::move(visited));
  }

  [[nodiscard]] Result<std::int64_t> update(Unit& unit, std::string_view collection,
                                            const DocumentId& id, const Json& changes,
                                            const UpdateOptions& how) {
    return modify(unit, collection, id, how,
                  [&](const Json& old) { return updated(old, changes); });
  }
  [[nodiscard]] Result<std::int64_t> replace(Unit& unit, std::string_view collection,
                                             const DocumentId& id, const Json& document,
                                             const UpdateOptions& how) {
    return modify(unit, collection, id, how, [&](const Json& old) -> Result<Json> {
      if (!document.is_object()) {
        return fail(ErrorCode::invalid_argument, "a document is a JSON object");
      }
      const Json* given = document.get_object().if_contains("_id");
      if (given != nullptr && *given != old.at("_id")) {
        return fail(ErrorCode::invalid_argument,
                    "the new document has another _id; insert it, and erase the old one");
      }
      return document;
    });
  }
  [[nodiscard]] Result<bool> erase(Unit& unit, std::string_view collection, const DocumentId& id,
                                   const UpdateOptions& how) {
    auto found = core_->require(unit, collection);
    if (!found) {
      return propagate(std::move(found));
    }
    auto key = id_key(id.json());
    if (!key) {
      return propagate(std::move(key));
    }
    bool present = false;
    auto changed =
        DocumentWriter(unit, core_->family(), **found)
            .change(*key, [&](const ValueRef* old) -> Result<std::optional<StoredValue>> {
              present = old != nullptr;
              std::int64_t version = 0;
              if (present && how.expected_version) {
                auto expected = check_version(collection, to_json(*old), how, version);
                if (!expected) {
                  return propagate(std::move(expected));
                }
              }
              return std::nullopt;
            });
    return changed ? Result<bool>(present) : propagate(std::move(changed));
  }

  template <class Reader>
  [[nodiscard]] Result<std::vector<Json>> query(Reader& reader, std::string_view collection,
                                                const Json& filter, const QueryOptions& options) {
    auto projection = Projection::parse(options.projection);
    if (!projection) {
      return propagate(std::move(projection));
    }
    std::vector<Json> results;
    auto done = with_runner(reader, collection, filter, [&](auto& runner, const Filter& parsed) {
      return drain(runner, parsed, options,
                   [&](ValueRef document) { results.push_back(projection->apply(document)); });
    });
    return done ? Result<std::vector<Json>>(std::move(results)) : propagate(std::move(done));
  }
  template <class Reader>
  [[nodiscard]] Result<std::uint64_t> count(Reader& reader, std::string_view collection,
                                            const Json& filter) {
    std::uint64_t count = 0;
    auto done = with_runner(reader, collection, filter, [&](auto& runner, const Filter& parsed) {
      return drain(runner, parsed, {}, [&](ValueRef) { ++count; });
    });
    return done ? Result<std::uint64_t>(count) : propagate(std::move(done));
  }
  template <class Reader>
  [[nodiscard]] Result<std::vector<Json>> distinct(Reader& reader, std::string_view collection,
                                                   std::string_view path, const Json& filter) {
    auto parts = Path::of(path);
    if (!parts) {
      return propagate(std::move(parts));
    }
    std::map<std::string, Json> values;
    const auto add = [&](ValueRef value) {
      auto [place, fresh] = values.try_emplace(key_of(value));
      if (fresh) {
        place->second = to_json(value);
      }
    };
    auto done = with_runner(reader, collection, filter, [&](auto& runner, const Filter& parsed) {
      return drain(runner, parsed, {}, [&](ValueRef document) {
        visit_path(document, parts->parts(), [&](const ValueRef* value) {
          if (value != nullptr && value->IsUntypedVector()) {
            const auto elements = value->AsVector();
            for (std::size_t i = 0; i < elements.size(); ++i) {
              add(elements[i]);
            }
          } else if (value != nullptr) {
            add(*value);
          }
          return true;
        });
      });
    });
    if (!done) {
      return propagate(std::move(done));
    }
    std::vector<Json> list;
    for (auto& [key, value] : values) {
      list.push_back(std::move(value));
    }
    return list;
  }
  template <class Reader>
  [[nodiscard]] Result<Json> explain(Reader& reader, std::string_view collection,
                                     const Json& filter, const QueryOptions& options) {
    boost::json::object told;
    told.emplace("collection", boost::json::string_view(collection));
    auto done = with_runner(
        reader, collection, filter, [&](auto& runner, const Filter& parsed) -> Result<void> {
          auto plan = runner.results(parsed, options, [](ValueRef) {});
          if (plan) {
            told.emplace("plan", plan->choice ? "index" : "collection_scan");
            if (plan->choice) {
              told.emplace("index", plan->choice->index->name);
              told.emplace("bound_fields", plan->bound_fields);
              told.emplace("ranges", plan->ranges.size());
            }
            told.emplace("sorted_by_index", plan->sorted && !options.sort.is_null());
            told.emplace("keys_examined", runner.stats().keys_examined);
            told.emplace("documents_examined", runner.stats().documents_examined);
            told.emplace("returned", runner.stats().returned);
          }
          return plan ? Result<void>() : propagate(std::move(plan));
        });
    return done ? Result<Json>(std::move(told)) : propagate(std::move(done));
  }

 private:
  [[nodiscard]] static tl::unexpected<Error> no_document(std::string_view collection) {
    return fail(ErrorCode::not_found, "collection '", collection,
                "' has no document with this _id");
  }

  [[nodiscard]] static Result<StoredValue> stored(const boost::json::object& object, Json id,
                                                  std::int64_t version, Json created,
                                                  std::int64_t now) {
    boost::json::object kept = object;
    boost::json::object updated;
    updated.emplace("$date", now);
    kept["_id"] = std::move(id);
    kept["_version"] = version;
    kept["_created"] = created.is_null() ? Json(updated) : std::move(created);
    kept["_updated"] = std::move(updated);
    return StoredValue::of(std::move(kept));
  }

  /// `make(const Json& old) -> Result<Json>`: the new content; kept fields are set here.
  template <class Make>
  [[nodiscard]] Result<std::int64_t> modify(Unit& unit, std::string_view collection,
                                            const DocumentId& id, const UpdateOptions& how,
                                            Make&& make) {
    auto found = core_->require(unit, collection);
    if (!found) {
      return propagate(std::move(found));
    }
    auto key = id_key(id.json());
    if (!key) {
      return propagate(std::move(key));
    }
    std::int64_t version = 0;
    auto changed =
        DocumentWriter(unit, core_->family(), **found)
            .change(*key, [&](const ValueRef* old) -> Result<std::optional<StoredValue>> {
              if (old == nullptr) {
                return no_document(collection);
              }
              Json before = to_json(*old);
              if (auto expected = check_version(collection, before, how, version); !expected) {
                return propagate(std::move(expected));
              }
              const auto& kept = before.get_object();
              const Json* own_id = kept.if_contains("_id");
              const Json* created = kept.if_contains("_created");
              Result<Json> after = make(before);
              if (!after) {
                return propagate(std::move(after));
              }
              ++version;
              return stored(after->get_object(), own_id != nullptr ? *own_id : id.json(), version,
                            created != nullptr ? *created : Json(), clock_.now_ms());
            });
    return changed ? Result<std::int64_t>(version) : propagate(std::move(changed));
  }
  [[nodiscard]] static Result<void> check_version(std::string_view collection, const Json& document,
                                                  const UpdateOptions& how, std::int64_t& version) {
    const Json* kept =
        document.is_object() ? document.get_object().if_contains("_version") : nullptr;
    if (kept == nullptr || !kept->is_int64()) {
      return fail(ErrorCode::corruption, "collection '", collection,
                  "': a document has no _version");
    }
    version = kept->get_int64();
    if (how.expected_version && *how.expected_version != version) {
      return fail(ErrorCode::conflict, "collection '", collection, "': the document has _version ",
                  std::to_string(version), ", not ", std::to_string(*how.expected_version),
                  "; read it again and decide anew");
    }
    return {};
  }
  template <class Reader, class Use>
  [[nodiscard]] auto with_runner(Reader& reader, std::string_view collection, const Json& filter,
                                 Use&& use) -> Result<void> {
    auto parsed = parse_filter(filter);
    if (!parsed) {
      return propagate(std::move(parsed));
    }
    auto found = core_->require(reader, collection);
    if (!found) {
      return propagate(std::move(found));
    }
    QueryRunner runner(reader, core_->family(), **found);
    return use(runner, *parsed);
  }

  template <class Runner, class Emit>
  [[nodiscard]] static Result<void> drain(Runner& runner, const Filter& filter,
                                          const QueryOptions& options, Emit&& emit) {
    auto plan = runner.results(filter, options, emit);
    return plan ? Result<void>() : propagate(std::move(plan));
  }

  Core* core_;
  Clock clock_;
  IdMaker ids_;
};

}  // namespace detail
}  // namespace strata::store
