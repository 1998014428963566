// SPDX-License-Identifier: BSL-1.0
#include <strata/store/key_codec.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <compare>
#include <random>
#include <vector>

using strata::store::KeyNumber;
using strata::store::KeyReader;
using strata::store::KeyTag;
using strata::store::KeyWriter;
using strata::store::Order;

namespace {

int sign(int n) {
  return n < 0 ? -1 : n > 0 ? 1 : 0;
}
int compare_bytes(const std::string& a, const std::string& b) {
  return sign(a.compare(b));
}

/// x87 extended precision holds every int64, uint64 and double exactly: an independent oracle.
static_assert(std::numeric_limits<long double>::digits >= 64);
long double exact(const KeyNumber& n) {
  return std::visit([](auto v) { return static_cast<long double>(v); }, n);
}
int compare_numbers(const KeyNumber& a, const KeyNumber& b) {
  const long double x = exact(a);
  const long double y = exact(b);
  if (std::isnan(x) || std::isnan(y)) {
    return (std::isnan(x) ? 0 : 1) - (std::isnan(y) ? 0 : 1);
  }
  return x < y ? -1 : x > y ? 1 : 0;
}

std::vector<KeyNumber> notable_numbers() {
  std::vector<KeyNumber> all;
  for (const int power : {0, 1, 10, 31, 32, 52, 53, 54, 62, 63, 64, 65, 100, 1023}) {
    const double d = std::ldexp(1.0, power);
    for (const double s : {1.0, -1.0}) {
      all.insert(all.end(), {s * d, std::nextafter(s * d, 0), std::nextafter(s * d, 2 * s * d)});
    }
    if (power < 64) {
      const std::uint64_t u = std::uint64_t{1} << power;
      all.insert(all.end(), {u, u - 1, u + 1, u + 2, u | 0x555, u | 0x3ff});
      const auto i = static_cast<std::int64_t>(u - 1);
      all.insert(all.end(), {i, -i, -i - 1});
      if (power < 63) {
        const auto j = static_cast<std::int64_t>(u);
        all.insert(all.end(), {j + 1, -j - 1, j + 513, -j - 513});
      }
    }
  }
  const double inf = std::numeric_limits<double>::infinity();
  all.insert(all.end(), {0.0, -0.0, 0.5, -0.5, 1e-300, -1e-300, 5e-324, inf, -inf, std::nan("")});
  all.insert(all.end(), {std::int64_t{INT64_MIN}, std::int64_t{INT64_MAX}, UINT64_MAX});
  return all;
}

std::string number_key(const KeyNumber& n, Order order) {
  return KeyWriter().number(n, order).take();
}

/// A value of any type, with the comparison that the encoding promises.
struct Value {
  KeyTag tag = KeyTag::null;
  KeyNumber number;
  std::string text;
  std::int64_t date = 0;
  std::vector<Value> elements;
  std::vector<std::string> names;
};

int compare_values(const Value& a, const Value& b) {
  if (a.tag != b.tag) {
    return a.tag < b.tag ? -1 : 1;
  }
  switch (a.tag) {
    case KeyTag::number: return compare_numbers(a.number, b.number);
    case KeyTag::string:
    case KeyTag::binary: return compare_bytes(a.text, b.text);
    case KeyTag::boolean:
    case KeyTag::date: return a.date < b.date ? -1 : a.date > b.date ? 1 : 0;
    default: break;
  }
  for (std::size_t i = 0; i < a.elements.size() && i < b.elements.size(); ++i) {
    if (a.tag == KeyTag::object) {
      if (a.elements[i].tag != b.elements[i].tag) {
        return a.elements[i].tag < b.elements[i].tag ? -1 : 1;
      }
      if (const int names = compare_bytes(a.names[i], b.names[i]); names != 0) {
        return names;
      }
    }
    if (const int c = compare_values(a.elements[i], b.elements[i]); c != 0) {
      return c;
    }
  }
  return a.elements.size() < b.elements.size() ? -1 : a.elements.size() > b.elements.size() ? 1 : 0;
}

void write(KeyWriter& to, const Value& value) {
  to.tag(value.tag);
  switch (value.tag) {
    case KeyTag::number: to.number(value.number); break;
    case KeyTag::string:
    case KeyTag::binary: to.bytes(value.text); break;
    case KeyTag::boolean: to.flag(value.date != 0); break;
    case KeyTag::date: to.i64(value.date); break;
    case KeyTag::array:
    case KeyTag::object:
      for (std::size_t i = 0; i < value.elements.size(); ++i) {
        if (value.tag == KeyTag::object) {
          to.tag(value.elements[i].tag).bytes(value.names[i]);
        }
        write(to, value.elements[i]);
      }
      to.tag(KeyTag::end);
      break;
    default: break;
  }
}

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}
  std::string text() {
    std::string out;
    for (std::size_t n = below(4); n-- > 0;) {
      out.push_back("\0\x01\x02za\xfe\xff"[below(7)]);
    }
    return out;
  }
  Value value(int depth) {
    static constexpr KeyTag tags[] = {KeyTag::null,   KeyTag::number,  KeyTag::string,
                                      KeyTag::binary, KeyTag::boolean, KeyTag::date,
                                      KeyTag::object, KeyTag::array};
    Value made;
    made.tag = tags[below(depth > 0 ? 8 : 6)];
    made.number = numbers_[below(numbers_.size())];
    made.text = text();
    made.date = made.tag == KeyTag::boolean ? static_cast<std::int64_t>(below(2))
                                            : static_cast<std::int64_t>(below(5)) - 2;
    if (made.tag == KeyTag::object || made.tag == KeyTag::array) {
      for (std::size_t n = below(4); n-- > 0;) {
        made.elements.push_back(value(depth - 1));
        made.names.push_back(text());
      }
    }
    return made;
  }
  std::size_t below(std::size_t n) { return random_() % n; }
  std::uint64_t bits() { return random_() >> below(64); }

 private:
  std::mt19937_64 random_;
  std::vector<KeyNumber> numbers_ = notable_numbers();
};

}  // namespace

