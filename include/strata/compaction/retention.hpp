// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which versions of a key a flush or compaction must keep (invariant 6: no answer changes).
///
/// Live snapshots cut the sequence axis into *stripes*: stripe i holds the sequences that snapshot
/// i sees and snapshot i-1 does not; the last stripe is open above. Two versions of a key in one
/// stripe can not be told apart by any reader, present or future, so of each stripe only the
/// newest is kept. Beyond that, where `bottommost` says that nothing older can lie below:
///
/// - a tombstone in stripe 0 has nothing to hide and goes;
/// - a value in stripe 0 gets sequence 0, which costs no bytes in a table;
/// - merge operands in stripe 0 become a value.
///
/// Entries arrive by `add` in table order (key ascending, newest first) and leave through the
/// sink in the same order. Merge operands of a stripe are folded as far as the operator allows.

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/compaction/filter.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>

namespace strata::compaction {

/// Where no values lie apart from their tables.
struct NoLoad {};

/// `Sink`: `Result<void> operator()(std::string_view key, Trailer, std::string_view value)`.
/// `Load`: `Result<std::string_view> operator()(key, pointer, std::string& buffer)`, the value that
/// an entry of kind `value_pointer` stands for. One that is damaged is the reader's to report: what
/// needs it is left undone.
template <class Comparator, class Merge, class Filter, class Sink, class Load = NoLoad>
class Retention {
 public:
  struct Context {
    std::vector<Sequence> snapshots;                          ///< live ones, ascending
    const RangeEraseSet<Comparator>* range_erases = nullptr;  ///< of the inputs
    bool bottommost = false;  ///< no file outside the inputs can hold older data of their keys
    /// Values may get sequence 0. Not when a range erase stays in the output: it would hide them.
    bool zero_sequences = false;
  };

  Retention(Context context, const Filter& filter, Sink sink, Load load = {})
      : context_(std::move(context)),
        filter_(filter),
        sink_(std::move(sink)),
        load_(std::move(load)) {}

  [[nodiscard]] Result<void> add(std::string_view key, Trailer trailer, std::string_view value) {
    if (!has_key_ || key != key_) {
      if (auto done = end_key(); !done) {
        return done;
      }
      key_.assign(key);
      has_key_ = true;
      stripe_ = no_stripe;
    }
    const std::size_t stripe = stripe_of(trailer.sequence());
    if (stripe != stripe_) {
      if (auto done = end_stripe(false); !done) {
        return done;
      }
      stripe_ = stripe;
      settled_ = false;
    }
    if (settled_) {
      ++dropped_;
      return {};  // a newer version of the same stripe has the last word
    }
    const bool covered = is_covered(key, trailer.sequence(), stripe);
    const EntryKind kind = covered ? EntryKind::erase : trailer.kind();
    if (kind == EntryKind::merge) {
      operands_.push_back({trailer, std::string(value)});
      return {};
    }
    settled_ = true;
    if (!operands_.empty()) {
      return fold(covered ? nullptr : &trailer, value);
    }
    if (covered) {
      ++dropped_;
      return {};
    }
    return is_value(kind) ? keep_value(trailer, value) : keep_tombstone(trailer);
  }

  /// Must be called after the last `add`.
  [[nodiscard]] Result<void> finish() { return end_key(); }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  static constexpr std::size_t no_stripe = static_cast<std::size_t>(-1);
  struct Operand {
    Trailer trailer;
    std::string value;
  };

  [[nodiscard]] std::size_t stripe_of(Sequence sequence) const noexcept {
    const auto& s = context_.snapshots;
    return static_cast<std::size_t>(std::lower_bound(s.begin(), s.end(), sequence) - s.begin());
  }
  [[nodiscard]] bool is_covered(std::string_view key, Sequence sequence,
                                std::size_t stripe) const noexcept {
    if (context_.range_erases == nullptr || context_.range_erases->empty()) {
      return false;
    }
    const Sequence stripe_end =
        stripe < context_.snapshots.size() ? context_.snapshots[stripe] : sequence_max;
    return context_.range_erases->newest_covering(key, stripe_end) > sequence;
  }

