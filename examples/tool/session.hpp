// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An open database of one of the compositions that the tool was built for.
///
/// A composition is fixed when a program is compiled; a directory says only in its manifest which
/// one wrote it. So the tool has a list, compares fingerprints, and opens by the first that fits.
/// Two that differ in what tables alone know (compression, index) have the same fingerprint: then
/// the next one is tried where the tables refuse the first.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <strata/core/error.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm/engine.hpp>
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
  bool is_equal = state.fingerprint == lsm::database_fingerprint<Composition>() &&
                  state.families.size() <= Composition::family_count;
  for (std::size_t i = 0; is_equal && i < state.families.size(); ++i) {
    is_equal = state.families[i].name == lsm::family_name<Composition>(i) &&
               state.families[i].fingerprint == lsm::family_fingerprint<Composition>(i);
  }
  return is_equal;
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

enum class Access : std::uint8_t {
  read,
  write,
  create,      ///< where there is none
  create_new,  ///< there must be none
};

template <class... Engines>
class Session {
  using AnyEngine = std::variant<Engines...>;
  using First = std::variant_alternative_t<0, AnyEngine>;

 public:
  /// The composition of databases that the tool makes.
  using Default = First;

  [[nodiscard]] static Result<Session> open(const std::string& path, Access access) {
    if (access == Access::create_new) {
      return open_as<First>(path, access);
    }
    auto state = read_state(path);
    if (!state) {
      const bool may_create =
          access == Access::create && state.error().code() == ErrorCode::not_found;
      return may_create ? open_as<First>(path, access) : propagate(std::move(state));
    }
    return first_that_fits(
        path, *state, [&]<class E>(std::type_identity<E>) { return open_as<E>(path, access); });
  }

  /// The manifest's view of `path`, without opening anything.
  [[nodiscard]] static Result<version::State> read_state(const std::string& path) {
    using Db = typename composition_of<First>::type::Database;
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
    using Db = typename composition_of<First>::type::Database;
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
    ((text += "\n  " + std::to_string(++number) + ": [" + fingerprint_text<Engines>() + "]"), ...);
    return text;
  }

  template <class Use>
  auto with_engine(Use use) {
    return std::visit(use, engine_);
  }

  /// Calls `use(FamilyHandle&) -> Result<T>` for the family called `name`; an empty name is the
  /// only one. Error: there is none, or the choice of many.
  template <class Use>
  [[nodiscard]] auto with_family(std::string_view name, Use use) {
    return std::visit(
        [&](auto& engine) {
          using Core = typename std::remove_reference_t<decltype(engine)>::Core;
          using Answer = decltype(use(std::declval<FamilyHandle<Core, 0>&>()));
          std::optional<Answer> answer;
          const bool is_any = name.empty() && Core::family_count == 1;
          each_family(engine, [&](std::string_view own, auto& family) {
            if (!answer && (is_any || own == name)) {
              answer.emplace(use(family));
            }
          });
          return answer ? std::move(*answer) : Answer(no_family(engine, name));
        },
        engine_);
  }

  /// Calls `use(FamilyHandle&) -> Result<void>` for the family called `name`, or, without a name,
  /// for one after the other.
  template <class Use>
  [[nodiscard]] Result<void> with_families(std::string_view name, Use use) {
    if (!name.empty()) {
      return with_family(name, [&](auto& family) { return use(name, family); });
    }
    return with_engine([&](auto& engine) {
      Result<void> done;
      each_family(engine, [&](std::string_view own, auto& family) {
        done = done ? use(own, family) : done;
      });
      return done;
    });
  }

  [[nodiscard]] Result<void> close() {
    return with_engine([](auto& engine) { return engine.close(); });
  }

 private:
  explicit Session(AnyEngine engine) : engine_(std::move(engine)) {}

  template <class E>
  [[nodiscard]] static Result<Session> open_as(const std::string& path, Access access) {
    typename E::Options options;
    options.read_only = access == Access::read;
    options.create_if_missing = access == Access::create || access == Access::create_new;
    options.error_if_exists = access == Access::create_new;
    auto engine = E::open(path, std::move(options));
    return engine ? Result<Session>(Session(AnyEngine(std::in_place_type<E>, std::move(*engine))))
                  : propagate(std::move(engine));
  }

  template <class E, class Use>
  static void each_family(E& engine, Use use) {
    using Core = typename E::Core;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto visit = [&](auto family) {
        use(lsm::family_name<typename composition_of<E>::type>(family.id().value), family);
      };
      (visit(FamilyHandle<Core, I>(engine.core())), ...);
    }
    (std::make_index_sequence<Core::family_count>());
  }

  template <class E>
  [[nodiscard]] static tl::unexpected<Error> no_family(E& engine, std::string_view name) {
    std::string names;
    each_family(engine, [&names](std::string_view own, auto&) {
      names += (names.empty() ? "" : ", ") + std::string(own);
    });
    return name.empty() ? fail(ErrorCode::invalid_argument,
                               "the database has several families; give --family, one of: ", names)
                        : fail(ErrorCode::invalid_argument, "no family is called '", name,
                               "'; there are: ", names);
  }

  [[nodiscard]] static tl::unexpected<Error> unknown(const std::string& path,
                                                     const version::State& state) {
    return fail(ErrorCode::incompatible_format, path,
                ": written by a composition with the fingerprint\n  [", fingerprint_text(state),
                "]\nwhich this tool was not built for; it knows", known(),
                "\nbuild one for yours with three lines: see examples/tool/README.md");
  }

  AnyEngine engine_;
};

}  // namespace strata::tool
