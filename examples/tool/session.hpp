// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An open database of one of the compositions that the tool was built for.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/lsm/profile.hpp>

#include "composition.hpp"

namespace strata::tool {

enum class Access : std::uint8_t {
  read,
  write,
  create,      ///< where there is none
  create_new,  ///< there must be none
};

/// The profile whose options a database is opened with, and what it may take; no name: defaults.
struct Tuning {
  std::string profile{};
  profile::Resources resources{};
};

template <class... Engines>
class Session : public Compositions<Engines...> {
  using AnyEngine = std::variant<Engines...>;
  using Known = Compositions<Engines...>;

 public:
  /// What is made is of the composition of that number, from 1.
  [[nodiscard]] static Result<Session> open(const std::string& path, Access access,
                                            std::size_t composition = 1,
                                            const Tuning& tuning = {}) {
    const auto open_it = [&]<class E>(std::type_identity<E>) {
      return open_as<E>(path, access, tuning);
    };
    if (access == Access::create_new) {
      return Known::with_composition(composition, open_it);
    }
    auto state = Known::read_state(path);
    if (!state) {
      const bool may_create =
          access == Access::create && state.error().code() == ErrorCode::not_found;
      return may_create ? Known::with_composition(composition, open_it)
                        : propagate(std::move(state));
    }
    return Known::first_that_fits(path, *state, open_it);
  }

  template <class Use>
  auto with_engine(Use use) {
    return std::visit(use, engine_);
  }

  /// Calls `use(handle) -> Result<T>` for the family called `name`; an empty name is the only one.
  /// Error: there is none, or the choice of many.
  template <class Use>
  [[nodiscard]] auto with_family(std::string_view name, Use use) {
    return std::visit(
        [&](auto& engine) {
          using Core = typename std::remove_reference_t<decltype(engine)>::Core;
          using Answer = decltype(use(std::declval<FamilyHandle<Core, 0>&>()));
          const auto names = engine.family_names();
          std::optional<Answer> answer;
          each_family(engine, [&](std::string_view own, auto& family) {
            if (own == name || (name.empty() && names.size() == 1)) {
              answer.emplace(use(family));
            }
          });
          return answer ? std::move(*answer) : Answer(no_family(names, name));
        },
        engine_);
  }

  /// Calls `use(handle) -> Result<void>` for the family called `name`, or, without a name, for one
  /// after the other.
  template <class Use>
  [[nodiscard]] Result<void> with_families(std::string_view name, Use use) {
    if (!name.empty()) {
      return with_family(name, use);
    }
    return with_engine([&](auto& engine) {
      Result<void> done;
      each_family(engine,
                  [&](std::string_view, auto& family) { done = done ? use(family) : done; });
      return done;
    });
  }

  [[nodiscard]] Result<void> close() {
    return with_engine([](auto& engine) { return engine.close(); });
  }

 private:
  explicit Session(AnyEngine engine) : engine_(std::move(engine)) {}

  template <class E>
  [[nodiscard]] static Result<Session> open_as(const std::string& path, Access access,
                                               const Tuning& tuning) {
    typename E::Options options;
    if (!tuning.profile.empty()) {
      auto resources = tuning.resources;
      resources.families = E::Core::family_count + (E::Core::has_dynamic ? 1 : 0);
      const auto plan = profile::by_name(tuning.profile, resources);
      if (!plan) {
        return propagate(plan);
      }
      profile::apply(*plan, options);
    }
    options.read_only = access == Access::read;
    options.create_if_missing = access == Access::create || access == Access::create_new;
    options.error_if_exists = access == Access::create_new;
    auto engine = E::open(path, std::move(options));
    return engine ? Result<Session>(Session(AnyEngine(std::in_place_type<E>, std::move(*engine))))
                  : propagate(std::move(engine));
  }

  /// Those of the composition first.
  template <class E, class Use>
  static void each_family(E& engine, Use use) {
    using Core = typename E::Core;
    const auto names = engine.family_names();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto visit = [&](std::size_t i, auto family) { use(names[i], family); };
      (visit(I, FamilyHandle<Core, I>(engine.core())), ...);
    }
    (std::make_index_sequence<Core::family_count>());
    if constexpr (Core::has_dynamic) {
      for (std::size_t i = Core::family_count; i < names.size(); ++i) {
        if (auto family = engine.open_family(names[i])) {
          use(names[i], *family);
        }
      }
    }
  }

  [[nodiscard]] static tl::unexpected<Error> no_family(const std::vector<std::string>& names,
                                                       std::string_view name) {
    std::string list;
    for (const std::string& own : names) {
      list += (list.empty() ? "" : ", ") + own;
    }
    return name.empty() ? fail(ErrorCode::invalid_argument,
                               "the database has several families; give --family, one of: ", list)
                        : fail(ErrorCode::invalid_argument, "no family is called '", name,
                               "'; there are: ", list);
  }

  AnyEngine engine_;
};

}  // namespace strata::tool
