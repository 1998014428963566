// SPDX-License-Identifier: BSL-1.0
//
// The operations of a batch, as the log stores them.
#include <string>
#include <string_view>
#include <vector>

#include <strata/lsm/write_batch.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;

void append(WriteBatch& batch, const BatchOperation& operation) {
  switch (operation.kind) {
    case EntryKind::put: batch.put(operation.family, operation.key, operation.value); break;
    case EntryKind::erase: batch.erase(operation.family, operation.key); break;
    case EntryKind::merge: batch.merge(operation.family, operation.key, operation.value); break;
    case EntryKind::erase_range:
      batch.erase_range(operation.family, operation.key, operation.value);
      break;
    default: fuzz::require(false);
  }
}

bool is_same(const BatchOperation& a, const BatchOperation& b) {
  return a.kind == b.kind && a.family == b.family && a.key == b.key && a.value == b.value;
}

void run(std::string_view bytes) {
  WriteBatch again;
  BatchReader reader(bytes);
  BatchOperation operation;
  while (reader.next(operation)) {
    append(again, operation);
  }
  (void)again.check_limits();
  if (reader.damaged()) {
    fuzz::require(!reader.next(operation));  // and stays so
    return;
  }
  BatchReader first(bytes);
  BatchReader second(again.bytes());
  BatchOperation other;
  std::uint32_t count = 0;
  while (first.next(operation)) {
    fuzz::require(second.next(other) && is_same(operation, other));
    ++count;
  }
  fuzz::require(!second.next(other) && !second.damaged() && count == again.count());
}

std::vector<fuzz::Seed> seeds() {
  WriteBatch all;
  all.put("key", "value");
  all.erase("key");
  all.merge(FamilyId{3}, "counter", "\1");
  all.erase_range(FamilyId{300}, "a", "b");
  all.put(FamilyId{UINT32_MAX}, std::string(200, 'k'), std::string(300, 'v'));
  WriteBatch put;
  put.put("key", "");
  WriteBatch range;
  range.erase_range("from", "to");
  return {{"all", std::string(all.bytes())},
          {"put", std::string(put.bytes())},
          {"range", std::string(range.bytes())}};
}

const fuzz::Target target("write_batch", run, seeds);

}  // namespace
