// SPDX-License-Identifier: BSL-1.0
//
// CURRENT, and the manifest that it names.
//
//     input    layout u8, CURRENT sized, then the file MANIFEST-000001
//     layout   1: a good CURRENT is there instead; 2: the rest is the payloads of edits, sized,
//              each behind a byte of flaws
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/version/current.hpp>
#include <strata/version/manifest.hpp>
#include <strata/version/manifest_reader.hpp>
#include <strata/version/salvage.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/record.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"
#include "version_edits.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;

constexpr wal::FileIdentity identity{0x5eed, 1};

std::string sealed(fuzz::Input& in) {
  wal::LogHeader header;
  header.file = identity;
  std::string bytes = wal::encode_log_header<Checksum>(header, version::manifest_magic);
  for (std::uint64_t number = 1; !in.done(); ++number) {
    const auto flaws = in.number();
    const std::string_view payload = in.string();
    wal::RecordHeader record;
    record.payload_bytes = static_cast<std::uint32_t>(payload.size());
    record.first_sequence = number + (flaws & 1 ? 1 : 0);
    record.durable_sequence = number - 1;
    record.count = 1;
    record.payload_crc = Checksum::compute(payload) + (flaws & 2 ? 1 : 0);
    const std::size_t at = bytes.size();
    bytes.append(wal::record_header_bytes, '\0');
    wal::encode_record_header<Checksum>(record, wal::record_seed<Checksum>(identity),
                                        bytes.data() + at);
    bytes.append(payload);
    bytes.append(wal::padding_after(payload.size()), flaws & 4 ? 'x' : '\0');
  }
  return bytes;
}

void check_current(std::string_view line) {
  const auto number = version::decode_current<Checksum>(line);
  fuzz::require(!number || version::encode_current<Checksum>(*number) == line);
  const auto named = version::parse_manifest_name(line);
  fuzz::require(!named || version::manifest_name(*named) == line);
}

/// A state that was read is the same after a manifest of it was written and read.
void check_round_trip(const version::State& state) {
  io::Memory fs;
  fuzz::require(fs.create_directory("db").has_value());
  auto manifest = version::Manifest<io::Memory, Checksum>::create(fs, "db", state);
  fuzz::require(manifest.has_value());
  fuzz::require(manifest->close().has_value());
  const auto again = version::read_manifest<io::Memory, Checksum>(fs, "db");
  fuzz::require(again.has_value());
  fuzz::require(again->to_edit().families == state.to_edit().families);
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto layout = in.number();
  const std::string_view current = in.string();
  check_current(current);
  io::Memory fs;
  fuzz::require(fs.create_directory("db").has_value());
  fuzz::put_file(fs, "db/CURRENT",
                 (layout & 1) != 0 ? version::encode_current<Checksum>(1) : std::string(current));
  fuzz::put_file(fs, "db/" + version::manifest_name(1),
                 (layout & 2) != 0 ? sealed(in) : std::string(in.rest()));
  const auto loaded = version::load_manifest<io::Memory, Checksum>(fs, "db");
  const auto salvaged =
      version::salvage_manifest<io::Memory, Checksum>(fs, "db", {version::manifest_name(1)});
  if (!loaded) {
    return;
  }
  fuzz::require(salvaged && *salvaged);
  fuzz::require((*salvaged)->to_edit() == loaded->state.to_edit());
  if (!loaded->state.must_not_be_changed) {
    check_round_trip(loaded->state);
  }
}

std::vector<fuzz::Seed> seeds() {
  const std::string none = fuzz::sized({});
  std::string edits;
  std::string torn;
  for (const auto& edit : fuzz::some_edits()) {
    edits += '\0' + fuzz::sized(version::encode_edit(edit));
    torn = edits + '\2' + fuzz::sized("torn");
  }
  fuzz::Input in(edits);
  const std::string raw = sealed(in);
  return {{"sealed", '\3' + none + edits},
          {"sealed_torn", '\3' + none + torn},
          {"sealed_damaged", '\3' + none + torn + edits},
          {"raw", '\1' + none + raw},
          {"current", '\0' + fuzz::sized(version::encode_current<Checksum>(1)) + raw},
          {"current_of_another", '\0' + fuzz::sized(version::encode_current<Checksum>(7)) + raw}};
}

const fuzz::Target target("manifest", run, seeds);

}  // namespace
