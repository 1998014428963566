// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Zstandard (Y. Collet, RFC 8878): a third of the size of text, at a level of one's choice, and
/// with a dictionary that each table learns from its own first blocks.
///
///     LsmTree<compression::Zstd>::Options options;
///     options.compression = {.level = 6, .dictionary_bytes = 16_KiB};
///
/// The stored form is one Zstandard frame that says its content size, without checksum and
/// dictionary id: the table keeps both. A block that does not shrink by an eighth is not worth the
/// work of every later read.
///
/// A dictionary holds what blocks have in common, which each small block would have to say again.
/// It is trained (`ZDICT_trainFromBuffer`) from the first `100 * dictionary_bytes` of a table,
/// which wait in memory until then; tables with less than a quarter of that have none.
///
/// Frames are read into the block itself, in one call: whatever window a hostile frame declares,
/// nothing is allocated by it, and nothing behind the block is written. Whatever is not one frame
/// of exactly the size of the block is refused before it is decoded.
///
/// Threads: a compressor has a context of its own; readers share a table's digested dictionary and
/// have a context of some 100 KiB for each thread, which goes with the thread.

#if !__has_include(<zstd.h>)
#error \
    "strata/compression/zstd.hpp needs <zstd.h>: install libzstd and link the target strata::zstd"
#endif
#include <zdict.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compression/concept.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>

namespace strata::compression {

struct Zstd {
  using policy_slot = compression_slot;
  static constexpr std::string_view name = "zstd";
  static constexpr std::uint8_t id = 2;
  /// The shortest block is a byte that repeats: four bytes for up to 128 KiB.
  static constexpr std::size_t expansion_max = 32_KiB;

  struct Options {
    int level = 3;  ///< 1 to 22: slower and smaller; -1 and less: faster and larger
    std::size_t dictionary_bytes = 0;  ///< of each table's dictionary, at most; 0: none
  };

  [[nodiscard]] static constexpr bool reads(std::string_view stored) noexcept {
    return stored == name || stored == "none";
  }

  class Compressor {
   public:
    Compressor(const Options& options, unsigned)
        : dictionary_bytes_(options.dictionary_bytes), context_(ZSTD_createCCtx()) {
      // A level beyond the library's is taken for its last one.
      set(ZSTD_c_compressionLevel, options.level);
      set(ZSTD_c_dictIDFlag, 0);
    }

    [[nodiscard]] static constexpr std::string_view name() noexcept { return Zstd::name; }

    [[nodiscard]] std::uint8_t compress(std::string_view in, std::string& out) {
      if (in.size() < block_bytes_min || context_ == nullptr) {
        return 0;
      }
      // Gives up as soon as the output does not fit.
      out.resize(in.size() - in.size() / 8 - 1);
      const std::size_t written =
          ZSTD_compress2(context_.get(), out.data(), out.size(), in.data(), in.size());
      out.resize(ZSTD_isError(written) != 0 ? 0 : written);
      return out.empty() ? std::uint8_t{0} : id;
    }

    [[nodiscard]] std::size_t sample_bytes() const noexcept {
      return dictionary_bytes_ * samples_to_dictionary;
    }
    [[nodiscard]] std::string learn(std::string_view samples,
                                    const std::vector<std::size_t>& sizes) {
      if (dictionary_bytes_ == 0 || samples.size() < sample_bytes() / 4 || context_ == nullptr) {
        return {};
      }
      std::string dictionary(dictionary_bytes_, '\0');
      const std::size_t trained =
          ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(), sizes.data(),
                                static_cast<unsigned>(sizes.size()));
      if (ZDICT_isError(trained) != 0) {
        return {};  // too alike, or too few: blocks do without
      }
      dictionary.resize(trained);
      const std::size_t loaded =
          ZSTD_CCtx_loadDictionary(context_.get(), dictionary.data(), dictionary.size());
      return ZSTD_isError(loaded) != 0 ? std::string() : dictionary;
    }

   private:
    struct Free {
      void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
    };
    void set(ZSTD_cParameter parameter, int value) {
      if (context_ != nullptr) {
        (void)ZSTD_CCtx_setParameter(context_.get(), parameter, value);
      }
    }

    static constexpr std::size_t block_bytes_min = 8;
    static constexpr std::size_t samples_to_dictionary = 100;  // what its authors advise

    std::size_t dictionary_bytes_;
    std::unique_ptr<ZSTD_CCtx, Free> context_;
  };

  class Decompressor {
   public:
    [[nodiscard]] bool open(std::string_view, std::string_view dictionary) {
      if (dictionary.empty()) {
        return true;
      }
      if (ZSTD_getDictID_fromDict(dictionary.data(), dictionary.size()) == 0) {
        return false;
      }
      dictionary_.reset(ZSTD_createDDict(dictionary.data(), dictionary.size()));
      return dictionary_ != nullptr;
    }

    [[nodiscard]] Result<void> decompress(std::uint8_t made_by, std::string_view in,
                                          std::size_t raw_bytes, char* to) const {
      if (made_by == id && is_frame_of(in, raw_bytes)) {
        ZSTD_DCtx* const context = context_of_thread();
        if (context == nullptr) {
          return fail(ErrorCode::io, "no memory is left for a zstd context");
        }
        const std::size_t written = ZSTD_decompress_usingDDict(context, to, raw_bytes, in.data(),
                                                               in.size(), dictionary_.get());
        if (ZSTD_isError(written) == 0 && written == raw_bytes) {
          return {};
        }
      }
      return fail(ErrorCode::corruption, "a zstd block of ", std::to_string(in.size()),
                  " bytes does not decompress to the ", std::to_string(raw_bytes),
                  " bytes that its header promises; restore the file from a backup");
    }

    [[nodiscard]] std::size_t memory_bytes() const noexcept {
      return dictionary_ == nullptr ? 0 : ZSTD_sizeof_DDict(dictionary_.get());
    }

   private:
    struct Free {
      void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
      void operator()(ZSTD_DDict* dictionary) const noexcept { ZSTD_freeDDict(dictionary); }
    };
    /// One frame, not several and none to skip, that says it holds `raw_bytes`.
    [[nodiscard]] static bool is_frame_of(std::string_view in, std::size_t raw_bytes) noexcept {
      return in.size() > sizeof(std::uint32_t) &&
             load_fixed<std::uint32_t>(in.data()) == ZSTD_MAGICNUMBER &&
             ZSTD_getFrameContentSize(in.data(), in.size()) == raw_bytes &&
             ZSTD_findFrameCompressedSize(in.data(), in.size()) == in.size();
    }
    /// A context has no state that outlives a call: it is only too large to allocate for each.
    [[nodiscard]] static ZSTD_DCtx* context_of_thread() {
      thread_local const std::unique_ptr<ZSTD_DCtx, Free> own(ZSTD_createDCtx());
      return own.get();
    }

    std::unique_ptr<ZSTD_DDict, Free> dictionary_;
  };
};

static_assert(CompressionPolicy<Zstd>);

}  // namespace strata::compression