  static constexpr bool separates = !std::is_same_v<Load, NoLoad>;
  [[nodiscard]] static bool is_value(EntryKind kind) noexcept {
    return kind == EntryKind::put || (separates && kind == EntryKind::value_pointer);
  }
  /// The value itself, of an entry that is one. Errors: as `Load`.
  [[nodiscard]] Result<std::string_view> load(EntryKind kind, std::string_view value) {
    if constexpr (separates) {
      if (kind == EntryKind::value_pointer) {
        return load_(key_, value, loaded_);
      }
    }
    return value;
  }
  [[nodiscard]] Result<bool> passes_filter(EntryKind kind, std::string_view value) {
    if constexpr (std::is_same_v<Filter, compaction_filter::None>) {
      return true;
    } else {
      auto whole = load(kind, value);
      if (!whole) {
        return whole.error().code() == ErrorCode::corruption ? Result<bool>(true)
                                                             : propagate(std::move(whole));
      }
      return filter_.keep(key_, *whole);
    }
  }

  [[nodiscard]] Result<void> keep_value(Trailer trailer, std::string_view value) {
    const bool seen_by_no_snapshot = stripe_ == context_.snapshots.size();
    auto passes = seen_by_no_snapshot ? passes_filter(trailer.kind(), value) : Result<bool>(true);
    if (!passes) {
      return propagate(std::move(passes));
    }
    if (!*passes) {
      return keep_tombstone(Trailer(trailer.sequence(), EntryKind::erase));
    }
    const bool seen_by_all = stripe_ == 0;
    if (seen_by_all && context_.bottommost && context_.zero_sequences) {
      trailer = Trailer(0, trailer.kind());
    }
    return sink_(key_, trailer, value);
  }
  [[nodiscard]] Result<void> keep_tombstone(Trailer trailer) {
    if (stripe_ == 0 && context_.bottommost) {
      ++dropped_;
      return {};
    }
    return sink_(key_, trailer, {});
  }

  /// Folds the operands of the stripe over what lies below them: the entry `below`, or nothing.
  /// A malformed operand is the reader's to report; here everything is kept as it is.
  [[nodiscard]] Result<void> fold(const Trailer* below, std::string_view value) {
    const bool on_value = below != nullptr && is_value(below->kind());
    std::string folded;
    std::string next;
    auto base_value = on_value ? load(below->kind(), value) : Result<std::string_view>(value);
    if (!base_value) {
      return base_value.error().code() == ErrorCode::corruption ? keep_unfolded(below, value)
                                                                : propagate(std::move(base_value));
    }
    std::string_view base = *base_value;
    for (std::size_t i = operands_.size(); i-- > 0;) {
      const bool has_base = on_value || i + 1 < operands_.size();
      if (!Merge::full(key_, has_base ? &base : nullptr, operands_[i].value, next)) {
        return keep_unfolded(below, value);
      }
      folded.swap(next);
      base = folded;
    }
    const Trailer newest(operands_.front().trailer.sequence(), EntryKind::put);
    dropped_ += operands_.size() - 1;
    operands_.clear();
    return keep_value(newest, folded);
  }
  [[nodiscard]] Result<void> keep_unfolded(const Trailer* below, std::string_view value) {
    for (const Operand& operand : std::exchange(operands_, {})) {
      if (auto done = sink_(key_, operand.trailer, operand.value); !done) {
        return done;
      }
    }
    return below != nullptr ? sink_(key_, *below, value) : Result<void>();
  }

  /// The stripe ended without a base: older versions may lie in an older stripe or below.
  [[nodiscard]] Result<void> end_stripe(bool key_ended) {
    if (operands_.empty()) {
      return {};
    }
    if (key_ended && stripe_ == 0 && context_.bottommost) {
      return fold(nullptr, {});
    }
    std::vector<Operand> kept;
    kept.push_back(std::move(operands_.front()));
    std::string both;
    for (std::size_t i = 1; i < operands_.size(); ++i) {
      if (Merge::combine(key_, operands_[i].value, kept.back().value, both)) {
        kept.back().value.swap(both);
        ++dropped_;
      } else {
        kept.push_back(std::move(operands_[i]));
      }
    }
    operands_.clear();
    for (const Operand& operand : kept) {
      if (auto done = sink_(key_, operand.trailer, operand.value); !done) {
        return done;
      }
    }
    return {};
  }
  [[nodiscard]] Result<void> end_key() {
    if (!has_key_) {
      return {};
    }
    has_key_ = false;
    return end_stripe(true);
  }

  Context context_;
  const Filter& filter_;
  Sink sink_;
  [[no_unique_address]] Load load_;
  std::string loaded_;
  std::string key_;
  bool has_key_ = false;
  std::size_t stripe_ = no_stripe;
  bool settled_ = false;
  std::vector<Operand> operands_;
  std::uint64_t dropped_ = 0;
};

}  // namespace strata::compaction
