// SPDX-License-Identifier: BSL-1.0
//
// What a user gets wrong: each mistake has an error of its own that names it and says what to do.
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/manager/persistence_manager.hpp>

using namespace strata;

namespace {

using Manager = PersistenceManager<io::Memory>;
using Json = boost::json::value;

Manager::Options options_on(const io::Memory& fs) {
  auto options = Manager::default_options();
  options.file_system = fs;
  return options;
}
Manager open(const io::Memory& fs = {}) {
  return std::move(Manager::open("/pm", options_on(fs)).value());
}

template <class T>
void check_refused(const Result<T>& result, ErrorCode code, const std::vector<std::string>& words) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == code);
  for (const std::string& word : words) {
    CHECK_THAT(result.error().message(), Catch::Contains(word));
  }
}

}  // namespace

TEST_CASE("a directory that is missing, when it is not to be made") {
  auto options = options_on({});
  SECTION("by its options") {
    options.create_if_missing = false;
  }
  SECTION("read-only") {
    options.read_only = true;
  }
  check_refused(Manager::open("/pm", options), ErrorCode::not_found, {"/pm", "create_if_missing"});
}

TEST_CASE("a directory that is somebody else's is left as it is") {
  const io::Memory fs;
  io::Memory same = fs;
  REQUIRE(same.create_directory("/pm"));
  auto file = same.create("/pm/thesis.tex");
  REQUIRE(file);
  REQUIRE(file->append("all of it"));
  REQUIRE(file->close());
  check_refused(Manager::open("/pm", options_on(fs)), ErrorCode::incompatible_format,
                {"/pm", "thesis.tex", "empty or a new directory"});
  CHECK(io::read_file(same, "/pm/thesis.tex").value() == "all of it");
}

TEST_CASE("a directory that is open already") {
  const io::Memory fs;
  Manager first = open(fs);
  check_refused(Manager::open("/pm", options_on(fs)), ErrorCode::locked, {"/pm"});
  REQUIRE(first.kv().put("k", "v"));
}

TEST_CASE("a directory of another composition") {
  const io::Memory fs;
  {
    LsmTree<io::Memory>::Options options;
    options.file_system = fs;
    auto db = LsmTree<io::Memory>::open("/pm", options);
    REQUIRE(db);
    REQUIRE(db->put("k", "v"));
    REQUIRE(db->close());
  }
  check_refused(Manager::open("/pm", options_on(fs)), ErrorCode::incompatible_format, {"/pm"});
}

TEST_CASE("keys and values beyond their limits") {
  Manager pm = open();
  check_refused(pm.kv().put("", "v"), ErrorCode::invalid_argument, {"empty", "at least one byte"});
  check_refused(pm.kv().put(std::string(65'537, 'k'), "v"), ErrorCode::invalid_argument,
                {"65537 bytes", "hash"});
  CHECK(pm.kv().put(std::string(65'536, 'k'), "v"));
  const std::string huge((std::size_t{1} << 30) + 1, 'v');
  check_refused(pm.kv().put("k", huge), ErrorCode::invalid_argument, {"1073741825", "1 GiB"});
  CHECK(pm.kv().get("k").value() == std::nullopt);
}

TEST_CASE("a collection that there is not") {
  Manager pm = open();
  check_refused(pm.documents().query("ghosts"), ErrorCode::not_found, {"ghosts"});
  check_refused(pm.documents().get("ghosts", "1"), ErrorCode::not_found, {"ghosts"});
  check_refused(pm.documents().create_index("ghosts", Json{{"a", 1}}), ErrorCode::not_found,
                {"ghosts"});
}

TEST_CASE("a query with an operator that there is not") {
  Manager pm = open();
  REQUIRE(pm.documents().create_collection("people"));
  check_refused(pm.documents().query("people", Json{{"age", {{"$above", 3}}}}),
                ErrorCode::invalid_argument, {"$above", "age"});
  check_refused(pm.documents().query("people", Json{{"$xor", Json(boost::json::array())}}),
                ErrorCode::invalid_argument, {"$xor"});
  REQUIRE(pm.documents().insert("people", Json{{"_id", "a"}, {"age", 3}}));
  check_refused(pm.documents().update("people", "a", Json{{"$double", {{"age", 1}}}}),
                ErrorCode::invalid_argument, {"$double"});
  CHECK(pm.documents().get("people", "a").value()->at("age") == 3);
}

TEST_CASE("an edge to a node that there is not") {
  Manager pm = open();
  REQUIRE(pm.graph().add_node({.id = "here"}));
  check_refused(pm.graph().add_edge("here", "nowhere", "road"), ErrorCode::not_found, {"nowhere"});
  check_refused(pm.graph().add_edge("nowhere", "here", "road"), ErrorCode::not_found, {"nowhere"});
  CHECK(pm.graph().check().value().edges == 0);
}

TEST_CASE("a part with the wrong ETag") {
  Manager pm = open();
  REQUIRE(pm.objects().create_bucket("b"));
  auto& multipart = pm.objects().multipart();
  const auto upload = multipart.create("b", "k").value();
  const auto part = multipart.upload_part(upload, 1, "bytes").value();
  const std::vector<store::CompletedPart> wrong = {{1, std::string(32, '0')}};
  check_refused(multipart.complete(upload, wrong), ErrorCode::conflict, {"part 1", part.etag});
  check_refused(multipart.complete(upload + 1, wrong), ErrorCode::not_found, {"upload"});
  // The upload goes on: nothing was lost.
  const std::vector<store::CompletedPart> right = {{1, part.etag}};
  CHECK(multipart.complete(upload, right));
}

TEST_CASE("points, buckets and tags that can not be") {
  Manager pm = open();
  check_refused(pm.series().write("", {}, {0, 1}), ErrorCode::invalid_argument, {"metric"});
  check_refused(pm.series().write("m", {}, {0, std::numeric_limits<double>::quiet_NaN()}),
                ErrorCode::invalid_argument, {"finite"});
  check_refused(pm.objects().put("nowhere", "k", "v"), ErrorCode::not_found, {"nowhere"});
  check_refused(pm.objects().create_bucket(""), ErrorCode::invalid_argument, {"bucket"});
}
