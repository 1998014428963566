// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/write_batch.hpp>

#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using strata::BatchOperation;
using strata::BatchReader;
using strata::EntryKind;
using strata::ErrorCode;
using strata::FamilyId;
using strata::WriteBatch;

namespace {

std::vector<BatchOperation> operations_of(const WriteBatch& batch) {
  std::vector<BatchOperation> operations;
  BatchReader reader(batch.bytes());
  BatchOperation operation;
  while (reader.next(operation)) {
    operations.push_back(operation);
  }
  CHECK_FALSE(reader.damaged());
  return operations;
}

}  // namespace

TEST_CASE("a batch gives back what was put into it, in order") {
  WriteBatch batch;
  batch.put("a", "1");
  batch.erase(FamilyId{3}, std::string_view("b\0c", 3));
  batch.merge(FamilyId{300}, "d", "");
  batch.erase_range("e", "f");
  const auto operations = operations_of(batch);
  REQUIRE(operations.size() == 4);
  CHECK(batch.count() == 4);
  CHECK(operations[0].kind == EntryKind::put);
  CHECK(operations[0].value == "1");
  CHECK(operations[1].kind == EntryKind::erase);
  CHECK(operations[1].family == FamilyId{3});
  CHECK(operations[1].key == std::string_view("b\0c", 3));
  CHECK(operations[2].kind == EntryKind::merge);
  CHECK(operations[2].family == FamilyId{300});
  CHECK(operations[3].kind == EntryKind::erase_range);
  CHECK(operations[3].value == "f");
  CHECK(batch.family_most() == FamilyId{300});
}

TEST_CASE("appending a batch appends its operations and its limits") {
  WriteBatch one;
  one.put("a", "1");
  WriteBatch two;
  two.merge(FamilyId{2}, "", "x");
  one.append(two);
  CHECK(operations_of(one).size() == 2);
  CHECK(one.merged_families() == 4);
  CHECK(one.family_most() == FamilyId{2});
  CHECK(one.check_limits().error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a cleared batch is empty and can be used again") {
  WriteBatch batch;
  batch.put("", "x");
  batch.clear();
  CHECK(batch.empty());
  batch.put("a", "b");
  CHECK(batch.check_limits());
  CHECK(operations_of(batch).size() == 1);
}

TEST_CASE("a batch is copied and moved whole, small or large") {
  for (const int count : {0, 1, 5, 1000}) {
    WriteBatch batch;
    for (int i = 0; i < count; ++i) {
      batch.put("key " + std::to_string(i), std::string(static_cast<std::size_t>(i % 50), 'v'));
    }
    const std::string bytes(batch.bytes());
    WriteBatch copy(batch);
    CHECK(copy.bytes() == bytes);
    copy.put("more", "of it");
    CHECK(batch.bytes() == bytes);
    WriteBatch assigned;
    assigned.put("what was here", std::string(300, 'x'));
    assigned = batch;
    CHECK(assigned.bytes() == bytes);
    assigned.append(assigned);
    CHECK(assigned.bytes() == bytes + bytes);
    CHECK(assigned.count() == 2 * batch.count());
    const WriteBatch moved(std::move(batch));
    CHECK(moved.bytes() == bytes);
    copy = WriteBatch();
    CHECK(copy.bytes().empty());
    copy.erase("e");
    CHECK(operations_of(copy).size() == 1);
  }
}

TEST_CASE("a write of any size goes into a batch behind others") {
  WriteBatch batch;
  std::vector<std::string> values;
  for (std::size_t size = 0; size < 600; size += 7) {
    values.push_back(std::string(size, static_cast<char>('a' + size % 26)));
    batch.put(FamilyId{static_cast<std::uint32_t>(size)}, "k" + values.back(), values.back());
  }
  const auto operations = operations_of(batch);
  REQUIRE(operations.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(operations[i].key == "k" + values[i]);
    CHECK(operations[i].value == values[i]);
    CHECK(operations[i].family.value == 7 * i);
  }
}

TEST_CASE("an empty key, and keys above the limit, are refused with what to do") {
  WriteBatch empty_key;
  empty_key.put("", "v");
  CHECK(empty_key.check_limits().error().message().find("empty") != std::string::npos);
  WriteBatch longest;
  longest.put(std::string(65536, 'k'), "v");
  CHECK(longest.check_limits());
  WriteBatch too_long;
  too_long.put(std::string(65537, 'k'), "v");
  CHECK(too_long.check_limits().error().message().find("65536") != std::string::npos);
}

TEST_CASE("a value above 1 GiB is refused") {
  WriteBatch batch;
  batch.put("k", std::string(strata::value_bytes_max + 1, 'v'));
  CHECK(batch.check_limits().error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a truncated batch is damaged, never longer than its bytes") {
  WriteBatch batch;
  batch.put("key", "value");
  batch.erase("other");
  for (std::size_t size = 1; size < batch.bytes().size(); ++size) {
    BatchReader reader(batch.bytes().substr(0, size));
    BatchOperation operation;
    int count = 0;
    while (reader.next(operation)) {
      ++count;
    }
    const bool whole_first = count == 1 && !reader.damaged();
    CHECK((reader.damaged() || whole_first));
  }
}

TEST_CASE("random bytes are read within their bounds") {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    BatchReader reader(bytes);
    BatchOperation operation;
    std::size_t total = 0;
    while (reader.next(operation)) {
      total += operation.key.size() + operation.value.size() + 3;
    }
    CHECK(total <= bytes.size());
  }
}
