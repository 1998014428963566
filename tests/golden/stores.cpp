// SPDX-License-Identifier: BSL-1.0
//
// The golden directory of a manager with all five stores.
#include <string>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <strata/lsm/repair.hpp>
#include <strata/manager/persistence_manager.hpp>

#include "golden.hpp"

namespace golden {
namespace {

using Manager = PersistenceManager<io::Memory, executor::Inline, clock::Frozen>;
using Json = boost::json::value;
constexpr int count = 12;

Result<Manager> open(const io::Memory& fs, bool read_only) {
  auto options = Manager::default_options();
  options.file_system = fs;
  options.read_only = read_only;
  options.wal.segment_bytes = 16'000;
  return Manager::open("/db", options);
}
Result<void> try_open(io::Memory fs, bool read_only) {
  auto pm = open(fs, read_only);
  return pm ? Result<void>() : propagate(std::move(pm));
}
Result<void> repair(io::Memory fs) {
  auto options = Manager::default_options();
  options.file_system = fs;
  auto done = Manager::Db::repair("/db", options);
  return done ? Result<void>() : propagate(std::move(done));
}

std::string id_of(int i) {
  return "id" + std::to_string(i);
}
Json document_of(int i) {
  return boost::json::object{
      {"_id", id_of(i)}, {"age", i * i}, {"name", "n" + std::to_string(i % 3)}};
}
/// But for the times, which a clock gave.
bool is_document(Json found, int i) {
  boost::json::object& document = found.as_object();
  const bool has_times = document.erase("_created") == 1 && document.erase("_updated") == 1;
  const bool has_version = document.at("_version") == Json(1) && document.erase("_version") == 1;
  return has_times && has_version && found == document_of(i);
}
std::string object_of(int i) {
  return std::string(static_cast<std::size_t>(i * 7), static_cast<char>('a' + i));
}
Result<void> void_of(auto result) {
  return result ? Result<void>() : propagate(std::move(result));
}

Result<void> write_one(Manager& pm, int i) {
  return pm.batch([&](auto& unit) -> Result<void> {
    must(pm.kv().put(unit, id_of(i), "value " + std::to_string(i)));
    must(void_of(pm.documents().insert(unit, "people", document_of(i))));
    const store::Point point{i * 1000, i * 0.5};
    must(pm.series().write(unit, "heat", {{"room", id_of(i % 2)}}, {&point, 1}));
    must(pm.graph().add_node(unit, {id_of(i), "person", {{"n", i}}}));
    if (i > 0) {
      must(void_of(pm.graph().add_edge(unit, id_of(i - 1), id_of(i), "knows")));
    }
    return void_of(pm.objects().put(unit, "pictures", id_of(i), object_of(i)));
  });
}

void write(io::Memory fs) {
  auto pm = std::move(open(fs, false).value());
  must(pm.documents().create_collection("people"));
  must(pm.documents().create_index("people", Json{{"age", 1}}));
  must(pm.objects().create_bucket("pictures"));
  must(pm.series().set_retention("heat", 1'000'000));
  for (int i = 0; i < count; ++i) {
    must(write_one(pm, i));
  }
  must(pm.flush());
  must(pm.close());
}

/// Calls, and what they should have answered.
class Judge {
 public:
  explicit Judge(Verdict& verdict) : verdict_(verdict) {}

  template <class T, class Right>
  void that(const char* what, const Result<T>& answer, Right&& right) {
    if (!answer) {
      verdict_.errors.push_back(answer.error());
    } else if (!right(*answer) && verdict_.difference.empty()) {
      verdict_.difference = what;
    }
  }

 private:
  Verdict& verdict_;
};

void read_one(Manager& pm, int i, Judge& judge) {
  judge.that("a value differs", pm.kv().get(id_of(i)),
             [&](const auto& value) { return value == "value " + std::to_string(i); });
  judge.that("a document differs", pm.documents().get("people", id_of(i)),
             [&](const auto& found) { return found && is_document(*found, i); });
  judge.that("an index differs", pm.documents().query("people", Json{{"age", i * i}}),
             [&](const auto& found) { return found.size() == 1 && is_document(found[0], i); });
  judge.that("a node differs", pm.graph().node(id_of(i)), [&](const auto& node) {
    return node && node->label == "person" && node->properties.at("n") == Json(i);
  });
  judge.that("the edges of a node differ", pm.graph().edges(id_of(i)), [&](const auto& edges) {
    return i + 1 == count
               ? edges.empty()
               : edges.size() == 1 && edges[0].to == id_of(i + 1) && edges[0].type == "knows";
  });
  judge.that("an object differs", pm.objects().get("pictures", id_of(i)),
             [&](const auto& object) { return object && object->data == object_of(i); });
}

void read(Manager& pm, Verdict& verdict) {
  Judge judge(verdict);
  if (auto verified = pm.verify(); !verified) {
    verdict.errors.push_back(verified.error());
  }
  for (int i = 0; i < count; ++i) {
    read_one(pm, i, judge);
  }
  judge.that("the series differ", pm.series().range({"heat", {}}, {}), [](const auto& series) {
    std::size_t points = 0;
    bool right = series.size() == 2;
    for (const auto& one : series) {
      for (const auto& point : one.points) {
        right = right && point.value == static_cast<double>(point.time_ms) * 0.0005;
        ++points;
      }
    }
    return right && points == count;
  });
  judge.that("the retention differs", pm.series().retention("heat"),
             [](const auto& age) { return age == 1'000'000; });
  judge.that("the collections differ", pm.documents().collections(),
             [](const auto& names) { return names == std::vector<std::string>{"people"}; });
  judge.that("the collection's check finds something", pm.documents().check("people"),
             [](const auto& report) { return report.problems.empty(); });
  judge.that("the graph's check finds something", pm.graph().check(),
             [](const auto& report) { return report.problems.empty(); });
}

Verdict check(io::Memory fs, Access access) {
  Verdict verdict;
  {
    auto pm = open(fs, access == Access::read_only);
    if (!pm) {
      verdict.errors.push_back(pm.error());
      return verdict;
    }
    read(*pm, verdict);
    if (access != Access::change) {
      return verdict;
    }
    must(pm->kv().put("more", "value"));
    must(void_of(pm->documents().insert("people", Json{{"_id", "more"}, {"age", -1}})));
    must(void_of(pm->documents().erase("people", "more")));
    must(void_of(pm->objects().put("pictures", "more", "bytes")));
    must(pm->flush());
    must(pm->database().family<"kv">().compact());
    must(pm->database().family<"documents">().compact());
    read(*pm, verdict);
    must(pm->close());
  }
  auto pm = open(fs, false);
  if (!pm) {
    verdict.errors.push_back(pm.error());
    return verdict;
  }
  read(*pm, verdict);
  return verdict;
}

}  // namespace

std::vector<Golden> stores() {
  return {{"manager", &write, &check, &try_open, &repair}};
}

}  // namespace golden
