#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""How much more 2, 4, 8 and 16 threads do than one: reads, writes, and both by halves.

    scaling.py [--entries 1000000] [--rounds 3] [--engines strata,...] [--out build/scaling.md]

Runs build/gcc-release/bench/bench_compare (`./dev bench compare` says how it measures) and writes a
table for each kind of work: thousand operations a second, and how many times those of one thread.
What a machine has fewer processors for than threads can not scale; the table says how many it has.
"""

import argparse
import os
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks" / folder) for folder in ("report", "compare")]

from machine import describe_machine, foot_of, json_of, run_report, write_page  # noqa: E402
from rows import ENGINES, VALUE_BYTES  # noqa: E402
from tables import table  # noqa: E402

THREADS = (1, 2, 4, 8, 16)
KINDS = ("reads", "mixed", "writes")


def measured(program, options):
    """By engine and row, the median of operations a second."""
    arguments = ["--entries", str(options.entries), "--rounds", str(options.rounds),
                 "--value-bytes", str(VALUE_BYTES), "--workloads", "scaling",
                 "--engines", options.engines]
    speeds = {}
    for row in json_of(program, arguments, "build it with `./dev bench compare --quick`")["rows"]:
        speed = row["operations"] / row["seconds"]
        speeds.setdefault((row["engine"], row["row"]), []).append(speed)
    return {key: statistics.median(rounds) for key, rounds in speeds.items()}


def table_of(kind, engines, speeds):
    lines = []
    for engine in engines:
        own = [speeds[engine, f"scaling {kind}, {count} thread{'s' * (count > 1)}"]
               for count in THREADS]
        lines.append([engine, *(f"{speed / 1e3:,.0f} ({speed / own[0]:.2f} x)".replace(",", " ")
                                for speed in own)])
    return table([f"{kind}, thousand / s", *(f"{count} thread{'s' * (count > 1)}"
                                             for count in THREADS)], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/scaling.md")
    options = parser.parse_args()
    build = ROOT / "build/gcc-release"
    speeds = measured(build / "bench/bench_compare", options)
    text = ["# More threads on one database", "",
            f"Written by `./dev bench scaling`. {options.entries} keys of 16 bytes, values of "
            f"{VALUE_BYTES}, at random; nothing is synced. The machine has {os.cpu_count()} "
            "processors: with more threads than these there is nothing to gain. " +
            foot_of(describe_machine(ROOT, build, options.rounds)) + ".", ""]
    for kind in KINDS:
        text += [table_of(kind, options.engines.split(","), speeds), ""]
    write_page(options.out, text)


if __name__ == "__main__":
    run_report("scaling", main)
