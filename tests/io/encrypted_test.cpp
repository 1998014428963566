// SPDX-License-Identifier: BSL-1.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/io/encrypted.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/simulated.hpp>
#include <strata/testing/file_system_conformance.hpp>

#include "temporary_directory.hpp"

using namespace strata;

namespace {

io::KeyRing new_ring() {
  io::Memory keys;
  return io::KeyRing::create(keys, "/ring",
                             {"m", io::SecretKey::from(std::string(32, 'k')).value()})
      .value();
}

template <class Fs>
void check_conformance(Fs fs, const std::string& directory) {
  const auto found = testing::file_system_conformance(std::move(fs), directory);
  CHECK(found.violations == testing::Sentences{});
  CHECK(found.checked > 500);
}

using Memory = io::Encrypted<io::Memory>;

/// As it lies on the disk.
std::string raw(const io::Memory& disk, const std::string& path) {
  io::Memory fs = disk;
  return io::read_file(fs, path).value();
}
void put_raw(io::Memory disk, const std::string& path, const std::string& bytes) {
  REQUIRE(io::write_file_durably(disk, path, bytes));
}

/// The first error of opening and reading all of it; none: the plaintext.
Result<std::string> read_all(Memory fs, const std::string& path) {
  return io::read_file(fs, path);
}

std::string flipped(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
  return bytes;
}

constexpr std::size_t header_bytes = io::detail::encrypted_header_bytes;
constexpr std::size_t sealed_chunk_bytes = io::detail::sealed_chunk_bytes;

}  // namespace

TEMPLATE_TEST_CASE("encrypted file systems keep the promises of a file system", "", aead::Aes256Gcm,
                   aead::ChaCha20Poly1305) {
  test::TemporaryDirectory directory;
  check_conformance(io::Encrypted<io::Posix, TestType>(new_ring()), directory.path());
  io::Encrypted<io::Memory, TestType> memory(new_ring());
  REQUIRE(memory.create_directory("/d"));
  check_conformance(memory, "/d");
  io::Encrypted<io::Simulated, TestType> simulated(new_ring());
  REQUIRE(simulated.create_directory("/d"));
  check_conformance(simulated, "/d");
  CHECK(simulated.inner().files_open() == 0);
}

