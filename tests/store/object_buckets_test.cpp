// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_buckets.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <strata/store/object_store.hpp>
#include "object_fixture.hpp"

using namespace strata;
using store::Objects;

namespace {

template <class Holder>
using Fixture = object_tests::ObjectsOn<Holder>;

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.error().code();
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a bucket is made once, and removed when it is empty", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  CHECK(code_of(f.objects.create_bucket("b")) == ErrorCode::already_exists);
  CHECK(code_of(f.objects.create_bucket("")) == ErrorCode::invalid_argument);
  CHECK(code_of(f.objects.create_bucket("a/b")) == ErrorCode::invalid_argument);
  CHECK(code_of(f.objects.create_bucket(std::string(64, 'a'))) == ErrorCode::invalid_argument);
  REQUIRE(f.objects.create_bucket("a"));
  CHECK(f.objects.list_buckets().value() == std::vector<std::string>{"a", "b"});
  REQUIRE(f.objects.put("b", "k", "x"));
  CHECK(code_of(f.objects.remove_bucket("b")) == ErrorCode::conflict);
  REQUIRE(f.objects.erase("b", "k").value());
  REQUIRE(f.objects.remove_bucket("b"));
  CHECK(f.objects.list_buckets().value() == std::vector<std::string>{"a"});
  for (const auto code :
       {code_of(f.objects.put("b", "k", "x")), code_of(f.objects.get("b", "k")),
        code_of(f.objects.list("b")), code_of(f.objects.usage("b")),
        code_of(f.objects.erase("b", "k")), code_of(f.objects.remove_bucket("b"))}) {
    CHECK(code == ErrorCode::not_found);
  }
  REQUIRE(f.objects.create_bucket("b"));
  CHECK(f.objects.usage("b").value() == store::BucketUsage{0, 0});
}

TEMPLATE_LIST_TEST_CASE("usage counts objects and bytes, through replacing and erasing",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  for (unsigned i = 0; i < 50; ++i) {
    REQUIRE(f.objects.put("b", "k" + std::to_string(i), std::string(i, 'x')));
  }
  CHECK(f.objects.usage("b").value() == store::BucketUsage{50, 49 * 50 / 2});
  REQUIRE(f.objects.put("b", "k49", ""));
  REQUIRE(f.objects.erase("b", "k48").value());
  CHECK_FALSE(f.objects.erase("b", "k48").value());
  CHECK(f.objects.usage("b").value() == store::BucketUsage{49, 49 * 50 / 2 - 49 - 48});
}

TEMPLATE_LIST_TEST_CASE("an unknown bucket is an error that says how to make it", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  const auto put = f.objects.put("unknown", "k", "x");
  CHECK(code_of(put) == ErrorCode::not_found);
  CHECK_THAT(put.error().message(), Catch::Contains("unknown") && Catch::Contains("create_bucket"));
}

TEMPLATE_LIST_TEST_CASE("a bucket that is removed while objects come holds all of them or none",
                        "[objects]", databases::racing<"objects">) {
  Fixture<TestType> f;
  std::atomic<bool> is_over{false};
  std::thread remover([&] {
    while (!is_over) {
      (void)f.objects.remove_bucket("b");
      (void)f.objects.create_bucket("b");
    }
  });
  std::atomic<unsigned> failed{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < 2; ++t) {
    writers.emplace_back([&, t] {
      const std::string key = "k" + std::to_string(t);
      for (int i = 0; i < 200; ++i) {
        // Stored: the bucket can not go before the object does.
        if (f.objects.put("b", key, "x")) {
          const auto erased = f.objects.erase("b", key);
          failed += erased && *erased ? 0 : 1;
        }
      }
    });
  }
  for (auto& writer : writers) {
    writer.join();
  }
  is_over = true;
  remover.join();
  CHECK(failed == 0);
  CHECK(f.objects.usage("b").value() == store::BucketUsage{0, 0});
}
