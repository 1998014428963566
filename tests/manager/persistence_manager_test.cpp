// SPDX-License-Identifier: BSL-1.0
#include <strata/manager/persistence_manager.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <strata/io/memory.hpp>
#include <strata/io/simulated.hpp>

using namespace strata;
using Json = boost::json::value;

namespace {

using Manager = PersistenceManager<io::Memory>;

Manager open(const io::Memory& fs) {
  auto options = Manager::default_options();
  options.file_system = fs;
  auto opened = Manager::open("/pm", options);
  REQUIRE(opened);
  return std::move(*opened);
}

Json parse(std::string_view text) {
  return boost::json::parse(std::string(text));
}

/// One fact in each store, all of them about `name`.
template <class Pm>
Result<void> write_everywhere(Pm& pm, const std::string& name) {
  return pm.batch([&](auto& unit) -> Result<void> {
    if (auto done = pm.kv().put(unit, name, "value"); !done) {
      return done;
    }
    if (auto done = pm.documents().insert(unit, "people", parse(R"({"_id": ")" + name + R"("})"));
        !done) {
      return propagate(std::move(done));
    }
    const store::Point point{1000, 1.5};
    if (auto done = pm.series().write(unit, "heat", {{"who", name}}, {&point, 1}); !done) {
      return done;
    }
    if (auto done = pm.graph().add_node(unit, {name, "person", {}}); !done) {
      return done;
    }
    auto done = pm.objects().put(unit, "pictures", name, "bytes");
    return done ? Result<void>() : propagate(std::move(done));
  });
}

template <class Pm>
unsigned stores_that_know(Pm& pm, const std::string& name) {
  unsigned stores = 0;
  stores += pm.kv().get(name).value().has_value() ? 1 : 0;
  stores += pm.documents().get("people", name).value().has_value() ? 1 : 0;
  stores +=
      pm.series().range({"heat", {store::Matcher::equal("who", name)}}, {}).value().size() == 1 ? 1
                                                                                                : 0;
  stores += pm.graph().node(name).value().has_value() ? 1 : 0;
  stores += pm.objects().head("pictures", name).value().has_value() ? 1 : 0;
  return stores;
}

template <class Pm>
void prepare(Pm& pm) {
  REQUIRE(pm.documents().create_collection("people"));
  REQUIRE(pm.objects().create_bucket("pictures"));
}

}  // namespace

TEST_CASE("a batch over all five stores is one commit") {
  Manager pm = open({});
  prepare(pm);
  const auto before = pm.stats().metrics[metrics::Counter::batches];
  REQUIRE(write_everywhere(pm, "ada"));
  CHECK(pm.stats().metrics[metrics::Counter::batches] == before + 1);
  CHECK(stores_that_know(pm, "ada") == 5);
}

TEST_CASE("a batch that fails in one store changes none") {
  Manager pm = open({});
  prepare(pm);
  REQUIRE(write_everywhere(pm, "ada"));
  const Sequence before = pm.stats().last_sequence;
  auto twice = pm.batch([&](auto& unit) -> Result<void> {
    if (auto done = pm.kv().put(unit, "bob", "value"); !done) {
      return done;
    }
    return pm.graph().add_node(unit, {"ada", "person", {}});
  });
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code() == ErrorCode::already_exists);
  CHECK(pm.kv().get("bob").value() == std::nullopt);
  CHECK(pm.stats().last_sequence == before);
}

TEST_CASE("one snapshot sees one moment of all stores") {
  Manager pm = open({});
  prepare(pm);
  REQUIRE(write_everywhere(pm, "ada"));
  const Snapshot moment = pm.snapshot();
  REQUIRE(write_everywhere(pm, "bob"));
  CHECK(stores_that_know(pm, "bob") == 5);
  CHECK(pm.kv().get("bob", &moment).value() == std::nullopt);
  CHECK(pm.documents().get("people", "bob", &moment).value() == std::nullopt);
  CHECK(pm.series().range({"heat", {}}, {}, &moment).value().size() == 1);
  CHECK(pm.graph().node("bob", &moment).value() == std::nullopt);
  CHECK(pm.objects().head("pictures", "bob", &moment).value() == std::nullopt);
  CHECK(pm.objects().head("pictures", "ada", &moment).value().has_value());
}