TEST_CASE("numbers sort by value whatever their type, to the last bit") {
  const auto numbers = notable_numbers();
  for (const auto& a : numbers) {
    for (const auto& b : numbers) {
      CAPTURE(exact(a), exact(b));
      const int expected = compare_numbers(a, b);
      REQUIRE(compare_bytes(number_key(a, Order::ascending), number_key(b, Order::ascending)) ==
              expected);
      REQUIRE(compare_bytes(number_key(a, Order::descending), number_key(b, Order::descending)) ==
              -expected);
    }
  }
}

TEST_CASE("numbers read back as the same value") {
  for (const Order order : {Order::ascending, Order::descending}) {
    for (const auto& n : notable_numbers()) {
      const std::string key = number_key(n, order);
      KeyReader reader(key);
      KeyNumber back;
      CAPTURE(exact(n));
      REQUIRE(reader.take_number(back, order));
      REQUIRE(reader.done());
      REQUIRE(compare_numbers(n, back) == 0);
      for (std::size_t cut = 0; cut < key.size(); ++cut) {
        KeyReader torn(std::string_view(key).substr(0, cut));
        REQUIRE_FALSE(torn.take_number(back, order));
        REQUIRE(torn.rest().size() == cut);
      }
    }
  }
}

TEST_CASE("minus zero is zero and every NaN is one value below all numbers") {
  const auto key = [](double d) { return KeyWriter().f64(d).take(); };
  CHECK(key(-0.0) == key(0.0));
  CHECK(key(std::nan("1")) == key(-std::nan("2")));
  CHECK(key(std::nan("")) < key(-std::numeric_limits<double>::infinity()));
  CHECK(KeyWriter().number(1.0).key() == KeyWriter().number(std::int64_t{1}).key());
}

TEST_CASE("scalars of one type keep their order and read back, ascending and descending") {
  const std::uint32_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Generator random(seed);
  for (int i = 0; i < 20000; ++i) {
    const Order order = i % 2 == 0 ? Order::ascending : Order::descending;
    const int way = order == Order::ascending ? 1 : -1;
    const std::uint64_t a = random.bits();
    const std::uint64_t b = random.bits();
    const auto ia = static_cast<std::int64_t>(i % 3 == 0 ? ~a : a);
    const auto ib = static_cast<std::int64_t>(i % 5 == 0 ? ~b : b);
    const std::string sa = random.text();
    const std::string sb = random.text();
    const std::string ka = KeyWriter().u64(a, order).take();
    REQUIRE(compare_bytes(ka, KeyWriter().u64(b, order).take()) == way * (a < b   ? -1
                                                                          : a > b ? 1
                                                                                  : 0));
    REQUIRE(compare_bytes(KeyWriter().i64(ia, order).take(), KeyWriter().i64(ib, order).take()) ==
            way * (ia < ib   ? -1
                   : ia > ib ? 1
                             : 0));
    REQUIRE(compare_bytes(KeyWriter().bytes(sa, order).take(),
                          KeyWriter().bytes(sb, order).take()) == way * compare_bytes(sa, sb));

    const std::string key = KeyWriter()
                                .u64(a, order)
                                .i64(ib, order)
                                .bytes(sa, order)
                                .flag(a % 2 == 1, order)
                                .u32(static_cast<std::uint32_t>(b), order)
                                .take();
    KeyReader reader(key);
    std::uint64_t u = 0;
    std::int64_t n = 0;
    std::string s;
    bool flag = false;
    std::uint32_t w = 0;
    REQUIRE((reader.take_u64(u, order) && reader.take_i64(n, order) &&
             reader.take_bytes(s, order) && reader.take_flag(flag, order) &&
             reader.take_u32(w, order) && reader.done()));
    REQUIRE((u == a && n == ib && s == sa && flag == (a % 2 == 1) &&
             w == static_cast<std::uint32_t>(b)));
  }
}

