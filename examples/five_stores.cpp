// SPDX-License-Identifier: BSL-1.0
// Five stores over one database: a batch over all of them is written whole or not at all.
#include <iostream>
#include <strata/lsm/destroy.hpp>
#include <strata/strata.hpp>

using strata::Result;

int main() {
  (void)strata::destroy("five_stores.db");  // of an earlier run
  auto opened = strata::PersistenceManager<>::open("five_stores.db");
  if (!opened) {
    std::cerr << to_string(opened.error()) << '\n';
    return 1;
  }
  strata::PersistenceManager<>& pm = *opened;
  const boost::json::value order = {{"_id", "o1"}, {"customer", "ann"}, {"total", 12.5}};

  const Result<void> done = pm.objects().create_bucket("scans").and_then([&] {
    return pm.batch([&](auto& unit) -> Result<void> {  // synced when it returns
      return pm.kv()
          .put(unit, "last order", "o1")
          .and_then([&] { return pm.documents().insert(unit, "orders", order); })
          .and_then([&](auto) {
            return pm.series().write(unit, "sales", {{"shop", "berlin"}}, {.value = 12.5});
          })
          .and_then([&] { return pm.graph().add_node(unit, {.id = "ann"}); })
          .and_then([&] { return pm.graph().add_node(unit, {.id = "o1"}); })
          .and_then([&] { return pm.graph().add_edge(unit, "ann", "o1", "ordered"); })
          .and_then([&](auto) { return pm.objects().put(unit, "scans", "o1.pdf", "%PDF-1.7"); })
          .map([](auto) {});
    });
  });
  const auto large = pm.documents().query("orders", {{"total", {{"$gt", 10}}}});
  const auto path = pm.graph().shortest_path("ann", "o1");
  if (!done || !large || !path || !*path) {
    std::cerr << (done ? "something is missing" : to_string(done.error())) << '\n';
    return 1;
  }
  std::cout << large->size() << " order above 10, " << (*path)->edges.size() << " step from ann\n";
  return pm.close() ? 0 : 1;
}
