// SPDX-License-Identifier: BSL-1.0
//
// A value file: no pointer of a stranger gives bytes that were not written for it.
//
//     input   seal u8, key sized, pointer 20 bytes, the file; what is sealed has the checksums of
//             its header and of the value that the pointer leads to put right
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/table/value_file.hpp>
#include <strata/table/value_pointer.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;
using Writer = table::ValueFileWriter<io::Memory, Checksum>;
using Reader = table::ValueFileReader<io::Memory, Checksum>;

constexpr std::uint64_t number = 7;

void seal(std::string& file, std::string_view key, const table::ValuePointer& pointer) {
  if (file.size() >= table::value_header_bytes) {
    store_fixed(file.data() + 24, Checksum::compute(std::string_view(file).substr(0, 24)));
  }
  if (pointer.offset <= file.size() && pointer.stored_bytes() <= file.size() - pointer.offset) {
    const std::string_view value =
        std::string_view(file).substr(static_cast<std::size_t>(pointer.offset), pointer.bytes);
    store_fixed(file.data() + pointer.offset + pointer.bytes,
                table::detail::value_checksum<Checksum>(value, key, pointer));
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto sealed = in.number();
  const std::string_view key = in.string();
  const auto pointer = table::decode_value_pointer(in.take(table::value_pointer_bytes));
  if (!pointer) {
    return;
  }
  std::string file(in.rest());
  if (sealed != 0) {
    seal(file, key, *pointer);
  }
  io::Memory fs;
  fuzz::put_file(fs, "7.values", file);
  auto reader = Reader::open(fs, "7.values", number, file.size());
  fuzz::require(!Reader::open(fs, "7.values", number, file.size() + 1));
  if (!reader) {
    return;
  }
  std::string buffer;
  const auto value = reader->read(key, *pointer, buffer);
  if (value) {
    fuzz::require(*value == std::string_view(file).substr(static_cast<std::size_t>(pointer->offset),
                                                          pointer->bytes));
    fuzz::require(!reader->read(std::string(key) + "x", *pointer, buffer));
    auto other = *pointer;
    ++other.bytes;
    fuzz::require(!reader->read(key, other, buffer));
  }
}

std::vector<fuzz::Seed> seeds() {
  io::Memory fs;
  auto writer = Writer::create(fs, "7.values", number).value();
  const auto first = writer.add("first", "a value").value();
  const auto second = writer.add("second", std::string(100, 'v')).value();
  const auto empty = writer.add("empty", "").value();
  (void)writer.finish();
  const std::string file = io::read_file(fs, "7.values").value();
  const auto seed = [&](char sealed, std::string_view key, const table::ValuePointer& pointer) {
    const auto encoded = table::encode_value_pointer(pointer);
    return sealed + fuzz::sized(key) + std::string(encoded.data(), encoded.size()) + file;
  };
  return {{"first", seed(0, "first", first)},
          {"second", seed(0, "second", second)},
          {"empty", seed(0, "empty", empty)},
          {"another_key", seed(0, "first", second)},
          {"sealed", seed(1, "another", second)}};
}

const fuzz::Target target("value_file", run, seeds);

}  // namespace
