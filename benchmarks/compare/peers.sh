#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Builds RocksDB and LevelDB for the comparison, from Debian's source packages, as their authors
# would run them: optimised for this machine, without assertions, with the processor's CRC32C.
# (Debian's own packages keep the assertions and compute CRC32C by table: a win over those is none.)
#
#     benchmarks/compare/peers.sh [folder=build/peers]
#
# Leaves include/, lib/*.a and `versions` there; does nothing where `versions` says that it is all
# there already. Touches nothing of the system: apt gets folders of its own below the folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

peers=$(realpath -m "${1:-build/peers}")
readonly peers
readonly mirror=${STRATA_DEBIAN_MIRROR:-http://deb.debian.org/debian}
readonly suite=${STRATA_DEBIAN_SUITE:-bookworm}
readonly flags='-O3 -march=native -DNDEBUG'
readonly -a packages=(leveldb rocksdb)

say() { printf '== %s\n' "$*"; }
die() { printf 'peers: %s\n' "$*" >&2; exit 1; }

# What the libraries depend on; equal means built.
recipe() {
  sha256sum < benchmarks/compare/peers.sh
  g++ -dumpfullversion
  g++ -march=native -Q --help=target | sha256sum
}

apt_here() {
  local -r apt=$peers/apt
  apt-get -qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt" -o APT::Sandbox::User= "$@"
}

fetch() {
  mkdir -p "$peers"/{apt/lists/partial,apt/archives/partial,source}
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
    > "$peers/apt/sources.list"
  apt_here update
  (cd "$peers/apt" && apt_here source --download-only "${packages[@]}")
  local package
  for package in "${packages[@]}"; do
    rm -rf "$peers/source/$package"
    dpkg-source --no-check -x "$peers/apt/$package"_*.dsc "$peers/source/$package" > /dev/null
  done
}

build() {  # <package> [cmake options]
  local -r package=$1
  shift
  say "building $package ($flags)"
  local -a launcher=()
  command -v ccache > /dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  CXXFLAGS="$flags -idirafter $peers/include" cmake -S "$peers/source/$package" -B "$peers/tree/$package" -G Ninja -Wno-dev \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="$flags" -DCMAKE_CXX_COMPILER=g++ \
    -DBUILD_SHARED_LIBS=OFF "${launcher[@]}" "$@" > "$peers/$package.log" 2>&1
  nice -n 10 cmake --build "$peers/tree/$package" --target "$package" -j "${STRATA_PEER_JOBS:-$(nproc)}" \
    >> "$peers/$package.log" || { tail -40 "$peers/$package.log"; die "$package does not build"; }
  mkdir -p "$peers/lib"
  cp "$peers/tree/$package/lib$package.a" "$peers/lib/"
  cp -r "$peers/source/$package/include/$package" "$peers/include/"
}

# LevelDB takes the processor's CRC32C from the library crc32c, which Debian does not have. RocksDB's
# routine (the same sum, three streams at once) stands in for it: the two are linked together.
write_crc32c() {
  mkdir -p "$peers/include/crc32c"
  cat > "$peers/include/crc32c/crc32c.h" <<'CODE'
#pragma once
#include <cstddef>
#include <cstdint>
namespace rocksdb {
namespace crc32c {
std::uint32_t Extend(std::uint32_t sum, const char* data, std::size_t size);
}
}  // namespace rocksdb
namespace crc32c {
inline std::uint32_t Extend(std::uint32_t sum, const std::uint8_t* data, std::size_t size) {
  return rocksdb::crc32c::Extend(sum, reinterpret_cast<const char*>(data), size);
}
}  // namespace crc32c
CODE
}

# Fails where a library was built otherwise than the comparison claims.
verify() {
  local library symbols
  for library in rocksdb leveldb; do
    symbols=$(nm -u "$peers/lib/lib$library.a" 2> /dev/null)
    [[ $symbols != *__assert_fail* ]] || die "lib$library.a has assertions"
  done
  [[ $symbols == *rocksdb6crc32c6Extend* ]] || die 'LevelDB computes CRC32C by table'
  [[ $(cd "$(mktemp -d)" && ar x "$peers/lib/librocksdb.a" crc32c.cc.o && objdump -d crc32c.cc.o &&
       rm -r "$PWD") == *crc32q* ]] || die 'RocksDB computes CRC32C by table'
}

[[ ! -f $peers/versions || $(recipe) != "$(cat "$peers/recipe" 2> /dev/null)" ]] || exit 0
command -v apt-get > /dev/null || die 'Debian is needed: the sources are those of its packages'
rm -f "$peers/versions" "$peers/recipe"
say 'fetching the source packages'
fetch
write_crc32c
build leveldb -DLEVELDB_BUILD_TESTS=OFF -DLEVELDB_BUILD_BENCHMARKS=OFF -DHAVE_CRC32C=1 \
  -DHAVE_SNAPPY=0 -DHAVE_TCMALLOC=0
build rocksdb -DPORTABLE=OFF -DROCKSDB_BUILD_SHARED=OFF -DFAIL_ON_WARNINGS=OFF -DUSE_RTTI=ON \
  -DWITH_TESTS=OFF -DWITH_BENCHMARK_TOOLS=OFF -DWITH_TOOLS=OFF -DWITH_CORE_TOOLS=OFF \
  -DWITH_GFLAGS=OFF -DWITH_LIBURING=OFF
verify
for package in "${packages[@]}"; do
  printf '%s %s %s\n' "$package" "$(sed -n 's/^Version: //p' "$peers/apt/$package"_*.dsc)" "$flags"
done > "$peers/versions"
recipe > "$peers/recipe"
rm -rf "$peers"/{tree,source,apt/lists}
say "built in $peers:" && cat "$peers/versions"
