// SPDX-License-Identifier: BSL-1.0
// What a running database can do beside put and get: loads, tables from elsewhere, families made at
// run time, and repair.
#include <iostream>
#include <map>
#include <strata/lsm/destroy.hpp>
#include <strata/lsm/repair.hpp>
#include <strata/lsm_tree.hpp>
#include <string>

using strata::Family;

using Db = strata::Database<Family<"catalogue">, strata::DynamicFamilies<>>;

namespace {

/// Prints what failed, if anything did.
template <class T>
bool ok(const strata::Result<T>& result) {
  if (!result) {
    std::cerr << to_string(result.error()) << '\n';
  }
  return result.has_value();
}

bool load(Db& db) {
  auto catalogue = db.family<"catalogue">();
  // Sorted data goes straight into tables: all of it appears at once.
  std::map<std::string, std::string> sorted;
  for (int i = 100; i < 400; ++i) {
    sorted["item " + std::to_string(i)] = "loaded";
  }
  if (!ok(catalogue.bulk_load(sorted))) {
    return false;
  }
  // A table that another process made.
  auto writer = decltype(catalogue)::TableWriter::create("prices.table");
  if (!ok(writer) || !ok(writer->put("item 100", "price 5")) || !ok(writer->erase("item 101")) ||
      !ok(writer->finish()) || !ok(catalogue.ingest({"prices.table"}, {.remove_sources = true}))) {
    return false;
  }
  std::cout << "item 100: " << *catalogue.get("item 100").value() << '\n'
            << "item 101 is " << (*catalogue.get("item 101") ? "there" : "gone") << '\n';
  return true;
}

bool host_a_tenant(Db& db) {
  auto tenant = db.create_family("tenant 42");
  if (!ok(tenant) || !ok(tenant->put("greeting", "hello"))) {
    return false;
  }
  for (const std::string& name : db.family_names()) {
    std::cout << "family " << name << '\n';
  }
  return ok(db.drop_family("tenant 42"));  // one edit, however much it holds
}

}  // namespace

int main() {
  (void)strata::destroy("live.db");  // of an earlier run
  auto opened = Db::open("live.db");
  if (!ok(opened) || !load(*opened) || !host_a_tenant(*opened) || !ok(opened->close())) {
    return 1;
  }
  const auto report = Db::repair("live.db");  // of a healthy database: nothing to do
  if (!ok(report)) {
    return 1;
  }
  std::cout << report->tables_whole << " tables, " << report->tables_lost << " lost\n";
  return 0;
}
