// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How a query finds its documents: by `_id`, by an index, or by reading the collection.
///
/// The conditions that every result must meet (the filter itself, or the members of its `$and`)
/// give bounds for paths: points from `$eq` and `$in`, a range from the order operators and from an
/// anchored `$regex`. An index serves with its leading fields: points as long as there are any,
/// then one range. If what comes next in the index is the sort order, either way, nothing needs to
/// be sorted. The index with most points wins, then a range, then the order; without bounds one is
/// used for the order alone, if a limit makes that cheaper than sorting everything.
///
/// Where some document has several values in a field, two conditions on it may be met by two
/// values: only one side of a range is used then, and the order of the index is not that of the
/// documents. The plan is never wrong by being coarse: each document found is put to the filter.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/store/document_catalog.hpp>
#include <strata/store/document_filter.hpp>
#include <strata/store/key_codec.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

/// What a planner knows of an index: `_id` is one whose entries are the documents.
struct IndexChoice {
  const IndexInfo* index = nullptr;
  std::string prefix;
  std::uint32_t several_values = 0;
  bool primary = false;
};

struct Plan {
  std::optional<IndexChoice> choice;  ///< None: the whole collection.
  std::vector<txn::KeyRange> ranges;  ///< In the order in which they are read.
  txn::Direction direction = txn::Direction::forward;
  bool sorted = false;           ///< Documents come in the order of the query's sort.
  bool may_repeat = false;       ///< A document may be met more than once.
  std::size_t bound_fields = 0;  ///< How many fields of the index narrow the search.
};

struct Bounds {
  std::vector<std::string> points;  ///< Sorted; used where not empty.
  bool impossible = false;          ///< `$in` of nothing.
  std::string lower;                ///< Value with tag; "" for none.
  std::string upper;
  bool lower_inclusive = true;
  bool upper_inclusive = true;
};

inline void collect_conditions(const FilterNode& node, std::vector<const FilterNode*>& leaves) {
  if (node.op == FilterNode::Op::all_of) {
    for (const auto& child : node.children) {
      collect_conditions(child, leaves);
    }
  } else {
    leaves.push_back(&node);
  }
}

class BoundsBuilder {
 public:
  /// The bounds of one field of an index; none where no condition on it can use the index.
  [[nodiscard]] static std::optional<Bounds> of(const std::vector<const FilterNode*>& leaves,
                                                const std::string& path, bool several,
                                                bool sparse) {
    Bounds bounds;
    bool any = false;
    for (const FilterNode* leaf : leaves) {
      if (leaf->path.text() == path && usable(*leaf, sparse)) {
        any = narrow(bounds, *leaf, several) || any;
      }
    }
    return any ? std::optional(std::move(bounds)) : std::nullopt;
  }

 private:
  using Op = FilterNode::Op;

  [[nodiscard]] static KeyTag tag_of_key(const std::string& key) noexcept {
    return static_cast<KeyTag>(static_cast<unsigned char>(key.front()));
  }
  /// An index holds the elements of arrays, not arrays; a sparse one lacks documents without value.
  [[nodiscard]] static bool usable(const FilterNode& leaf, bool sparse) {
    switch (leaf.op) {
      case Op::eq:
      case Op::in:
        return std::none_of(leaf.operands.begin(), leaf.operands.end(), [&](const auto& operand) {
          return tag_of_key(operand) == KeyTag::array ||
                 (sparse && tag_of_key(operand) == KeyTag::null);
        });
      case Op::gt:
      case Op::gte:
      case Op::lt:
      case Op::lte: {
        const KeyTag tag = tag_of_key(leaf.operands.front());
        return tag != KeyTag::array && tag != KeyTag::null;
      }
      case Op::regex: return !leaf.regex->prefix().empty();
      default: return false;
    }
  }

