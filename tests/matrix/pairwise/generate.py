# SPDX-License-Identifier: BSL-1.0
"""Writes compositions in which every two policies of different slots meet.

    generate.py <output directory> <number of source files>

Always the same ones, by a greedy choice: each pair that has not met begins a composition, each
other slot of which takes the policy that brings the most new pairs, and the best of these is taken.
What can not meet is `CLASHES`; a model that a combinator wraps is met inside it, and has no place
of its own. check_pairwise.py sees to it that no model is missing here.
"""

import itertools
import json
import pathlib
import sys

SLOTS = {
    "memtable": ["memtable::Art", "memtable::BTree", "memtable::HashIndex",
                 "memtable::Partitioned<memtable::SkipList, 4>", "memtable::Vector"],
    "table_format": ["table::BlockBased", "testing::archetype::TableFormat"],
    "table_index": ["index::Binary", "index::Eytzinger", "index::Learned"],
    "filter": ["filter::BinaryFuse", "filter::BlockedBloom",
               "filter::Both<filter::Bloom, filter::Range>", "filter::None",
               "filter::Prefix<filter::Bloom, prefix::Fixed<4>>", "filter::Ribbon"],
    "compression": ["compression::Lz4", "compression::None",
                    "compression::PerLevel<compression::None, compression::Zstd>"],
    "compaction": ["compaction::Fifo", "compaction::LazyLeveled", "compaction::Leveled",
                   "compaction::Manual", "compaction::Paced<compaction::SizeTiered>",
                   "compaction::TimeWindow"],
    "compaction_filter": ["compaction_filter::None",
                          "compaction_filter::All<compaction_filter::Keep<Always>, "
                          "compaction_filter::Ttl<Never, clock::Frozen>>"],
    "merge": ["merge::Add", "merge::Append", "merge::Max", "merge::Min", "merge::None",
              "merge::SetUnion"],
    "comparator": ["comparator::Bytewise", "comparator::ReverseBytewise"],
    "value_separation": ["value_separation::None", "value_separation::ValueLog"],
    "file_system": ["io::Encrypted<io::Memory, aead::Aes256Gcm>",
                    "io::Encrypted<io::Memory, aead::ChaCha20Poly1305>", "io::Memory",
                    "io::RateLimited<io::Memory>", "io::Simulated"],
    "wal": ["wal::GroupCommit", "wal::None"],
    "cache": ["cache::AdaptiveScore", "cache::Arc", "cache::Clock", "cache::None", "cache::S3Fifo",
              "cache::Sharded<cache::Lru, 4>", "cache::Sieve", "cache::WTinyLfu"],
    "checksum": ["checksum::Crc32c", "testing::archetype::Checksum"],
    "executor": ["executor::Inline", "executor::Threads"],
    "clock": ["clock::Frozen", "clock::Steady"],
    "metrics": ["metrics::Counters", "metrics::None"],
}

# What does not compile together: tests/compile_fail holds that, and what the compiler says.
CLASHES = {frozenset(pair): reason for *pair, reason in (
    ("memtable::Art", "comparator::ReverseBytewise", "the tree is the order of bytes"),
    ("index::Eytzinger", "comparator::ReverseBytewise", "it compares heads of keys as integers"),
)}

# Models that meet nobody.
LEFT_OUT = {
    model: "needs a directory of the machine: tests/io and tests/crash run engines on it"
    for model in ("io::Direct", "io::Posix", "io::Uring")
}


def pairs(policies):
    return {frozenset(pair) for pair in itertools.combinations(policies, 2)}


def all_pairs(slots):
    """What has to meet, in the order in which it is looked for."""
    return [frozenset(pair) for one, other in itertools.combinations(slots.values(), 2)
            for pair in itertools.product(one, other) if frozenset(pair) not in CLASHES]


def compose(slots, missing, first):
    """A composition with the pair `first`, and with many others of `missing`."""
    chosen = {slot: policy for slot, models in slots.items() for policy in models
              if policy in first}
    for slot in sorted(slots, key=lambda slot: -len(slots[slot])):
        if slot in chosen:
            continue
        def worth(policy):
            new = {frozenset((policy, other)) for other in chosen.values()}
            return -1 if new & CLASHES.keys() else len(new & missing.keys())
        chosen[slot] = max(slots[slot], key=worth)
    assert not pairs(chosen.values()) & CLASHES.keys(), chosen
    return [chosen[slot] for slot in slots]


def compositions(slots):
    missing = dict.fromkeys(all_pairs(slots))
    made = []
    while missing:
        candidates = [compose(slots, missing, first) for first in missing]
        made.append(max(candidates, key=lambda one: len(pairs(one) & missing.keys())))
        for pair in pairs(made[-1]):
            missing.pop(pair, None)
    return made


def texts(names):
    return "{" + ", ".join(json.dumps(name) for name in names) + "}"


def part(number, made):
    lines = ["// Written by tests/matrix/pairwise/generate.py.", '#include "policies.hpp"', "",
             "namespace strata::matrix {",
             f"void add_part_{number}(std::vector<Entry>& entries) {{"]
    lines += [f"  entries.push_back({{{texts(policies)}, &make<{', '.join(policies)}>}});"
              for policies in made]
    return "\n".join(lines + ["}", "}  // namespace strata::matrix", ""])


def plan(parts):
    lines = ["// Written by tests/matrix/pairwise/generate.py.", '#include "plan.hpp"', "",
             "namespace strata::matrix {"]
    lines += [f"void add_part_{i}(std::vector<Entry>& entries);" for i in range(parts)]
    lines += ["std::vector<Entry> all_entries() {", "  std::vector<Entry> entries;"]
    lines += [f"  add_part_{i}(entries);" for i in range(parts)]
    lines += ["  return entries;", "}", "std::vector<Slot> all_slots() {", "  return {"]
    lines += [f"      {{{json.dumps(slot)}, {texts(models)}}}," for slot, models in SLOTS.items()]
    lines += ["  };", "}", "std::vector<Excluded> excluded() {", "  return {"]
    lines += [f"      {{{texts(sorted(pair))}, {json.dumps(reason)}}},"
              for pair, reason in CLASHES.items()]
    lines += [f"      {{{texts([model])}, {json.dumps(reason)}}},"
              for model, reason in LEFT_OUT.items()]
    return "\n".join(lines + ["  };", "}", "}  // namespace strata::matrix", ""])


def main():
    folder, parts = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    made = compositions(SLOTS)
    for number in range(parts):
        (folder / f"part_{number}.cpp").write_text(part(number, made[number::parts]),
                                                   encoding="utf-8")
    (folder / "plan.cpp").write_text(plan(parts), encoding="utf-8")
    print(f"{len(made)} compositions for {len(all_pairs(SLOTS))} pairs")


if __name__ == "__main__":
    main()
