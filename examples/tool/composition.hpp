// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which composition wrote a directory, of those that the tool was built for.
///
/// A composition is fixed when a program is compiled; a directory says only in its manifest which
/// one wrote it. So the tool has a list, compares fingerprints, and takes the first that fits. Two
/// that differ in what tables alone know (compression, index) have the same fingerprint: then the
/// next one is tried where the tables refuse the first.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <strata/core/error.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/version/manifest_reader.hpp>
#include <strata/version/salvage.hpp>

namespace strata::tool {

template <class E>
struct composition_of;
template <class C>
struct composition_of<Engine<C>> {
  using type = C;
};

/// What is on disk, as `Engine::open` compares it.
template <class E>
[[nodiscard]] bool fits(const version::State& state) {
  using Composition = typename composition_of<E>::type;
  using Dynamic = typename Composition::Database::Dynamic;
  const auto is_known = [](const version::FamilyState& family) {
    if constexpr (!std::is_void_v<Dynamic>) {
      if (family.id >= lsm::first_dynamic_family) {
        return family.fingerprint == lsm::detail::fingerprint_of_family<Dynamic>();
      }
    }
    return family.id < Composition::family_count &&
           family.name == lsm::family_name<Composition>(family.id) &&
           family.fingerprint == lsm::family_fingerprint<Composition>(family.id);
  };
  return state.fingerprint == lsm::database_fingerprint<Composition>() &&
         std::all_of(state.families.begin(), state.families.end(), is_known);
}

/// "strata/1 checksum=...; default: table=..."
[[nodiscard]] inline std::string fingerprint_text(const version::State& state) {
  std::string text = state.fingerprint;
  for (const auto& family : state.families) {
    text += "; " + family.name + ": " + family.fingerprint;
  }
  return text;
}

template <class E>
[[nodiscard]] std::string fingerprint_text() {
  using Composition = typename composition_of<E>::type;
  std::string text = lsm::database_fingerprint<Composition>();
  for (std::size_t i = 0; i < Composition::family_count; ++i) {
    text += "; " + std::string(lsm::family_name<Composition>(i)) + ": " +
            lsm::family_fingerprint<Composition>(i);
  }
  return text;
}

/// What only tables tell, of the first family: "compression=none index=binary"
template <class E>
[[nodiscard]] std::string codec_text() {
  using F = std::tuple_element_t<0, typename composition_of<E>::type::FamilyTuple>;
  return "compression=" + std::string(F::Compression::name) +
         " index=" + std::string(F::Index::name);
}

template <class... Engines>
class Compositions {
  using First = std::variant_alternative_t<0, std::variant<Engines...>>;
  using Db = typename composition_of<First>::type::Database;

 public:
  /// The manifest's view of `path`, without opening anything.
  [[nodiscard]] static Result<version::State> read_state(const std::string& path) {
    typename Db::FileSystem fs{};
    auto there = fs.exists(path);
    if (there && !*there) {
      return fail(ErrorCode::not_found, path, ": there is no such directory");
    }
    return version::read_manifest<typename Db::FileSystem, typename Db::Checksum>(fs, path);
  }

  /// The same of a damaged manifest, as far as it can be read; none: it can not.
  [[nodiscard]] static Result<std::optional<version::State>> salvage_state(
      const std::string& path) {
    typename Db::FileSystem fs{};
    auto state = read_state(path);
    if (state) {
      return std::optional<version::State>(std::move(*state));
    }
    auto names = fs.list(path);
    if (!names) {
      return propagate(std::move(names));
    }
    auto beginning =
        version::salvage_manifest<typename Db::FileSystem, typename Db::Checksum>(fs, path, *names);
    const bool is_damaged = state.error().code() == ErrorCode::corruption;
    return beginning && !*beginning && !is_damaged ? propagate(std::move(state))
                                                   : std::move(beginning);
  }

  /// Calls `use(type_identity<Engine>) -> Result<T>` for the compositions that fit, until one does
  /// not answer `incompatible_format`.
  template <class Use>
  [[nodiscard]] static auto first_that_fits(const std::string& path, const version::State& state,
                                            Use use) {
    using Answer = decltype(use(std::type_identity<First>{}));
    std::optional<Answer> answer;
    const auto attempt = [&]<class E>(std::type_identity<E> type) {
      const bool is_open =
          !answer || (!*answer && answer->error().code() == ErrorCode::incompatible_format);
      if (is_open && fits<E>(state)) {
        answer.emplace(use(type));
      }
    };
    (attempt(std::type_identity<Engines>{}), ...);
    return answer ? std::move(*answer) : Answer(unknown(path, state));
  }

  /// Calls `use(type_identity<Engine>) -> Result<T>` for composition `number`, from 1.
  template <class Use>
  [[nodiscard]] static auto with_composition(std::size_t number, Use use) {
    using Answer = decltype(use(std::type_identity<First>{}));
    std::optional<Answer> answer;
    std::size_t at = 0;
    const auto attempt = [&](auto type) {
      if (++at == number) {
        answer.emplace(use(type));
      }
    };
    (attempt(std::type_identity<Engines>{}), ...);
    return answer ? std::move(*answer)
                  : Answer(fail(ErrorCode::invalid_argument, "there is no composition ",
                                std::to_string(number), "; this tool knows", known()));
  }
  /// The compositions that the tool was built for, numbered, a line each.
  [[nodiscard]] static std::string known() {
    std::string text;
    std::size_t number = 0;
    ((text += "\n  " + std::to_string(++number) + ": [" + fingerprint_text<Engines>() +
              "], tables " + codec_text<Engines>()),
     ...);
    return text;
  }

 private:
  [[nodiscard]] static tl::unexpected<Error> unknown(const std::string& path,
                                                     const version::State& state) {
    return fail(ErrorCode::incompatible_format, path,
                ": written by a composition with the fingerprint\n  [", fingerprint_text(state),
                "]\nwhich this tool was not built for; it knows", known(),
                "\nbuild one for yours with three lines: see examples/tool/README.md");
  }
};

}  // namespace strata::tool