  [[nodiscard]] static bool narrow(Bounds& bounds, const FilterNode& leaf, bool several) {
    switch (leaf.op) {
      case Op::eq:
      case Op::in:
        if (bounds.points.empty() || leaf.operands.size() < bounds.points.size()) {
          bounds.points = leaf.operands;
        }
        bounds.impossible = bounds.impossible || leaf.operands.empty();
        return true;
      case Op::gt:
      case Op::gte: return raise(bounds, leaf.operands.front(), leaf.op == Op::gte, several);
      case Op::lt:
      case Op::lte: return reduce(bounds, leaf.operands.front(), leaf.op == Op::lte, several);
      default: {
        // All strings with the prefix lie between it and itself as a prefix of key bytes.
        std::string key = KeyWriter().tag(KeyTag::string).bytes(leaf.regex->prefix()).take();
        key.resize(key.size() - 2);  // without the terminator
        if (!bounds.lower.empty() || !bounds.upper.empty()) {
          return false;
        }
        bounds.lower = key;
        bounds.upper = std::move(key);
        return true;
      }
    }
  }
  /// A bound of another type can not be met together with one that is there: it adds nothing.
  [[nodiscard]] static bool fits(const std::string& there, const std::string& key) {
    return there.empty() || there.front() == key.front();
  }
  [[nodiscard]] static bool raise(Bounds& bounds, const std::string& key, bool inclusive,
                                  bool several) {
    if (!fits(bounds.lower, key) || !fits(bounds.upper, key) ||
        (several && !bounds.upper.empty())) {
      return false;
    }
    const bool tighter =
        bounds.lower.empty() || key > bounds.lower || (key == bounds.lower && !inclusive);
    if (tighter) {
      bounds.lower = key;
      bounds.lower_inclusive = inclusive;
    }
    return true;
  }
  [[nodiscard]] static bool reduce(Bounds& bounds, const std::string& key, bool inclusive,
                                   bool several) {
    if (!fits(bounds.lower, key) || !fits(bounds.upper, key) ||
        (several && !bounds.lower.empty())) {
      return false;
    }
    const bool tighter =
        bounds.upper.empty() || key < bounds.upper || (key == bounds.upper && !inclusive);
    if (tighter) {
      bounds.upper = key;
      bounds.upper_inclusive = inclusive;
    }
    return true;
  }
};

/// The keys under `head` whose next field lies within the bounds.
[[nodiscard]] inline txn::KeyRange range_of(const std::string& head, const Bounds& bounds,
                                            Order order) {
  const std::string& some = bounds.lower.empty() ? bounds.upper : bounds.lower;
  const auto extend = [&](std::string_view value) {
    return KeyWriter(head).encoded(value, order).take();
  };
  // Every value of the type starts with its tag; every key with value v starts with extend(v).
  const std::string type = extend(std::string_view(some).substr(0, 1));
  const bool up = order == Order::ascending;
  const std::string& low = up ? bounds.lower : bounds.upper;
  const std::string& high = up ? bounds.upper : bounds.lower;
  const bool low_in = up ? bounds.lower_inclusive : bounds.upper_inclusive;
  const bool high_in = up ? bounds.upper_inclusive : bounds.lower_inclusive;
  txn::KeyRange range;
  range.first = low.empty() ? type : low_in ? extend(low) : *prefix_successor(extend(low));
  range.last = high.empty() ? prefix_successor(type)
               : high_in    ? prefix_successor(extend(high))
                            : extend(high);
  return range;
}

class Planner {
 public:
  static constexpr std::size_t ranges_max = 1000;

  Planner(const Filter& filter, const std::vector<IndexField>& sort, bool limited)
      : sort_(&sort), limited_(limited) {
    collect_conditions(filter.root(), leaves_);
  }

  /// The best plan over the choices; `collection_range` where none serves.
  [[nodiscard]] Plan plan(const std::vector<IndexChoice>& choices,
                          const txn::KeyRange& collection_range) const {
    Plan best;
    best.ranges.push_back(collection_range);
    best.sorted = sort_->empty();
    std::size_t best_score = 0;
    for (const auto& choice : choices) {
      std::size_t score = 0;
      Plan candidate = plan_for(choice, score);
      if (score > best_score) {
        best_score = score;
        best = std::move(candidate);
      }
    }
    return best;
  }

