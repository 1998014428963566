// SPDX-License-Identifier: BSL-1.0
//
// The stores of the persistence manager under loss of power: what each store shows is that after a
// whole number of changes, and what it derives (indexes, catalogues, usage) agrees with it.
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/strata.hpp>
#include <strata/testing/crash_history.hpp>

#include "battery.hpp"

using namespace strata;
using namespace crash_test;
using testing::CrashHistory;
using testing::View;

namespace {

using Pm = PersistenceManager<io::Simulated, executor::Inline, clock::Frozen>;

Result<Pm> open_small(io::Simulated& fs) {
  auto options = Pm::default_options();
  options.file_system = fs;
  options.write_buffer_bytes = 30'000;
  options.wal.segment_bytes = 10'000;
  std::apply(
      [](auto&... family) {
        ((family.compaction.level0_trigger = 2, family.compaction.level1_bytes = 6'000,
          family.compaction.file_bytes = 3'000, family.table_format.block_bytes = 512),
         ...);
      },
      options.families);
  return Pm::open("/pm", options);
}

// What a store shows.

Result<void> see_documents(Pm& pm, View& view) {
  const auto names = pm.documents().collections();
  if (!names) {
    return propagate(names);
  }
  for (const std::string& name : *names) {
    const auto documents = pm.documents().query(name);
    const auto checked = pm.documents().check(name);
    const auto indexes = pm.documents().indexes(name);
    if (!documents || !checked || !indexes) {
      return fail(ErrorCode::corruption, "collection ", name, " can not be read");
    }
    if (!checked->good() || checked->documents != documents->size()) {
      return fail(ErrorCode::corruption, "indexes of ", name, " are not what they should be");
    }
    view["document/" + name] = std::to_string(indexes->size()) + " indexes";
    for (const auto& document : *documents) {
      boost::json::object shown = document.as_object();
      shown.erase("_created");  // the wall clock
      shown.erase("_updated");
      view["document/" + name + "/" + boost::json::serialize(shown.at("_id"))] =
          boost::json::serialize(shown);
    }
  }
  return {};
}
Result<void> see_series(Pm& pm, View& view) {
  const auto metrics = pm.series().metrics();
  if (!metrics) {
    return propagate(metrics);
  }
  for (const std::string& metric : *metrics) {
    const auto all = pm.series().range({metric, {}}, {});
    if (!all) {
      return propagate(all);
    }
    for (const auto& series : *all) {
      std::string name = "series/" + metric;
      for (const auto& [tag, value] : series.name.tags) {
        name.append("," + tag + "=" + value);
      }
      for (const auto& point : series.points) {
        view[name] += std::to_string(point.time_ms) + " " + std::to_string(point.value) + "; ";
      }
    }
  }
  return {};
}
Result<void> see_graph(Pm& pm, View& view) {
  const auto checked = pm.graph().check();
  if (!checked || !checked->good()) {
    return fail(ErrorCode::corruption, "the graph is not what it should be");
  }
  std::vector<std::string> ids;
  auto visited = pm.graph().for_each_node([&](const store::Node& node) {
    view["node/" + node.id] = node.label + boost::json::serialize(node.properties);
    ids.push_back(node.id);
    return true;
  });
  for (const std::string& id : ids) {
    const auto edges = pm.graph().edges(id);
    if (!edges) {
      return propagate(edges);
    }
    for (const auto& edge : *edges) {
      view["edge/" + std::to_string(edge.id)] =
          edge.from + ">" + edge.to + " " + std::to_string(edge.weight);
    }
  }
  return visited;
}
Result<void> see_objects(Pm& pm, View& view) {
  const auto buckets = pm.objects().list_buckets();
  if (!buckets) {
    return propagate(buckets);
  }
  for (const std::string& bucket : *buckets) {
    const auto listing = pm.objects().list(bucket);
    const auto usage = pm.objects().usage(bucket);
    if (!listing || !usage || usage->objects != listing->objects.size()) {
      return fail(ErrorCode::corruption, "bucket ", bucket, " is not what it should be");
    }
    view["object/" + bucket] = std::to_string(usage->bytes) + " bytes";
    for (const auto& info : listing->objects) {
      auto object = pm.objects().get(bucket, info.key);
      if (!object || !*object) {
        return fail(ErrorCode::corruption, "object ", info.key, " is listed and can not be read");
      }
      view["object/" + bucket + "/" + info.key] = (*object)->data;
    }
  }
  return {};
}
Result<void> see_pairs(Pm& pm, View& view) {
  return pm.kv().scan({}, {}, [&](std::string_view key, std::string_view value) {
    view.emplace("kv/" + std::string(key), value);
    return true;
  });
}

/// A script of changes of stores. What each state shows is not modelled: the first run, which
/// nothing disturbs, looks at the manager after each change.
struct Changes {
  using Change = Result<void> (*)(Pm&, std::mt19937_64&, const std::string& number);

  Change prepare;
  Change change;
  unsigned steps = 25;
  std::vector<View> shown = {};

  [[nodiscard]] Result<Pm> open(io::Simulated& fs) const { return open_small(fs); }

  void play(io::Simulated& fs, std::uint64_t seed, CrashHistory& story) {
    std::mt19937_64 random(seed);
    const bool is_first = shown.empty();
    auto pm = open(fs);
    for (unsigned step = 0; step < steps && pm && !story.is_over(); ++step) {
      const auto kind = step == 0 ? 99 : random() % 100;
      if (kind < 12) {
        story.note(fs, pm->flush());
        continue;
      }
      if (kind < 20) {
        pm = fail(ErrorCode::closed, "closed");
        pm = open(fs);
        continue;
      }
      const auto run = step == 0 ? prepare : change;
      const std::string number = std::to_string(step);
      if (is_first) {
        REQUIRE(run(*pm, random, number));
        shown.push_back(see(*pm).value());
        story.attempt(shown.back());
        story.acknowledge(true);
      } else {
        story.attempt(shown[static_cast<std::size_t>(story.attempted())]);
        story.conclude(fs, run(*pm, random, number), true);
      }
    }
  }

  [[nodiscard]] Result<View> see(Pm& pm) const {
    View view;
    auto seen = pm.verify();
    for (const auto store : {&see_documents, &see_series, &see_graph, &see_objects, &see_pairs}) {
      seen = seen ? store(pm, view) : seen;
    }
    return seen ? Result<View>(std::move(view)) : propagate(std::move(seen));
  }
  [[nodiscard]] Result<void> add_one(Pm& pm, View& view) const {
    view["kv/zz"] = "after";
    return pm.kv().put("zz", "after");
  }
};

Result<void> nothing(Pm& pm, std::mt19937_64&, const std::string&) {
  return pm.kv().put("#", "0");
}
template <class T>
Result<void> outcome(Result<T> done) {
  return done ? Result<void>() : propagate(std::move(done));
}

Result<void> change_pairs(Pm& pm, std::mt19937_64& random, const std::string& number) {
  const std::string key = "k" + std::to_string(random() % 10);
  switch (random() % 5) {
    case 0: return pm.kv().erase(key);
    case 1: return pm.kv().erase_range(key, key + "~");
    default: return pm.kv().put(key, number + std::string(random() % 500, 'v'));
  }
}

Result<void> make_people(Pm& pm, std::mt19937_64&, const std::string&) {
  return pm.documents().create_collection("people");
}
Result<void> change_documents(Pm& pm, std::mt19937_64& random, const std::string& number) {
  boost::json::object person;
  person["_id"] = "p" + number;
  person["age"] = random() % 50;
  person["tags"] = boost::json::array({number, "all"});
  switch (random() % 8) {
    case 0: return pm.documents().create_index("people", boost::json::parse(R"({"age": 1})"));
    case 1: return pm.documents().create_index("people", boost::json::parse(R"({"tags": 1})"));
    case 2: return outcome(pm.documents().erase("people", "p" + std::to_string(random() % 10)));
    case 3: return pm.documents().create_collection("more" + number);
    default: return outcome(pm.documents().insert("people", person));
  }
}

Result<void> change_series(Pm& pm, std::mt19937_64& random, const std::string& number) {
  const store::Tags tags{{"host", "h" + std::to_string(random() % 3)}};
  const auto time = static_cast<std::int64_t>(random() % 100'000);
  switch (random() % 6) {
    case 0: return pm.series().erase({"heat", {}}, {time, time + 20'000});
    case 1: return pm.series().set_retention("heat", 50'000 + time);
    case 2: return outcome(pm.series().apply_retention(100'000));
    default: return pm.series().write("heat", tags, {time, std::stod(number)});
  }
}

Result<void> make_nodes(Pm& pm, std::mt19937_64&, const std::string&) {
  return pm.batch([&](auto& unit) {
    Result<void> done;
    for (const char* id : {"n0", "n1", "n2", "n3"}) {
      done = done ? pm.graph().add_node(unit, {id, "person", {}}) : done;
    }
    return done;
  });
}
Result<void> change_graph(Pm& pm, std::mt19937_64& random, const std::string& number) {
  const std::string one = "n" + std::to_string(random() % 4);
  const std::string other = "n" + std::to_string(random() % 4);
  switch (random() % 6) {
    case 0: return outcome(pm.graph().remove_edge(random() % 10));
    case 1: {  // with its edges, and back without them
      return pm.batch([&](auto& unit) {
        auto removed = pm.graph().remove_node(unit, one, store::OnRemove::cascade);
        return removed ? pm.graph().add_node(unit, {one, "again" + number, {}})
                       : Result<void>(propagate(std::move(removed)));
      });
    }
    default: return outcome(pm.graph().add_edge(one, other, "knows", std::stod(number)));
  }
}

Result<void> make_bucket(Pm& pm, std::mt19937_64&, const std::string&) {
  return pm.objects().create_bucket("b");
}
Result<void> change_objects(Pm& pm, std::mt19937_64& random, const std::string& number) {
  const std::string key = "o" + std::to_string(random() % 4);
  if (random() % 4 == 0) {
    return outcome(pm.objects().erase("b", key));
  }
  return outcome(pm.objects().put("b", key, number + std::string(random() % 9'000, 'o')));
}

Result<void> make_all(Pm& pm, std::mt19937_64&, const std::string&) {
  return pm.batch([&](auto& unit) {
    auto done = pm.documents().create_collection(unit, "people");
    return done ? pm.graph().add_node(unit, {"n", "", {}}) : done;
  });
}
/// One batch over four stores.
Result<void> change_all(Pm& pm, std::mt19937_64& random, const std::string& number) {
  return pm.batch([&](auto& unit) {
    boost::json::object person;
    person["_id"] = "p" + number;
    auto done = outcome(pm.documents().insert(unit, "people", person));
    done = done ? pm.kv().put(unit, "k" + std::to_string(random() % 5), number) : done;
    done = done ? pm.graph().put_node(unit, {"n", number, {}}) : done;
    return done ? pm.series().write(unit, "heat", {{"n", number}}, store::Point{1, 2}) : done;
  });
}

}  // namespace

TEST_CASE("keys and values of a manager", "[crash]") {
  survives_power_loss("kv", Changes{&nothing, &change_pairs});
}
TEST_CASE("documents and their indexes", "[crash]") {
  survives_power_loss("documents", Changes{&make_people, &change_documents});
}
TEST_CASE("time series and their catalogue", "[crash]") {
  survives_power_loss("series", Changes{&nothing, &change_series});
}
TEST_CASE("a graph", "[crash]") {
  survives_power_loss("graph", Changes{&make_nodes, &change_graph});
}
TEST_CASE("objects and the use of their buckets", "[crash]") {
  survives_power_loss("objects", Changes{&make_bucket, &change_objects});
}
TEST_CASE("batches over many stores", "[crash]") {
  survives_power_loss("batch", Changes{&make_all, &change_all});
}
