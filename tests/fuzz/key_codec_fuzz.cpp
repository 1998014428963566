// SPDX-License-Identifier: BSL-1.0
//
// Typed fields of keys: what a reader takes is what a writer would have written, byte by byte.
//
//     input   shape sized: a byte for each field, its type and, at 128, its order; then the key
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include <strata/store/key_codec.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata::store;

/// Takes a field of the shape and writes it again; false: the reader refused.
bool copy_field(unsigned char shape, KeyReader& from, KeyWriter& to) {
  const Order order = (shape & 128) != 0 ? Order::descending : Order::ascending;
  std::uint8_t u8 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  std::int64_t i64 = 0;
  double f64 = 0;
  bool flag = false;
  std::string bytes;
  KeyNumber number;
  KeyTag tag{};
  switch (shape % 9) {
    case 0: return from.take_u8(u8, order) && (to.u8(u8, order), true);
    case 1: return from.take_u32(u32, order) && (to.u32(u32, order), true);
    case 2: return from.take_u64(u64, order) && (to.u64(u64, order), true);
    case 3: return from.take_i64(i64, order) && (to.i64(i64, order), true);
    case 4: return from.take_f64(f64, order) && (to.f64(f64, order), true);
    case 5: return from.take_flag(flag, order) && (to.flag(flag, order), true);
    case 6: return from.take_bytes(bytes, order) && (to.bytes(bytes, order), true);
    case 7: return from.take_number(number, order) && (to.number(number, order), true);
    default: return from.take_tag(tag, order) && (to.tag(tag, order), true);
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const std::string_view shape = in.string();
  const std::string_view key = in.rest();
  KeyReader reader(key);
  KeyWriter writer;
  for (const char field : shape) {
    const std::string_view before = reader.rest();
    if (!copy_field(static_cast<unsigned char>(field), reader, writer)) {
      fuzz::require(reader.rest() == before);  // refused, and nothing taken
      break;
    }
  }
  fuzz::require(writer.key() == key.substr(0, key.size() - reader.rest().size()));
  KeyReader skipped(key);
  const bool whole = skipped.skip_value();
  fuzz::require(whole || skipped.rest() == key);
  KeyReader descending(key);
  (void)descending.skip_value(Order::descending);
}

std::string seed(const std::string& shape, const KeyWriter& key) {
  return fuzz::sized(shape) + key.key();
}

std::vector<fuzz::Seed> seeds() {
  KeyWriter fixed;
  fixed.u8(1).u32(70000).u64(1ULL << 60).i64(-5).f64(-2.5).flag(true);
  KeyWriter strings;
  strings.bytes(std::string("a\0b", 3)).bytes("", Order::descending).bytes("plain");
  KeyWriter numbers;
  numbers.number(std::int64_t{-9007199254740993}).number(1e300).number(UINT64_MAX);
  KeyWriter object;
  object.tag(KeyTag::object).tag(KeyTag::number).bytes("age").tag(KeyTag::number).number(5.5);
  object.tag(KeyTag::array).bytes("list").tag(KeyTag::array).tag(KeyTag::string).bytes("x");
  object.tag(KeyTag::null).tag(KeyTag::end).tag(KeyTag::end);
  std::string nested(150, static_cast<char>(KeyTag::array));
  nested.append(150, '\0');
  return {{"fixed", seed({0, 1, 2, 3, 4, 5}, fixed)},
          {"strings", seed({6, static_cast<char>(0x84), 6}, strings)},
          {"numbers", seed({7, 7, 7}, numbers)},
          {"object", seed({8, 8, 6, 8, 7}, object)},
          {"nested", seed({8}, KeyWriter(nested))}};
}

const fuzz::Target target("key_codec", run, seeds);

}  // namespace