 private:
  [[nodiscard]] Plan plan_for(const IndexChoice& choice, std::size_t& score) const {
    const IndexInfo& index = *choice.index;
    Plan plan;
    plan.choice = choice;
    std::vector<std::string> heads{choice.prefix};
    std::size_t field = 0;
    std::optional<Bounds> range;
    std::size_t points = 0;
    for (; field < index.fields.size() && !range; ++field) {
      const bool several = (choice.several_values >> field & 1) != 0;
      auto bounds =
          BoundsBuilder::of(leaves_, index.fields[field].path.text(), several, index.sparse);
      if (!bounds) {
        break;
      }
      if (bounds->impossible) {
        heads.clear();
      } else if (bounds->points.empty()) {
        range = std::move(bounds);
        break;
      } else if (heads.size() * bounds->points.size() > ranges_max) {
        break;
      } else {
        heads = extended(heads, bounds->points, index.fields[field].order);
      }
      ++points;
    }
    for (const auto& head : heads) {
      plan.ranges.push_back(range ? range_of(head, *range, index.fields[field].order)
                                  : txn::KeyRange::prefix(head));
    }
    plan.bound_fields = points + (range ? 1 : 0);
    plan.may_repeat = choice.several_values != 0;
    plan.sorted = sort_->empty() || (heads.size() <= 1 && gives_order(choice, points, plan));
    const bool for_order = plan.sorted && !sort_->empty();
    const bool exact = index.unique && points == index.fields.size();
    score = (exact ? 10000 : 0) + points * 100 + (range ? 10 : 0) + (for_order ? 1 : 0);
    if (plan.bound_fields == 0 && (!limited_ || index.sparse || !for_order)) {
      score = 0;  // reading all entries, and each document after it, beats nothing
    }
    return plan;
  }

  [[nodiscard]] static std::vector<std::string> extended(const std::vector<std::string>& heads,
                                                         const std::vector<std::string>& points,
                                                         Order order) {
    std::vector<std::string> longer;
    longer.reserve(heads.size() * points.size());
    for (const auto& head : heads) {
      for (const auto& point : points) {
        longer.push_back(KeyWriter(head).encoded(point, order).take());
      }
    }
    std::sort(longer.begin(), longer.end());
    return longer;
  }

  /// Whether the fields from `fixed` on, all before having one value, come in the sort's order.
  [[nodiscard]] bool gives_order(const IndexChoice& choice, std::size_t fixed, Plan& plan) const {
    const auto& fields = choice.index->fields;
    std::optional<bool> backward;
    std::size_t at = fixed;
    for (const auto& wanted : *sort_) {
      const auto is_wanted = [&](const IndexField& field) {
        return field.path.text() == wanted.path.text();
      };
      const auto fixed_end = fields.begin() + static_cast<std::ptrdiff_t>(fixed);
      const auto found = std::find_if(fields.begin(), fixed_end, is_wanted);
      if (found != fixed_end) {
        const auto i = static_cast<std::size_t>(found - fields.begin());
        if ((choice.several_values >> i & 1) != 0) {
          return false;
        }
        continue;  // one value only: any order is right
      }
      if (at == fields.size() || !is_wanted(fields[at]) || (choice.several_values >> at & 1) != 0) {
        return false;
      }
      const bool reverse = fields[at].order != wanted.order;
      if (backward && *backward != reverse) {
        return false;
      }
      backward = reverse;
      ++at;
    }
    if (backward && *backward) {
      plan.direction = txn::Direction::backward;
    }
    return true;
  }

  std::vector<const FilterNode*> leaves_;
  const std::vector<IndexField>* sort_;
  bool limited_;
};

}  // namespace strata::store::detail
