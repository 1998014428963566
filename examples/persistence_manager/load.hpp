// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Puts the data sets that are there into the five stores, some hundred records a commit.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <strata/manager/persistence_manager.hpp>

#include "files.hpp"
#include "report.hpp"

using Manager = strata::PersistenceManager<>;
using Json = boost::json::value;

/// A data set; none, aloud, where it is not there.
inline std::optional<std::string> read_data(const std::string& data, const std::string& file) {
  auto text = read_file(data + "/" + file);
  if (!text) {
    std::printf("  %-28s is not there\n", file.c_str());
  }
  return text;
}

/// Calls `add(unit, i)` for each record, five hundred in one synced commit.
template <class Add>
void in_batches(Manager& pm, Step& step, std::size_t count, Add add) {
  constexpr std::size_t batch = 500;
  for (std::size_t from = 0; from < count; from += batch) {
    must(pm.batch([&](auto& unit) -> strata::Result<void> {
      for (std::size_t i = from; i < std::min(from + batch, count); ++i) {
        if (auto added = add(unit, i); !added) {
          return strata::propagate(std::move(added));
        }
      }
      return {};
    }),
         "loading");
    step.advance(std::min(from + batch, count));
  }
}

inline void load_key_values(Manager& pm, const std::string& data) {
  if (const auto text = read_data(data, "kv/public_suffix_list.dat")) {
    auto lines = lines_of(*text);
    std::erase_if(lines, [](const std::string& line) {
      return line.starts_with("//") || line.find_first_not_of(" \t") == std::string::npos;
    });
    Step step("public_suffix_list.dat", lines.size());
    in_batches(pm, step, lines.size(), [&](auto& unit, std::size_t i) {
      return pm.kv().put(unit, "suffix/" + lines[i], "");
    });
    step.finish("keys");
  }
  if (const auto text = read_data(data, "kv/mime_db.json")) {
    const Json types = boost::json::parse(*text);
    const auto& object = types.get_object();
    Step step("mime_db.json", object.size());
    in_batches(pm, step, object.size(), [&](auto& unit, std::size_t i) {
      const auto& pair = *(object.begin() + static_cast<std::ptrdiff_t>(i));
      return pm.kv().put(unit, "mime/" + std::string(pair.key()),
                         boost::json::serialize(pair.value()));
    });
    step.finish("keys");
  }
}

inline void load_documents(Manager& pm, const std::string& data) {
  for (const std::string name : {"countries", "earthquakes"}) {
    const auto text = read_data(data, "documents/" + name + ".ndjson");
    if (!text) {
      continue;
    }
    const auto lines = lines_of(*text);
    must(pm.documents().create_collection(name), name);
    Step step(name + ".ndjson", lines.size());
    in_batches(pm, step, lines.size(), [&](auto& unit, std::size_t i) {
      return pm.documents().insert(unit, name, boost::json::parse(lines[i]));
    });
    step.finish("documents");
  }
  if (const auto text = read_data(data, "documents/cities15000.csv")) {
    const auto rows = rows_of(*text);
    must(pm.documents().create_collection("cities"), "cities");
    Step step("cities15000.csv", rows.size());
    in_batches(pm, step, rows.size(), [&](auto& unit, std::size_t i) {
      return pm.documents().insert(unit, "cities",
                                   {{"name", rows[i][0]},
                                    {"latitude", std::stod(rows[i][1])},
                                    {"longitude", std::stod(rows[i][2])},
                                    {"population", std::stoll(rows[i][3])}});
    });
    step.finish("documents");
    Step index("  index on population", rows.size());
    must(pm.documents().create_index("cities", {{"population", -1}, {"name", 1}}), "index");
    index.finish("entries");
  }
}

inline void load_series(Manager& pm, const std::string& data) {
  const auto load = [&](const std::string& file, const std::string& metric,
                        const strata::store::Tags& tags) {
    const auto text = read_data(data, "timeseries/" + file);
    if (!text) {
      return;
    }
    std::vector<strata::store::Point> points;
    for (const auto& row : rows_of(*text)) {
      points.push_back({time_ms_of(row[0]), std::stod(row[1])});
    }
    const Step step(file, points.size());
    must(pm.series().write(metric, tags, points), file);
    step.finish("points");
  };
  load("nyc_taxi.csv", "taxi_passengers", {{"city", "New York"}});
  load("machine_temperature.csv", "temperature", {{"unit", "machine"}});
  for (const std::string host : {"24ae8d", "5f5533", "fe7f93"}) {
    load("ec2_cpu_" + host + ".csv", "cpu", {{"host", host}});
  }
  if (const auto text = read_data(data, "timeseries/weather_daily.csv")) {
    const auto rows = rows_of(*text);
    Step step("weather_daily.csv", rows.size());
    in_batches(pm, step, rows.size(), [&](auto& unit, std::size_t i) {
      const strata::store::Point point{time_ms_of(rows[i][1]), std::stod(rows[i][3])};
      return pm.series().write(unit, "temp_max",
                               {{"location", rows[i][0]}, {"weather", rows[i][6]}}, {&point, 1});
    });
    step.finish("points");
  }
}

inline void load_graph(Manager& pm, const std::string& data) {
  const auto airports = read_data(data, "graph/us_airports.csv");
  const auto flights = read_data(data, "graph/us_flights_2008.csv");
  if (!airports || !flights) {
    return;
  }
  const auto nodes = rows_of(*airports);
  Step step("us_airports.csv", nodes.size());
  in_batches(pm, step, nodes.size(), [&](auto& unit, std::size_t i) {
    return pm.graph().add_node(
        unit, {nodes[i][0], nodes[i][3], {{"name", nodes[i][1]}, {"city", nodes[i][2]}}});
  });
  step.finish("nodes");
  const auto edges = rows_of(*flights);
  Step routes("us_flights_2008.csv", edges.size());
  in_batches(pm, routes, edges.size(), [&](auto& unit, std::size_t i) {
    return pm.graph().add_edge(unit, edges[i][0], edges[i][1], "flies", std::stod(edges[i][2]));
  });
  routes.finish("edges");
}

inline void load_objects(Manager& pm, const std::string& data) {
  const auto file = read_data(data, "objects/flights-200k.arrow");
  if (!file) {
    return;
  }
  must(pm.objects().create_bucket("flights"), "bucket");
  const Step step("flights-200k.arrow", file->size());
  must(pm.objects().put("flights", "2026/flights-200k.arrow", *file), "object");
  const auto upload = must(pm.objects().multipart().create("flights", "2026/in-parts"), "upload");
  std::vector<strata::store::CompletedPart> parts;
  constexpr std::size_t part_bytes = 1 << 20;
  for (std::size_t at = 0; at < file->size(); at += part_bytes) {
    const auto number = static_cast<std::uint32_t>(parts.size() + 1);
    const auto part = must(pm.objects().multipart().upload_part(
                               upload, number, std::string_view(*file).substr(at, part_bytes)),
                           "part");
    parts.push_back({number, part.etag});
  }
  must(pm.objects().multipart().complete(upload, parts), "complete");
  step.finish("bytes, twice");
}

inline void load_everything(Manager& pm, const std::string& data) {
  load_key_values(pm, data);
  load_documents(pm, data);
  load_series(pm, data);
  load_graph(pm, data);
  load_objects(pm, data);
}
