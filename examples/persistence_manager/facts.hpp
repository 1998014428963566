// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Questions about the data sets that are loaded, with the answers that were computed by other
/// means. All answers come through the manager's public calls, as of one snapshot.

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <strata/manager/persistence_manager.hpp>

#include "files.hpp"
#include "load.hpp"
#include "report.hpp"

inline bool has(const std::string& data, const std::string& file) {
  return std::ifstream(data + "/" + file).good();
}

/// "AUT BEL": a field of the documents, in their order.
inline std::string listed(const std::vector<Json>& documents, std::string_view field) {
  std::string text;
  for (const Json& document : documents) {
    const auto& value = document.at(field).get_string();
    text += (text.empty() ? "" : " ") + std::string(value.data(), value.size());
  }
  return text;
}

inline void ask_key_values(Manager& pm, const std::string& data, const strata::Snapshot& now,
                           Facts& facts) {
  const strata::store::ScanOptions as_of{.snapshot = &now};
  const auto count = [&](std::string_view prefix) {
    return must(pm.kv().list_prefix(prefix, as_of), "scan").size();
  };
  if (has(data, "kv/public_suffix_list.dat")) {
    facts.check("public suffixes", count("suffix/"), 10'248);
    facts.check("... that begin with '*.'", count("suffix/*."), 283);
    const auto between = must(pm.kv().list({"suffix/com", "suffix/con"}, as_of), "scan");
    facts.check("... in ['com', 'con')", between.size(), 153);
    strata::store::ScanOptions last = as_of;
    last.direction = strata::txn::Direction::backward;
    last.limit = 1;
    facts.check("... the last in byte order",
                must(pm.kv().list_prefix("suffix/", last), "scan").at(0).first.substr(7), "한국");
  }
  if (has(data, "kv/mime_db.json")) {
    facts.check("media types", count("mime/"), 2601);
    facts.check("... of images", count("mime/image/"), 109);
  }
}

inline void ask_documents(Manager& pm, const std::string& data, const strata::Snapshot& now,
                          Facts& facts) {
  const auto count = [&](std::string_view collection, const Json& filter) {
    return must(pm.documents().count(collection, filter, &now), "count");
  };
  const auto query = [&](std::string_view collection, std::string_view filter,
                         std::string_view sort, std::size_t limit = 1000) {
    strata::store::QueryOptions options;
    options.sort = boost::json::parse(std::string(sort));
    options.limit = limit;
    options.snapshot = &now;
    return must(pm.documents().query(collection, boost::json::parse(std::string(filter)), options),
                "query");
  };
  if (has(data, "documents/countries.ndjson")) {
    facts.check("countries that are landlocked", count("countries", {{"landlocked", true}}), 45);
    facts.check("... that border on Germany",
                listed(query("countries", R"({"borders": "DEU"})", R"({"_id": 1})"), "_id"),
                "AUT BEL CHE CZE DNK FRA LUX NLD POL");
    facts.check("... the largest five",
                listed(query("countries", "{}", R"({"area": -1})", 5), "_id"),
                "RUS ATA CAN CHN USA");
  }
  if (has(data, "documents/earthquakes.ndjson")) {
    facts.check("earthquakes of magnitude 5 and more",
                count("earthquakes", {{"properties.mag", {{"$gte", 5}}}}), 39);
    facts.check("... the largest",
                listed(query("earthquakes", "{}", R"({"properties.mag": -1})", 1), "_id"),
                "us1000chhc");
  }
  if (has(data, "documents/cities15000.csv")) {
    const Json large = {{"population", {{"$gt", 1'000'000}}}};
    facts.check("cities of more than a million", count("cities", large), 355);
    const Json plan = must(pm.documents().explain("cities", large), "explain");
    facts.check("... found by", std::string(plan.at("plan").as_string().c_str()), "index");
    facts.check("cities called Springfield", count("cities", {{"name", "Springfield"}}), 8);
    facts.check("... different names",
                must(pm.documents().distinct("cities", "name", Json(boost::json::object()), &now),
                     "distinct")
                    .size(),
                22'244);
  }
}

inline void ask_series(Manager& pm, const std::string& data, const strata::Snapshot& now,
                       Facts& facts) {
  using strata::store::Function;
  using strata::store::Matcher;
  const auto ask = [&](const strata::store::Selector& selector, const Function& function) {
    strata::store::AggregateQuery query;
    query.selector = selector;
    query.functions = {function};
    return must(pm.series().aggregate(query, &now), "aggregate")
        .at(0)
        .buckets.at(0)
        .values[0]
        .value();
  };
  if (has(data, "timeseries/nyc_taxi.csv")) {
    const strata::store::Selector taxi{"taxi_passengers", {}};
    facts.check("taxi passengers in half a year", ask(taxi, Function::sum()), 156'219'716.0);
    facts.check("... p95 of half an hour", ask(taxi, Function::p95()), 25'126.0);
    facts.check("... the most", ask(taxi, Function::max()), 39'197.0);
    strata::store::AggregateQuery by_day;
    by_day.selector = taxi;
    by_day.interval_ms = 86'400'000;
    by_day.functions = {Function::sum()};
    facts.check("... days",
                must(pm.series().aggregate(by_day, &now), "aggregate").at(0).buckets.size(), 215);
  }
  if (has(data, "timeseries/machine_temperature.csv")) {
    const strata::store::Selector machine{"temperature", {}};
    facts.check("machine temperature, points (the last row of a time wins)",
                ask(machine, Function::count()), 22'683.0);
    facts.check("... average", ask(machine, Function::avg()), 85.9221585657306);
  }
  if (has(data, "timeseries/ec2_cpu_5f5533.csv")) {
    facts.check("CPU of host 5f5533, p95",
                ask({"cpu", {Matcher::equal("host", "5f5533")}}, Function::p95()), 50.994);
    facts.check("... of all hosts, p95", ask({"cpu", {}}, Function::p95()), 48.934);
  }
  if (has(data, "timeseries/weather_daily.csv")) {
    facts.check("snow days in Seattle",
                ask({"temp_max",
                     {Matcher::equal("location", "Seattle"), Matcher::equal("weather", "snow")}},
                    Function::count()),
                26.0);
    facts.check("... hottest day of New York",
                ask({"temp_max", {Matcher::regex("location", "New.*")}}, Function::max()), 37.8);
  }
}

inline void ask_graph(Manager& pm, const std::string& data, const strata::Snapshot& now,
                      Facts& facts) {
  if (!has(data, "graph/us_flights_2008.csv")) {
    return;
  }
  using strata::store::PathCost;
  strata::store::Traversal four;
  four.max_depth = 4;
  four.snapshot = &now;
  facts.check("airports within 4 flights of ABE",
              must(pm.graph().count_reachable("ABE", four), "traverse"), 304);
  facts.check("routes from ATL",
              must(pm.graph().degree("ATL", strata::store::Side::out, &now), "degree"), 173);
  strata::store::PathOptions how{.by = PathCost::hops};
  how.snapshot = &now;
  const auto hops = [&](std::string_view from, std::string_view to) {
    const auto path = must(pm.graph().shortest_path(from, to, how), "path");
    return path ? std::to_string(path->edges.size()) : "none";
  };
  facts.check("fewest flights from ABE to HNL", hops("ABE", "HNL"), "2");
  facts.check("... from ADK to BQN", hops("ADK", "BQN"), "4");
  facts.check("... from GUM to ABE", hops("GUM", "ABE"), "none");
  how.by = PathCost::weight;
  facts.check("least weight from ABE to ANC",
              must(pm.graph().shortest_path("ABE", "ANC", how), "path").value().cost, 97.0);
}

inline void ask_objects(Manager& pm, const std::string& data, const strata::Snapshot& now,
                        Facts& facts) {
  if (!has(data, "objects/flights-200k.arrow")) {
    return;
  }
  const auto whole = must(pm.objects().head("flights", "2026/flights-200k.arrow", &now), "head");
  facts.check("size of the arrow file", whole.value().size, 1'600'864);
  facts.check("... its ETag", whole.value().etag, "014ae543230d10b029781eacd21925ca");
  const auto parts = must(pm.objects().head("flights", "2026/in-parts", &now), "head");
  facts.check("... in parts of 1 MiB", parts.value().etag, "1dc8f55f5c0fa882caf5f93f5fd1ac19-2");
  strata::store::GetOptions as_of;
  as_of.snapshot = &now;
  facts.check(
      "... both have the same bytes",
      std::string(
          must(pm.objects().get("flights", "2026/in-parts", as_of), "get")->data ==
                  must(pm.objects().get("flights", "2026/flights-200k.arrow", as_of), "get")->data
              ? "yes"
              : "no"),
      "yes");
}

/// Asks everything about one moment.
inline Facts ask_everything(Manager& pm, const std::string& data) {
  const strata::Snapshot now = pm.snapshot();
  const Stopwatch watch;
  Facts facts;
  ask_key_values(pm, data, now, facts);
  ask_documents(pm, data, now, facts);
  ask_series(pm, data, now, facts);
  ask_graph(pm, data, now, facts);
  ask_objects(pm, data, now, facts);
  std::printf("  %u facts asked, %u wrong, %.1f ms\n", facts.asked(), facts.wrong(),
              watch.milliseconds());
  std::fflush(stdout);
  return facts;
}
