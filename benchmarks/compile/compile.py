# SPDX-License-Identifier: BSL-1.0
"""What headers cost to compile: processor time and object size, by both compilers.

    ./dev bench compile [--rounds 3] [header...]

Each case is a file of its own, compiled without optimisation. `user` is the least processor time of
the rounds, which a busy machine changes little, `wall` the least by the clock, `MiB` the compiler's
memory, `KiB out` the object, without debug information. A header without a use compiles to nearly
nothing: what templates cost shows where they are used. Preprocessed lines have budgets in
tests/include_cost.

The last table is the program of the first case, optimised and stripped: what a user ships.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", f"-I{ROOT / 'include'}", "-DFLATBUFFERS_LOCALE_INDEPENDENT=0"]
GOAL = ("<strata/lsm_tree.hpp>", 2.5)  # seconds, of the header alone

USE = """
int main(int, char** arguments) {
  auto db = strata::LsmTree<>::open(arguments[1]);
  if (!db || !db->put("key", "value") || !db->get("key")) {
    return 1;
  }
  std::size_t bytes = 0;
  auto cursor = db->cursor();
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    bytes += cursor.value().size();
  }
  return cursor.status() && db->close() && bytes == 5 ? 0 : 1;
}
"""


def headers():
    """The header of the engine first, then the umbrella of each slot and layer."""
    names = sorted(f"strata/{path.name}" for path in (ROOT / "include" / "strata").glob("*.hpp"))
    return sorted(names, key=lambda name: name != "strata/lsm_tree.hpp")


def cases(chosen):
    """{title: source}; the program that uses the engine is the first."""
    found = {"LsmTree<>, used": "#include <strata/lsm_tree.hpp>\n" + USE}
    found |= {f"<{name}>": f"#include <{name}>\n" for name in chosen}
    return found


class Compiled:
    """One run of a compiler."""

    def __init__(self, compiler, options, source, folder, linked=False):
        path = pathlib.Path(folder) / "case.cpp"
        path.write_text(source, encoding="utf-8")
        out = pathlib.Path(folder) / "case.out"
        command = [compiler, *FLAGS, *options, str(path), "-o", str(out)]
        command += ["-pthread", "-s"] if linked else ["-c"]
        start = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"compile: {' '.join(command)} failed")
        self.wall = time.monotonic() - start
        self.user = usage.ru_utime
        self.peak_mib = usage.ru_maxrss / 1024
        self.kib = out.stat().st_size / 1024


def best(compiler, options, source, rounds, linked=False):
    with tempfile.TemporaryDirectory() as folder:
        runs = [Compiled(compiler, options, source, folder, linked) for _ in range(rounds)]
    result = runs[0]
    result.wall = min(run.wall for run in runs)
    result.user = min(run.user for run in runs)
    return result


def print_table(title, compilers, rows):
    print(f"| {title:<26} |" + "".join(
        f" {name + ' user':>12} | {'wall':>6} | {'MiB':>5} | {'KiB out':>7} |"
        for name in compilers))
    print("|---|" + "---:|" * 4 * len(compilers))
    for name, results in rows:
        print(f"| {name:<26} |" + "".join(
            f" {one.user:>12.2f} | {one.wall:>6.2f} | {one.peak_mib:>5.0f} | {one.kib:>7.0f} |"
            for one in results), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("headers", nargs="*", help="such as strata/cache/s3_fifo.hpp")
    arguments = parser.parse_args()
    compilers = [name for name in ("g++", "clang++") if shutil.which(name)]
    measured = {}
    for title, source in cases(arguments.headers or headers()).items():
        print(f"== {title}", file=sys.stderr, flush=True)
        measured[title] = [best(name, ["-O0"], source, arguments.rounds) for name in compilers]
    print_table("-O0, seconds", compilers, measured.items())
    title, seconds = GOAL
    for name, result in zip(compilers, measured.get(title, [])):
        print(f"{title} with {name}: {result.user:.2f} s of {seconds} s"
              f"{'' if result.user <= seconds else ', which is over the goal'}")
    print()
    source = cases([])["LsmTree<>, used"]
    print_table("the program, stripped", compilers, [
        (" ".join(options), [best(name, options, source, 1, linked=True) for name in compilers])
        for options in (["-O2", "-DNDEBUG"], ["-Os", "-DNDEBUG"])])


if __name__ == "__main__":
    sys.exit(main())