TEST_CASE("everything is there after reopening, and in a checkpoint") {
  const io::Memory fs;
  {
    Manager pm = open(fs);
    prepare(pm);
    REQUIRE(write_everywhere(pm, "ada"));
    REQUIRE(pm.checkpoint("/copy"));
    REQUIRE(write_everywhere(pm, "bob"));
    REQUIRE(pm.close());
  }
  {
    Manager pm = open(fs);
    CHECK(stores_that_know(pm, "ada") == 5);
    CHECK(stores_that_know(pm, "bob") == 5);
    CHECK(pm.verify());
    CHECK(pm.health().state == HealthState::healthy);
  }
  auto options = Manager::default_options();
  options.file_system = fs;
  Manager copy = std::move(Manager::open("/copy", options).value());
  CHECK(stores_that_know(copy, "ada") == 5);
  CHECK(stores_that_know(copy, "bob") == 0);
}

TEST_CASE("a manager is opened read-only, and moved about") {
  const io::Memory fs;
  {
    Manager pm = open(fs);
    prepare(pm);
    REQUIRE(write_everywhere(pm, "ada"));
  }
  auto options = Manager::default_options();
  options.file_system = fs;
  options.read_only = true;
  Manager first = std::move(Manager::open("/pm", options).value());
  Manager second = std::move(first);
  CHECK(stores_that_know(second, "ada") == 5);
  CHECK(second.kv().put("k", "v").error().code() == ErrorCode::read_only);
}

TEST_CASE("whenever the power fails, a batch over the stores is in all of them or in none") {
  using Crashing = PersistenceManager<io::Simulated, executor::Inline, clock::Frozen>;
  const auto open_on = [](const io::Simulated& fs) {
    auto options = Crashing::default_options();
    options.file_system = fs;
    options.write_buffer_bytes = 50'000;
    options.wal.segment_bytes = 20'000;
    return Crashing::open("/pm", options);
  };
  constexpr unsigned batches = 12;
  // How many batches were acknowledged before the power failed.
  const auto script = [&](const io::Simulated& fs) {
    unsigned acknowledged = 0;
    auto pm = open_on(fs);
    if (pm && pm->documents().create_collection("people") &&
        pm->objects().create_bucket("pictures")) {
      for (unsigned i = 0; i < batches; ++i) {
        if (!write_everywhere(*pm, "p" + std::to_string(i))) {
          break;
        }
        ++acknowledged;
        if (i == 5 && !pm->flush()) {
          break;
        }
      }
    }
    return acknowledged;
  };
  io::Simulated whole;
  REQUIRE(script(whole) == batches);
  const auto calls = whole.calls();
  unsigned violations = 0;
  unsigned states = 0;
  for (std::uint64_t call = 1; call <= calls + 1; ++call) {
    io::Simulated fs;
    fs.crash_at(call);
    const unsigned acknowledged = script(fs);
    for (const auto choice :
         {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::random(call)}) {
      auto pm = open_on(fs.crash_image(choice));
      REQUIRE(pm);
      ++states;
      if (acknowledged == 0) {
        continue;  // the collections may not be there yet
      }
      for (unsigned i = 0; i < batches; ++i) {
        const unsigned known = stores_that_know(*pm, "p" + std::to_string(i));
        violations += known == 5 || (known == 0 && i >= acknowledged) ? 0 : 1;
      }
    }
  }
  CAPTURE(states, calls);
  CHECK(violations == 0);
  CHECK(states > 100);
}

TEST_CASE("threads use different stores of one manager at once") {
  Manager pm = open({});
  prepare(pm);
  std::atomic<unsigned> failed{0};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (unsigned i = 0; i < 200; ++i) {
      failed += pm.kv().put("k" + std::to_string(i), "v") ? 0 : 1;
    }
  });
  threads.emplace_back([&] {
    for (unsigned i = 0; i < 200; ++i) {
      failed += pm.documents().insert("people", parse(R"({"n": 1})")) ? 0 : 1;
    }
  });
  threads.emplace_back([&] {
    for (unsigned i = 0; i < 200; ++i) {
      failed += pm.series().write("heat", {}, {i, 1.0}) ? 0 : 1;
    }
  });
  threads.emplace_back([&] {
    for (unsigned i = 0; i < 200; ++i) {
      failed += write_everywhere(pm, "person" + std::to_string(i)) ? 0 : 1;
    }
  });
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(failed == 0);
  CHECK(pm.documents().count("people", parse("{}")).value() == 400);
  CHECK(pm.objects().usage("pictures").value() == store::BucketUsage{200, 1000});
}
