#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""What an operation costs as the data grows: the same rows at one, five and 25 million entries.

    growth.py [--entries 1000000,5000000,25000000] [--engines strata] [--out docs/charts/growth.md]

Runs build/gcc-release/bench/bench_compare (`./dev bench compare` says how it measures) once a size
and writes a table for each engine: time and memory of an operation, write amplification, and how
many times the first size's figure each one is. With several engines, what the first one's figures
are beside the best of the others.
"""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks" / folder) for folder in ("report", "compare")]

from machine import describe_machine, foot_of, json_of, run_report, say, write_page  # noqa: E402
from rows import WRITING_ROWS  # noqa: E402
from tables import table  # noqa: E402

KEY_BYTES = 16
VALUE_BYTES = 100
TIMES = ("fill random", "read random, fresh", "overwrite", "settle", "read random", "read missing",
         "read hot", "full scan", "seek + 50", "read while writing", "delete random")


def measured(program, entries, engines):
    """By engine and row, what bench_compare reports."""
    options = ["--entries", str(entries), "--rounds", "1", "--value-bytes", str(VALUE_BYTES),
               "--workloads", "random", "--engines", engines]
    rows = {}
    fix = "build it with `./dev bench compare --quick`"
    for row in json_of(program, options, fix)["rows"]:
        rows.setdefault(row["engine"], {})[row["row"]] = row
    return rows


def seconds_of(row):
    """Of one operation."""
    return row["seconds"] / row["operations"]


def head_of(name, sizes):
    return [name, *(f"{size / 1e6:g} million" for size in sizes)]


def lines_of(rows):
    """Pairs of a line's name and its figure."""
    entries = rows["fill random"]["operations"]
    for name in TIMES:
        yield f"{name}, ns", seconds_of(rows[name]) * 1e9
    yield "read random, p99 ns", rows["read random"]["p99_us"] * 1e3
    yield "peak memory, MiB", rows["settle"]["peak_memory_bytes"] / 2**20
    yield "bytes on disk / entry", rows["settle"]["disk_bytes"] / entries
    written = sum(rows[name]["disk_bytes_written"] for name in WRITING_ROWS) / (2 * entries)
    yield "bytes written / put", written
    yield "write amplification, log and all", written / (KEY_BYTES + VALUE_BYTES)


def number(value):
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"


def table_of(engine, sizes, results):
    columns = [dict(lines_of(results[size][engine])) for size in sizes]
    lines = []
    for name, first in columns[0].items():
        cells = [f"{number(column[name])} ({column[name] / first:.2f} x)" for column in columns[1:]]
        lines.append([name, number(first), *cells])
    return table(head_of(engine, sizes), lines)


def ratio_table_of(engine, peers, sizes, results):
    """How many times as many operations a second as the fastest peer, and which one that is."""
    lines = []
    for row in TIMES:
        if row == "settle":  # not every engine has something to do there
            continue
        cells = []
        for size in sizes:
            seconds = {name: seconds_of(rows[row]) for name, rows in results[size].items()}
            peer = min(peers, key=seconds.get)
            cells.append(f"{seconds[peer] / seconds[engine]:.2f} ({peer})")
        lines.append([row, *cells])
    return table(head_of(f"{engine} / best peer", sizes), lines)


def numbers(text):
    return [int(number) for number in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=numbers, default="1000000,5000000,25000000")
    parser.add_argument("--engines", default="strata")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/growth.md")
    options = parser.parse_args()
    sizes = options.entries
    build = ROOT / "build/gcc-release"
    results = {}
    for size in sizes:
        say(f"== {size} entries")
        results[size] = measured(build / "bench/bench_compare", size, options.engines)
    text = ["# What an operation costs as the data grows", "",
            "Written by `./dev bench growth`. Keys of 16 bytes, values of 100, one thread; the "
            "cache holds all data, write buffers have 64 MiB. " +
            foot_of(describe_machine(ROOT, build, 1)) + ".", ""]
    engines = options.engines.split(",")
    if len(engines) > 1:
        text += [ratio_table_of(engines[0], engines[1:], sizes, results), ""]
    for engine in engines:
        text += [table_of(engine, sizes, results), ""]
    write_page(options.out, text)


if __name__ == "__main__":
    run_report("growth", main)
