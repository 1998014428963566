// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_writer.hpp>

#include <catch2/catch.hpp>

#include <string>

#include <strata/store/object_store.hpp>
#include "object_fixture.hpp"

using namespace strata;
using store::Objects;

namespace {

template <class Holder>
struct Fixture : object_tests::ObjectsOn<Holder> {
  /// Chunks of objects and marks of writers.
  std::size_t entries() {
    using Keys = store::detail::ObjectKeys;
    return this->count(
        [](std::uint8_t kind) { return kind == Keys::chunk_kind || kind == Keys::pending_kind; });
  }
};

constexpr std::size_t chunk = store::detail::chunk_bytes;

}  // namespace

TEMPLATE_LIST_TEST_CASE("a writer whose bytes were removed as abandoned fails, and leaves nothing",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  REQUIRE(f.objects.put("b", "k", "old"));
  {
    auto at_the_end = f.objects.write("b", "k").value();
    auto on_the_way = f.objects.write("b", "k").value();
    REQUIRE(at_the_end.append(std::string(5 * chunk, 'x')));
    REQUIRE(on_the_way.append(std::string(5 * chunk, 'x')));
    CHECK(f.objects.remove_abandoned().value() == 2);
    const auto finished = at_the_end.finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code() == ErrorCode::conflict);
    const auto appended = on_the_way.append(std::string(5 * chunk, 'x'));
    REQUIRE_FALSE(appended);
    CHECK(appended.error().code() == ErrorCode::conflict);
  }
  CHECK(f.objects.get("b", "k").value()->data == "old");
  CHECK(f.entries() == 1);
}

TEMPLATE_LIST_TEST_CASE("a writer that can not finish leaves what was there, and no bytes",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  REQUIRE(f.objects.create_bucket("gone"));
  {
    auto late = f.objects.write("b", "k", {.if_absent = true}).value();
    REQUIRE(late.append(std::string(9 * chunk, 'x')));
    REQUIRE(f.objects.put("b", "k", "first"));
    const auto finished = late.finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code() == ErrorCode::conflict);

    auto homeless = f.objects.write("gone", "k").value();
    REQUIRE(homeless.append(std::string(9 * chunk, 'x')));
    REQUIRE(f.objects.remove_bucket("gone"));
    const auto nowhere = homeless.finish();
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code() == ErrorCode::not_found);
  }
  CHECK(f.objects.get("b", "k").value()->data == "first");
  CHECK(f.entries() == 1);
  CHECK(f.objects.usage("b").value() == store::BucketUsage{1, 5});
}

TEMPLATE_LIST_TEST_CASE("a writer that is moved goes on; what was moved from leaves it alone",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  auto writer = [&] {
    auto first = f.objects.write("b", "k").value();
    REQUIRE(first.append(std::string(6 * chunk, 'x')));
    return first;
  }();
  auto second = std::move(writer);
  REQUIRE(second.append("y"));
  REQUIRE(second.finish());
  CHECK(f.objects.get("b", "k").value()->data == std::string(6 * chunk, 'x') + "y");
}