TEST_CASE("an encrypted file is random bytes behind a header, and twice the same is not the same") {
  Memory fs(new_ring());
  const std::string text(20'000, 'x');
  REQUIRE(io::write_file_durably(fs, "/a", text));
  REQUIRE(io::write_file_durably(fs, "/b", text));
  const std::string a = raw(fs.inner(), "/a");
  const std::string b = raw(fs.inner(), "/b");
  CHECK(a.size() == header_bytes + 20'000 + 5 * 16 + io::detail::run_end_bytes);
  CHECK(a.find("xxxx") == std::string::npos);
  CHECK(a.substr(header_bytes, 100) != b.substr(header_bytes, 100));
  CHECK(a.substr(header_bytes, 4096) != a.substr(header_bytes + sealed_chunk_bytes, 4096));
  CHECK(fs.file_size("/a") == Result<std::uint64_t>(20'000));
  CHECK(fs.data_key_of("/a") == Result<std::uint32_t>(1));
}

TEST_CASE("a file that is flushed anywhere reads the same at every offset") {
  Memory fs(new_ring());
  const std::string text = testing::detail::sample_bytes(30'000);
  auto file = fs.create("/file").value();
  std::size_t written = 0;
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 0U, 8192U, 7U, 9'512U}) {
    REQUIRE(file.append(std::string_view(text).substr(written, size)));
    written += size;
    REQUIRE(file.sync());
    REQUIRE(file.flush());
    CHECK(read_all(fs, "/file").value() == text.substr(0, written));
  }
  REQUIRE(written == text.size());
  REQUIRE(file.close());
  auto reader = fs.open("/file").value();
  std::string bytes(text.size(), '\0');
  int wrong = 0;
  for (std::size_t from = 0; from <= text.size(); from += 97) {
    for (const std::size_t size : {0U, 1U, 100U, 4096U, 20'000U}) {
      const auto got = reader.read(from, bytes.data(), size).value();
      wrong += std::string_view(bytes).substr(0, got) != std::string_view(text).substr(from, size);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a read touches no chunk but its own") {
  Memory fs(new_ring());
  const std::string text = testing::detail::sample_bytes(5 * 4096);
  REQUIRE(io::write_file_durably(fs, "/file", text));
  // Only chunk 2 is whole; it can be read.
  std::string bytes = raw(fs.inner(), "/file");
  for (const std::size_t chunk : {0U, 1U, 3U, 4U}) {
    bytes = flipped(bytes, header_bytes + chunk * sealed_chunk_bytes);
  }
  put_raw(fs.inner(), "/file", bytes);
  auto reader = fs.open("/file").value();
  std::string read(4096, '\0');
  REQUIRE(reader.read(2 * 4096, read.data(), 4096));
  CHECK(read == text.substr(2 * 4096, 4096));
  CHECK_FALSE(reader.read(2 * 4096, read.data(), 4097));
}

TEST_CASE("damage anywhere is an error that names the file") {
  Memory fs(new_ring());
  REQUIRE(io::write_file_durably(fs, "/file", testing::detail::sample_bytes(5'000)));
  const std::string whole = raw(fs.inner(), "/file");
  for (std::size_t at = 0; at < whole.size(); at += at < 200 ? 1 : 13) {
    put_raw(fs.inner(), "/file", flipped(whole, at));
    const auto read = read_all(fs, "/file");
    CAPTURE(at);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::corruption);
    CHECK_THAT(read.error().message(), Catch::StartsWith("/file: offset "));
  }
  put_raw(fs.inner(), "/file", flipped(whole, header_bytes + sealed_chunk_bytes + 1));
  CHECK_THAT(read_all(fs, "/file").error().message(),
             Catch::Contains("offset " + std::to_string(header_bytes + sealed_chunk_bytes)));
}

TEST_CASE("a file that was cut is damaged, wherever it was cut") {
  Memory fs(new_ring());
  REQUIRE(io::write_file_durably(fs, "/file", testing::detail::sample_bytes(9'000)));
  const std::string whole = raw(fs.inner(), "/file");
  for (std::size_t size = header_bytes; size < whole.size(); ++size) {
    put_raw(fs.inner(), "/file", whole.substr(0, size));
    const auto read = fs.open("/file");
    REQUIRE_FALSE(read);
    REQUIRE(read.error().code() == ErrorCode::corruption);
  }
  put_raw(fs.inner(), "/file", whole + "more");
  CHECK(fs.open("/file").error().code() == ErrorCode::corruption);
}

TEST_CASE("chunks that change places, within a file or between files, are damage") {
  Memory fs(new_ring());
  const std::string text = testing::detail::sample_bytes(3 * 4096);
  REQUIRE(io::write_file_durably(fs, "/a", text));
  REQUIRE(io::write_file_durably(fs, "/b", text));
  const std::string a = raw(fs.inner(), "/a");
  const auto chunk_of = [](const std::string& bytes, std::size_t chunk) {
    return bytes.substr(header_bytes + chunk * sealed_chunk_bytes, sealed_chunk_bytes);
  };
  std::string swapped = a;
  swapped.replace(header_bytes, sealed_chunk_bytes, chunk_of(a, 1));
  swapped.replace(header_bytes + sealed_chunk_bytes, sealed_chunk_bytes, chunk_of(a, 0));
  put_raw(fs.inner(), "/a", swapped);
  CHECK(read_all(fs, "/a").error().code() == ErrorCode::corruption);
  std::string mixed = a;
  mixed.replace(header_bytes, sealed_chunk_bytes, chunk_of(raw(fs.inner(), "/b"), 0));
  put_raw(fs.inner(), "/a", mixed);
  CHECK(read_all(fs, "/a").error().code() == ErrorCode::corruption);
  // The header of one file over the content of another: the key is another.
  put_raw(fs.inner(), "/a", raw(fs.inner(), "/b").substr(0, header_bytes) + a.substr(header_bytes));
  CHECK(read_all(fs, "/a").error().code() == ErrorCode::corruption);
}

TEST_CASE("a file needs its key, its algorithm and its database") {
  const io::KeyRing ring = new_ring();
  Memory fs(ring);
  REQUIRE(io::write_file_durably(fs, "/file", "text"));
  const auto error = [](auto other) { return other.open("/file").error(); };
  const Error other_key = error(Memory(new_ring(), fs.inner()));
  CHECK(other_key.code() == ErrorCode::invalid_argument);
  CHECK_THAT(other_key.message(), Catch::Contains("/file: the key does not match"));
  CHECK(error(Memory(ring, fs.inner(), "db")).code() == ErrorCode::invalid_argument);
  const Error no_key = error(Memory(io::KeyRing(), fs.inner()));
  CHECK(no_key.code() == ErrorCode::invalid_argument);
  CHECK_THAT(no_key.message(), Catch::Contains("data key 1, which is not in the key ring"));
  CHECK(error(io::Encrypted<io::Memory, aead::ChaCha20Poly1305>(ring, fs.inner())).code() ==
        ErrorCode::incompatible_format);
  CHECK(Memory().create("/new").error().code() == ErrorCode::invalid_argument);
  CHECK(Memory().create_log("/new", 10).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a file in the clear is told from a damaged one, an empty one is empty") {
  Memory fs(new_ring());
  put_raw(fs.inner(), "/clear", std::string(1'000, 'c'));
  CHECK(fs.open("/clear").error().code() == ErrorCode::incompatible_format);
  put_raw(fs.inner(), "/empty", "");
  CHECK(read_all(fs, "/empty").value().empty());
  CHECK(fs.file_size("/empty") == Result<std::uint64_t>(0));
  CHECK(fs.data_key_of("/empty").error().code() == ErrorCode::corruption);
  REQUIRE(io::write_file_durably(fs, "/later", "text"));
  std::string later = raw(fs.inner(), "/later");
  later[8] = 2;
  const auto crc = checksum::Crc32c::compute(std::string_view(later).substr(0, 64));
  store_fixed(later.data() + 64, crc);
  put_raw(fs.inner(), "/later", later);
  CHECK(fs.open("/later").error().code() == ErrorCode::newer_format);
}

TEST_CASE("a failed write is final, for a file and for a log") {
  io::Encrypted<io::Simulated> fs(new_ring());
  auto file = fs.create("/file").value();
  auto log = fs.create_log("/log", 1'000).value();
  fs.inner().inject({.path_contains = "/file", .kind = io::FaultKind::short_write});
  CHECK(file.append(std::string(10'000, 'x')).error().code() == ErrorCode::disk_full);
  CHECK_FALSE(file.append("y"));
  CHECK_FALSE(file.sync());
  CHECK_FALSE(file.close());
  fs.inner().inject({.path_contains = "/log", .kind = io::FaultKind::short_write});
  CHECK(log.append("x", "y").error().code() == ErrorCode::disk_full);
  CHECK_FALSE(log.append("x", "y"));
  CHECK(log.size_bytes() == 0);
}

TEST_CASE("whatever a crash leaves of a log reads as what was synced and then no record") {
  io::Encrypted<io::Simulated> fs(new_ring());
  auto log = fs.create_log("/log", 50'000).value();
  std::string text;
  const auto append = [&](std::size_t size) {
    const std::string payload = testing::detail::sample_bytes(size);
    REQUIRE(log.append("head", payload));
    text += "head" + payload;
  };
  for (std::size_t size = 0; size < 100; ++size) {
    append(size);
  }
  REQUIRE(log.sync());
  REQUIRE(fs.sync_directory("/"));
  const std::size_t synced = text.size();
  for (std::size_t size = 0; size < 200; ++size) {
    append(size);
  }
  bool has_gap = false;
  bool has_tail = false;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    io::Encrypted<io::Simulated> disk(fs.key_ring(),
                                      fs.inner().crash_image(io::CrashChoice::random(seed)));
    const std::string left = io::read_file(disk, "/log").value();
    REQUIRE(left.substr(0, synced) == text.substr(0, synced));
    REQUIRE(left.size() <= text.size() + 8'000);
    // Behind that each byte is the right one, or 0xff.
    bool gap = false;
    std::size_t wrong = 0;
    for (std::size_t i = synced; i < left.size(); ++i) {
      const bool is_right = i < text.size() && left[i] == text[i];
      const bool is_missing = left[i] == '\xff';
      wrong += !is_right && !is_missing;
      gap = gap || (is_missing && !is_right);
      has_gap = has_gap || (gap && is_right && !is_missing && i + 100 < left.size());
    }
    REQUIRE(wrong == 0);
    has_tail = has_tail || left.size() > synced;
  }
  CHECK(has_gap);  // whole frames behind missing ones are found
  CHECK(has_tail);
  io::Encrypted<io::Simulated> all(fs.key_ring(),
                                   fs.inner().crash_image(io::CrashChoice::keep_all()));
  CHECK(io::read_file(all, "/log").value() == text);
}

TEST_CASE("a log whose header was torn reads as empty, one whose header was damaged does not") {
  Memory fs(new_ring());
  auto log = fs.create_log("/log", 1'000).value();
  REQUIRE(log.append("some", "thing"));
  const std::string whole = raw(fs.inner(), "/log");
  for (std::size_t at = 1; at < header_bytes; ++at) {
    std::string no_front = whole;
    std::fill_n(no_front.begin(), at, '\0');
    put_raw(fs.inner(), "/torn", no_front);
    REQUIRE(read_all(fs, "/torn").value().empty());
    std::string no_back = whole;
    std::fill(no_back.begin() + static_cast<std::ptrdiff_t>(at), no_back.end(), '\0');
    put_raw(fs.inner(), "/torn", no_back);
    REQUIRE(read_all(fs, "/torn").value().empty());
    put_raw(fs.inner(), "/damaged", flipped(whole, at));
    REQUIRE_FALSE(fs.open("/damaged"));
  }
}

TEST_CASE("a damaged frame of a log reads as 0xff, those around it as they were written") {
  Memory fs(new_ring());
  auto log = fs.create_log("/log", 1'000).value();
  for (const char fill : {'a', 'b', 'c'}) {
    REQUIRE(log.append("", std::string(104, fill)));
  }
  REQUIRE(log.close());
  const std::string whole = raw(fs.inner(), "/log");
  const std::size_t frame_bytes = io::detail::frame_bytes(104);
  const std::string gap = std::string(104, 'a') + std::string(104, '\xff') + std::string(104, 'c');
  for (std::size_t at = 0; at < 16 + 104 + 16; ++at) {  // header, ciphertext, tag
    put_raw(fs.inner(), "/log2", flipped(whole, header_bytes + frame_bytes + at));
    CAPTURE(at);
    REQUIRE(read_all(fs, "/log2").value() == gap);
  }
  // Frames that changed places are none.
  std::string swapped = whole;
  swapped.replace(header_bytes, frame_bytes, whole.substr(header_bytes + frame_bytes, frame_bytes));
  put_raw(fs.inner(), "/log2", swapped);
  const std::string read = read_all(fs, "/log2").value();
  CHECK(read.substr(0, 104) == std::string(104, '\xff'));
}

TEST_CASE("a header of a frame that anyone can write makes no log longer than its file") {
  Memory fs(new_ring());
  auto log = fs.create_log("/log", 1'000).value();
  REQUIRE(log.append("", std::string(104, 'a')));
  REQUIRE(log.append("", std::string(104, 'b')));
  REQUIRE(log.close());
  std::string bytes = raw(fs.inner(), "/log");
  const std::uint32_t seed =
      checksum::Crc32c::compute(std::string_view(bytes).substr(0, io::detail::bound_header_bytes));
  const std::size_t at = header_bytes + io::detail::frame_bytes(104);
  io::detail::FrameHeader forged{104, 104};
  std::string same = bytes;
  forged.encode(seed, same.data() + at);
  REQUIRE(same == bytes);
  forged.plain_at = at - header_bytes + 1;
  forged.encode(seed, bytes.data() + at);
  put_raw(fs.inner(), "/forged", bytes);
  CHECK(read_all(fs, "/forged").value().substr(0, 105) == std::string(104, 'a') + '\xff');
  CHECK(fs.file_size("/forged").value() <= bytes.size());
  forged.plain_at = UINT64_MAX - 104;
  forged.encode(seed, bytes.data() + at);
  put_raw(fs.inner(), "/forged", bytes);
  CHECK(fs.file_size("/forged").value() <= bytes.size());
}

TEST_CASE("long appends to a log are several frames and read back at every offset") {
  Memory fs(new_ring());
  auto log = fs.create_log("/log", 0).value();
  const std::string text = testing::detail::sample_bytes(1'000'000);
  REQUIRE(log.append(text.substr(0, 70'000), text.substr(70'000, 330'000)));
  REQUIRE(log.append(text.substr(400'000), {}));
  REQUIRE(log.append({}, {}));
  CHECK(log.size_bytes() == text.size());
  auto reader = fs.open("/log").value();
  std::string bytes(200'000, '\0');
  for (std::size_t from = 0; from < text.size(); from += 49'999) {
    const auto got = reader.read(from, bytes.data(), bytes.size()).value();
    REQUIRE(bytes.substr(0, got) == text.substr(from, bytes.size()));
  }
}

TEST_CASE("every append to an encrypted log survives kill -9") {
  test::TemporaryDirectory directory;
  const std::string path = directory.at("log");
  const io::Encrypted<io::Posix> files(new_ring());
  const auto record = [](int i) {
    return std::to_string(i) + std::string(static_cast<std::size_t>(i % 300), '.');
  };
  const pid_t child = ::fork();
  if (child == 0) {
    auto fs = files;
    auto log = fs.create_log(path, 64 << 10);
    for (int i = 0; log && i < 5'000; ++i) {
      if (!log->append("h", record(i))) {
        ::_exit(1);
      }
    }
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    expected += "h" + record(i);
  }
  auto fs = files;
  CHECK(io::read_file(fs, path).value() == expected);
}
