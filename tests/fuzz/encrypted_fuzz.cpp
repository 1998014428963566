// SPDX-License-Identifier: BSL-1.0
//
// Key rings and encrypted files. Who has no key can still write headers whose checksums are right.
//
//     input   what u8, seal u8, the key ring sized, the file; what is sealed has the checksums of
//             the file's header and of its frames, or of the ring, put right
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/io/detail/encrypted_header.hpp>
#include <strata/io/detail/encrypted_log.hpp>
#include <strata/io/encrypted.hpp>
#include <strata/io/files.hpp>
#include <strata/io/key_ring.hpp>
#include <strata/io/memory.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;
using Files = io::Encrypted<io::Memory>;

constexpr std::size_t header_bytes = io::detail::encrypted_header_bytes;

io::MasterKey master() {
  return {"m", io::SecretKey::from(std::string(32, 'k')).value()};
}

void seal_ring(std::string& ring) {
  if (ring.size() >= 4) {
    const std::size_t summed = ring.size() - 4;
    store_fixed(ring.data() + summed, Checksum::compute(std::string_view(ring).substr(0, summed)));
  }
}

/// The header, and whatever could be a header of a frame behind the frame before.
void seal_file(std::string& file) {
  if (file.size() < header_bytes) {
    return;
  }
  store_fixed(file.data() + 64, Checksum::compute(std::string_view(file).substr(0, 64)));
  const std::uint32_t seed =
      Checksum::compute(std::string_view(file).substr(0, io::detail::bound_header_bytes));
  for (std::size_t at = header_bytes; at + io::detail::frame_header_bytes <= file.size();) {
    char* const frame = file.data() + at;
    store_fixed(frame, Checksum::extend(seed, {frame + 4, io::detail::frame_header_bytes - 4}));
    const std::size_t plain_bytes = load_fixed<std::uint32_t>(frame + 4);
    at += plain_bytes < file.size() ? io::detail::frame_bytes(plain_bytes) : 8;
  }
}

void read_ring(std::string_view bytes) {
  io::Memory fs;
  fuzz::put_file(fs, "ring", bytes);
  auto ring = io::KeyRing::open(fs, "ring", {master()});
  if (!ring) {
    return;
  }
  for (const std::uint32_t id : ring->ids()) {
    fuzz::require(ring->find(id).has_value());
  }
  fuzz::require(ring->rewrap(fs, master()).has_value());
  const auto again = io::KeyRing::open(fs, "ring", {master()});
  fuzz::require(again && again->ids() == ring->ids());
}

/// What one read gives is what reads of parts give; a file never reads as longer than it is.
void read_file(std::string_view ring_bytes, std::string_view file) {
  io::Memory fs;
  fuzz::put_file(fs, "ring", ring_bytes);
  fuzz::put_file(fs, "file", file);
  auto ring = io::KeyRing::open(fs, "ring", {master()});
  if (!ring) {
    return;
  }
  Files encrypted(*ring, fs);
  (void)encrypted.data_key_of("file");
  const auto opened = encrypted.open("file");
  if (!opened) {
    return;
  }
  fuzz::require(opened->size_bytes() <= file.size());
  const auto whole = io::read_file(encrypted, "file");
  if (!whole) {
    return;
  }
  std::string part(100, '\0');
  for (std::size_t at = 0; at < whole->size(); at += 77) {
    const auto read = opened->read(at, part.data(), part.size());
    fuzz::require(read && std::string_view(part).substr(0, *read) ==
                              std::string_view(*whole).substr(at, part.size()));
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const bool is_ring = in.number() % 2 == 0;
  const bool sealed = in.number() != 0;
  std::string ring(in.string());
  std::string file(in.rest());
  if (sealed) {
    seal_ring(ring);
    seal_file(file);
  }
  if (is_ring) {
    read_ring(ring);
  } else {
    read_file(ring, file);
  }
}

std::vector<fuzz::Seed> seeds() {
  io::Memory fs;
  auto ring = io::KeyRing::create(fs, "ring", master()).value();
  const std::string one_key = io::read_file(fs, "ring").value();
  Files files(ring, fs);
  auto table = files.create("table").value();
  (void)table.append(std::string(100, 'a'));
  (void)table.flush();
  (void)table.append(std::string(4500, 'b'));
  (void)table.close();
  auto log = files.create_log("log", 400).value();
  (void)log.append("header", "payload");
  (void)log.append("", std::string(120, 'c'));
  (void)log.append("", "last");
  (void)log.close();
  const std::string table_bytes = io::read_file(fs, "table").value();
  const std::string log_bytes = io::read_file(fs, "log").value();
  (void)ring.rotate(fs, master());
  const std::string two_keys = io::read_file(fs, "ring").value();
  const auto seed = [](char what, char sealed, const std::string& keys, const std::string& file) {
    return std::string{what, sealed} + fuzz::sized(keys) + file;
  };
  return {{"ring", seed(0, 0, one_key, "")},
          {"ring_of_two_sealed", seed(0, 1, two_keys, "")},
          {"table", seed(1, 0, two_keys, table_bytes)},
          {"table_sealed", seed(1, 1, one_key, table_bytes)},
          {"log", seed(1, 0, one_key, log_bytes)},
          {"log_sealed", seed(1, 1, one_key, log_bytes)},
          {"empty", seed(1, 0, one_key, "")}};
}

const fuzz::Target target("encrypted", run, seeds);

}  // namespace
