// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What filters are measured beside: LevelDB's Bloom filter at ten bits a key, where it is
/// installed. Its keys are bytes, here the eight of a hash, which it hashes itself at each lookup.

#if __has_include(<leveldb/filter_policy.h>)

#include <leveldb/filter_policy.h>
#include <leveldb/slice.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reference {

class LevelBloom {
 public:
  static constexpr std::string_view name = "leveldb_bloom";

  class Builder {
   public:
    void add_hash(std::uint64_t hash) { keys_.push_back(hash); }
    void finish(std::string& out) const {
      std::vector<leveldb::Slice> slices;
      slices.reserve(keys_.size());
      for (const std::uint64_t& key : keys_) {
        slices.push_back(slice_of(key));
      }
      policy().CreateFilter(slices.data(), static_cast<int>(slices.size()), &out);
    }

   private:
    std::vector<std::uint64_t> keys_;
  };

  static bool may_contain_hash(std::string_view filter, std::uint64_t hash) {
    return policy().KeyMayMatch(slice_of(hash), {filter.data(), filter.size()});
  }

 private:
  static leveldb::Slice slice_of(const std::uint64_t& key) {
    return {reinterpret_cast<const char*>(&key), sizeof key};
  }
  static const leveldb::FilterPolicy& policy() {
    static const std::unique_ptr<const leveldb::FilterPolicy> bloom(
        leveldb::NewBloomFilterPolicy(10));
    return *bloom;
  }
};

}  // namespace reference

#endif