TEST_CASE("pairs of strings sort by the first, then by the second, whatever bytes they hold") {
  Generator random(7);
  const auto key = [](const std::string& x, const std::string& y, Order o) {
    return KeyWriter().bytes(x, o).bytes(y).take();
  };
  CHECK(key("a:b", "c", Order::ascending) != key("a", "b:c", Order::ascending));
  for (int i = 0; i < 20000; ++i) {
    const auto a = random.text();
    const auto b = random.text();
    const auto c = random.text();
    const auto d = random.text();
    const int first = compare_bytes(a, c);
    const int second = compare_bytes(b, d);
    REQUIRE(compare_bytes(key(a, b, Order::ascending), key(c, d, Order::ascending)) ==
            (first != 0 ? first : second));
    REQUIRE(compare_bytes(key(a, b, Order::descending), key(c, d, Order::descending)) ==
            (first != 0 ? -first : second));
  }
}

TEST_CASE("values of mixed types sort as BSON does, and no encoding is a prefix of another") {
  const std::uint32_t seed = GENERATE(11u, 12u, 13u);
  CAPTURE(seed);
  Generator random(seed);
  std::vector<Value> values;
  std::vector<std::string> keys;
  for (int i = 0; i < 400; ++i) {
    values.push_back(random.value(3));
    KeyWriter writer;
    write(writer, values.back());
    keys.push_back(writer.take());
    KeyReader reader(keys.back());
    REQUIRE(reader.skip_value());
    REQUIRE(reader.done());
    const std::string inverted = KeyWriter().encoded(keys.back(), Order::descending).take();
    KeyReader down(inverted);
    REQUIRE(down.skip_value(Order::descending));
    REQUIRE(down.done());
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      CAPTURE(i, j);
      REQUIRE(compare_bytes(keys[i], keys[j]) == compare_values(values[i], values[j]));
      REQUIRE((keys[i] == keys[j] || !std::string_view(keys[j]).starts_with(keys[i])));
    }
  }
}

TEST_CASE("a reader refuses bytes that no writer makes and takes nothing then") {
  const std::string bad[] = {std::string("\0", 1), std::string("a\0", 2), std::string("a\0\2", 3),
                             ""};
  for (const auto& bytes : bad) {
    KeyReader reader(bytes);
    std::string value = "kept";
    CHECK_FALSE(reader.take_bytes(value));
    CHECK(value == "kept");
    CHECK(reader.rest() == bytes);
  }
  bool flag = false;
  CHECK_FALSE(KeyReader("\x02").take_flag(flag));
  KeyTag tag{};
  CHECK_FALSE(KeyReader("\x11").take_tag(tag));
  CHECK_FALSE(KeyReader(std::string(100000, '\x50')).skip_value());
}

TEST_CASE("random bytes never make the reader run past its input") {
  const std::uint32_t seed = GENERATE(21u, 22u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (auto& byte : bytes) {
      byte = "\x00\x01\xff\x10\x20\x30\x40\x50\x70\x43"[random() % 10];
    }
    const Order order = i % 2 == 0 ? Order::ascending : Order::descending;
    KeyReader reader(bytes);
    while (!reader.done() && reader.skip_value(order)) {
    }
    KeyNumber number;
    std::string text;
    const bool is_number = KeyReader(bytes).take_number(number, order);
    if (is_number) {
      const std::string again = number_key(number, order);
      CHECK(std::string_view(bytes).starts_with(again));
    }
    static_cast<void>(KeyReader(bytes).take_bytes(text, order));
  }
}
