// SPDX-License-Identifier: BSL-1.0
//
// What the disk level of a cache and the set of merge::SetUnion keep as bytes.
//
//     input   what u8, the bytes; a record and an index have their checksums put right at 128
#include <string>
#include <string_view>
#include <vector>

#include <strata/cache/detail/disk_format.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/core/checksum.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;
namespace detail = cache::detail;

void check_record(std::string bytes, bool sealed) {
  if (sealed && bytes.size() >= 4) {
    store_fixed(bytes.data(), Checksum::compute(std::string_view(bytes).substr(4)));
  }
  if (const auto record = detail::decode_disk_record(bytes)) {
    fuzz::require(detail::encode_disk_record(record->key, record->value) == bytes);
  }
}

void check_index(std::string bytes, bool sealed) {
  if (sealed && bytes.size() >= 4) {
    const std::size_t summed = bytes.size() - 4;
    store_fixed(bytes.data() + summed,
                Checksum::compute(std::string_view(bytes).substr(0, summed)));
  }
  if (const auto index = detail::decode_disk_index(bytes)) {
    fuzz::require(detail::encode_disk_index(*index) == bytes);
  }
}

/// A union with nothing puts a set in order; after that it changes nothing.
void check_set(std::string_view bytes) {
  std::string once;
  if (merge::SetUnion::full("key", nullptr, bytes, once)) {
    std::string twice;
    fuzz::require(merge::SetUnion::combine("key", once, bytes, twice) && twice == once);
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto what = in.number();
  const bool sealed = (what & 128) != 0;
  switch (what % 3) {
    case 0: check_record(std::string(in.rest()), sealed); break;
    case 1: check_index(std::string(in.rest()), sealed); break;
    default: check_set(in.rest()); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  const std::string record = detail::encode_disk_record("key", "value");
  detail::DiskIndex index;
  index.generation = 3;
  index.next_segment = 9;
  index.segments = {{7, 4096}, {8, 100}};
  index.entries = {{0x1234, 7, 0, 20}, {0x5678, 8, 40, 60}};
  const std::string encoded = detail::encode_disk_index(index);
  const auto sealed = [](int what) { return std::string(1, static_cast<char>(what)); };
  return {{"record", '\0' + record},
          {"record_sealed", sealed(129) + record},
          {"index", '\1' + encoded},
          {"index_sealed", sealed(130) + encoded},
          {"set", '\2' + merge::SetUnion::encode({"a", "bb", ""})}};
}

const fuzz::Target target("cache_level", run, seeds);

}  // namespace
