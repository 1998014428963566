// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_listing.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/store/object_store.hpp>
#include "databases.hpp"

using namespace strata;
using store::ListQuery;

namespace {

using Names = std::vector<std::string>;

template <class Holder>
struct Fixture : Holder {
  txn::KeyLocks locks;
  store::Objects<typename Holder::Db> objects{this->db, locks};

  explicit Fixture(const Names& keys) {
    REQUIRE(objects.create_bucket("b"));
    REQUIRE(objects.create_bucket("b2"));
    REQUIRE(objects.put("b2", "elsewhere", "x"));
    for (const std::string& key : keys) {
      REQUIRE(objects.put("b", key, "x"));
    }
  }

  /// All pages of a listing, merged: objects as they are, common prefixes with a '*' in front.
  Names pages(ListQuery query) {
    Names all;
    for (;;) {
      const auto listing = objects.list("b", query).value();
      REQUIRE(listing.objects.size() + listing.common_prefixes.size() <= query.limit);
      for (const auto& object : listing.objects) {
        all.push_back(object.key);
      }
      for (const auto& common : listing.common_prefixes) {
        all.push_back("*" + common);
      }
      if (!listing.next) {
        std::sort(all.begin(), all.end());
        return all;
      }
      query.page = *listing.next;
    }
  }
};

/// Counts the heads that a listing looks at.
struct CountingReader {
  mutable std::size_t shown = 0;

  template <class Family, class Fn>
  Result<void> scan(const Family& family, const txn::KeyRange& range, Fn&& fn) const {
    return txn::View().scan(family, range, [&](std::string_view key, std::string_view value) {
      ++shown;
      return fn(key, value);
    });
  }
};

/// Calls `before_scan` whenever somebody begins to scan.
class InterruptedMap : public testing::MapDatabase<"objects"> {
  using Base = testing::MapDatabase<"objects">;

 public:
  std::function<void()> before_scan = [] {};

  class Family : public Base::Family {
   public:
    Family(InterruptedMap& db, const Base::Family& family) : Base::Family(family), db_(&db) {}
    [[nodiscard]] Cursor cursor(const ReadOptions& options = {}) const {
      db_->before_scan();
      return Base::Family::cursor(options);
    }

   private:
    InterruptedMap* db_;
  };
  template <FixedString Name>
  [[nodiscard]] Family family() {
    return Family(*this, Base::family<Name>());
  }
};

/// What S3 says a listing is, without any cleverness.
Names reference(const std::set<std::string>& keys, const ListQuery& query) {
  std::set<std::string> all;
  for (const std::string& key : keys) {
    if (!key.starts_with(query.prefix) ||
        (!query.start_after.empty() && key <= query.start_after)) {
      continue;
    }
    const auto at = query.delimiter.empty() ? std::string::npos
                                            : key.find(query.delimiter, query.prefix.size());
    all.insert(at == std::string::npos ? key : "*" + key.substr(0, at + query.delimiter.size()));
  }
  return {all.begin(), all.end()};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a prefix and a delimiter list one folder", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f({"a", "a/1", "a/2/x", "a/2/y", "a/3", "b/1"});
  CHECK(f.pages({.prefix = "a/", .delimiter = "/"}) == Names{"*a/2/", "a/1", "a/3"});
  CHECK(f.pages({.delimiter = "/"}) == Names{"*a/", "*b/", "a"});
  CHECK(f.pages({.prefix = "a"}) == Names{"a", "a/1", "a/2/x", "a/2/y", "a/3"});
  CHECK(f.pages({.prefix = "c"}).empty());
  CHECK(f.pages({.start_after = "a/2/x"}) == Names{"a/2/y", "a/3", "b/1"});
}

TEMPLATE_LIST_TEST_CASE("objects in a listing carry what head() says", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f({"k"});
  const auto listed = f.objects.list("b").value().objects.at(0);
  const auto head = f.objects.head("b", "k").value().value();
  CHECK(listed.key == "k");
  CHECK(listed.size == 1);
  CHECK(listed.etag == head.etag);
}

TEMPLATE_LIST_TEST_CASE("a page of nothing is refused", "[objects]", databases::all<"objects">) {
  Fixture<TestType> f({"k"});
  CHECK(f.objects.list("b", {.limit = 0}).error().code() == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("any listing of random keys, in pages of any size, is the reference's",
                        "[objects]", databases::all<"objects">) {
  const std::uint64_t seed = 14;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto word = [&] {
    std::string text;
    for (auto n = random() % 7 + 1; n > 0; --n) {
      text.push_back("ab/\xff"[random() % 4]);
    }
    return text;
  };
  std::set<std::string> keys;
  while (keys.size() < 120) {
    keys.insert(word());
  }
  Fixture<TestType> f(Names(keys.begin(), keys.end()));
  for (unsigned i = 0; i < 200; ++i) {
    ListQuery query;
    query.prefix = random() % 2 == 0 ? word().substr(0, 2) : "";
    query.delimiter = random() % 3 == 0 ? "" : (random() % 4 == 0 ? "a/" : "/");
    query.start_after = random() % 3 == 0 ? word() : "";
    query.limit = random() % 9 + 1;
    CAPTURE(query.prefix, query.delimiter, query.start_after, query.limit);
    REQUIRE(f.pages(query) == reference(keys, query));
  }
}

TEMPLATE_LIST_TEST_CASE("what a common prefix rolls up is jumped over, not read", "[objects]",
                        databases::all<"objects">) {
  Names keys = {"z"};
  for (const char* folder : {"0/", "1/", "2/"}) {
    for (int i = 0; i < 100; ++i) {
      keys.push_back(folder + std::to_string(i));
    }
  }
  Fixture<TestType> f(keys);
  const CountingReader reader;
  const auto family = f.db.template family<"objects">();
  const auto listing = store::detail::list_objects(reader, family, "b", {.delimiter = "/"}).value();
  CHECK(listing.common_prefixes == Names{"0/", "1/", "2/"});
  CHECK(listing.objects.size() == 1);
  CHECK(reader.shown == 4);
}

TEST_CASE("a page is of one moment, whatever moves while it is made", "[objects]") {
  InterruptedMap db;
  txn::KeyLocks locks;
  store::Objects<InterruptedMap> objects(db, locks);
  REQUIRE(objects.create_bucket("b"));
  REQUIRE(objects.put("b", "2/x", ""));
  REQUIRE(objects.put("b", "3/x", ""));
  int scans = 0;
  db.before_scan = [&] {
    if (++scans == 2) {
      REQUIRE(objects.copy("b", "3/x", "b", "1/x"));
      REQUIRE(objects.erase("b", "3/x").value());
    }
  };
  CHECK(objects.list("b", {.delimiter = "/"}).value().common_prefixes == Names{"2/", "3/"});
  db.before_scan = [] {};
  CHECK(objects.list("b", {.delimiter = "/"}).value().common_prefixes == Names{"1/", "2/"});
}

TEMPLATE_LIST_TEST_CASE("a damaged head is an error that names its object", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f({"good", "poor"});
  const auto family = f.db.template family<"objects">();
  WriteBatch batch;
  batch.put(family.id(), store::detail::ObjectKeys::head("b", "poor"), "\x01\x02");
  REQUIRE(f.db.write(batch));
  const auto listing = f.objects.list("b");
  REQUIRE_FALSE(listing);
  CHECK(listing.error().code() == ErrorCode::corruption);
  CHECK_THAT(listing.error().message(), Catch::Contains("poor"));
}
