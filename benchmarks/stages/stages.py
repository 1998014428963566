# SPDX-License-Identifier: BSL-1.0
"""The stages of a write, a read, a scan and a merge beside the budgets of the design, and each
beside the simplest thing that could stand in its place.

    ./dev bench stages [rounds]

Figures are nanoseconds an operation of one processor's time, medians of the rounds, from
bench_stages and from benchmarks that there are anyway. A stage has no budget of its own: `share`
is what it takes of the budget of its path.
"""

import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks" / "report"), str(ROOT / "benchmarks" / "components")]

import measure  # noqa: E402  (its folder has just been named)
from machine import ReportError, run_report, say  # noqa: E402

MIN_SECONDS = 0.3

# Nanoseconds for 16-byte keys and 100-byte values on one core, data in memory.
BUDGETS = {"write": 400, "read": 600, "miss": 150, "scan": 25, "merge": 290}  # 400 MB/s

FILTERED = "filter", "miss/bloom/5000000"
INDEX = "table_table_index", "table_index/keys:0/separators:10000/min_time:0.300"
BLOCK = "table_block_search", "block_search/blocks:8192/value_bytes:100"


def stage(name):
    return "stages", name


def memtable(name):
    return "memtable", name


# path, stage, where its figure is, the simplest alternative, where that is. A place is a program
# and its benchmark, then the counter that holds nanoseconds if it is not operations a second.
ROWS = [
    ("write", "put", stage("put"), None, None),
    ("write", "log append, 120 bytes", stage("log_append"),
     "memcpy into a mapped file", stage("log_append_memcpy")),
    ("write", "memtable insert, 400,000", memtable("insert_random/btree/process_time"),
     "std::map", memtable("insert_random/std_map/process_time")),
    ("read", "get, one level", stage("get"), None, None),
    ("read", "memtable find, 400,000", memtable("find_random/btree/process_time"),
     "std::map", memtable("find_random/std_map/process_time")),
    ("read", "index search, 10,000 blocks", INDEX + ("binary_ns",),
     "std::lower_bound", INDEX + ("lower_bound_ns",)),
    ("read", "block search, 32 MiB of blocks", BLOCK + ("heads_ns",),
     "restart points", BLOCK + ("restarts_ns",)),
    ("miss", "get of what is not there", stage("get_missing"), None, None),
    ("miss", "filter probe, 5 million keys", FILTERED,
     "std::unordered_set of hashes", stage("filter_hash_set")),
    ("scan", "scan, one level", stage("scan"), None, None),
    ("scan", "cursor step, one table", stage("cursor_step"),
     "std::vector of pairs", stage("cursor_step_vector")),
    ("scan", "merge step, four tables", stage("merge_step"),
     "std::priority_queue, vectors", stage("merge_step_queue")),
    ("merge", "compaction of eight tables", stage("compact"), None, None),
    ("merge", "table build", stage("table_build"),
     "appending to a file", stage("table_build_append")),
]
KEYS = stage("table_build_keys")  # what making their keys takes, in both rows of table build


def wanted():
    """By program, the benchmarks that some row shows."""
    names = {}
    for place in [place for row in ROWS for place in (row[2], row[4]) if place] + [KEYS]:
        found = names.setdefault(place[0], [])
        if place[1] not in found:
            found.append(place[1])
    return names


def nanoseconds(results, place):
    """The median over the rounds."""
    program, name, *counter = place
    values = []
    for result in results[program]:
        row = next((row for key, row in result.items() if key.split("/iterations:")[0] == name),
                   None)
        if row is None:
            raise ReportError(f"bench_{program} has no result for {name}: correct "
                                  "benchmarks/stages/stages.py")
        values.append(row[counter[0]] if counter else 1e9 / row["items_per_second"])
    return statistics.median(values)


def run(programs, rounds):
    """By program, a list with the results of each round."""
    results = {}
    for _ in range(rounds):
        for program, names in wanted().items():
            say(f"== bench_{program}")
            names = [name + "(/iterations:[0-9]+)?" for name in names]
            results.setdefault(program, []).append(
                measure.run_program(programs, program, names, MIN_SECONDS))
    return results


def print_table(results):
    keys = nanoseconds(results, KEYS)
    print(f"| {'path':<5} | {'budget':>6} | {'stage':<30} | {'ns':>6} | {'share':>5} "
          f"| {'simplest alternative':<28} | {'ns':>6} | {'ratio':>5} |")
    print("|---|---:|---|---:|---:|---|---:|---:|")
    for path, title, place, other, other_place in ROWS:
        own = nanoseconds(results, place) - (keys if title == "table build" else 0)
        cells = ["", "", ""]
        if other:
            than = nanoseconds(results, other_place) - (keys if title == "table build" else 0)
            cells = [other, f"{than:.1f}", f"{than / own:.2f}"]
        budget = BUDGETS[path]
        print(f"| {path:<5} | {budget:>6} | {title:<30} | {own:>6.1f} | {own / budget:>5.0%} "
              f"| {cells[0]:<28} | {cells[1]:>6} | {cells[2]:>5} |")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print_table(run(ROOT / "build" / "gcc-release" / "bench", rounds))


if __name__ == "__main__":
    run_report("stages", main)
