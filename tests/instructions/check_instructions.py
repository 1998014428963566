# SPDX-License-Identifier: BSL-1.0
"""Instructions per operation, counted by callgrind and held against expected.json.

A clock says how busy the machine was; a count of instructions is the same on each machine and in
each run, if the code is. So it can guard what an operation costs: a count that is off by more than
the tolerance fails, also where it is better, since an improvement that is not written down can be
lost again unseen.

    check_instructions.py                     compiles, counts and compares
    check_instructions.py --update            writes what was counted to expected.json
    check_instructions.py --profile get       which functions the instructions of `get` are in

What instructions do not show: cache misses, mispredicted branches, what the kernel does, waiting.
The counts are those of one compiler, one C library and the oldest processors that have SSE 4.2;
with others nothing is compared, and the last line says so.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

import profile_text

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "expected.json"
PROGRAMS = ("engine", "parts")
SKIPPED = 77

OPTIONS = ["-O2", "-DNDEBUG", "-march=x86-64-v2", "-mtune=generic", "-pthread"]
# The C library chooses its string functions by processor: here those that every one has.
# And its heap keeps no list whose clearing costs now this call, now that one.
TUNABLES = ("glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-SSSE3:"
            "glibc.malloc.mxfast=0")


class GuardError(Exception):
    """What the reader must do something about."""


def output_of(command, **options):
    try:
        done = subprocess.run(command, text=True, capture_output=True, check=False, **options)
    except OSError as error:
        raise GuardError(f"{command[0]} does not start: {error.strerror}; install it") from error
    if done.returncode != 0:
        raise GuardError(f"{' '.join(command)} failed with {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
    return done.stdout


def toolchain(compiler):
    """What the counts depend on besides the code."""
    version = output_of([compiler, "-dumpfullversion"]).strip()
    major_and_minor = ".".join(version.split(".")[:2])
    return f"{pathlib.Path(compiler).name} {major_and_minor}, {' '.join(platform.libc_ver())}, " \
           f"{platform.machine()}"


def compile_program(name, folder, compiler, flags):
    launcher = [path for path in [shutil.which("ccache")] if path]
    objects = folder / f"{name}.o"
    output_of(launcher + [compiler, *flags, "-I" + str(HERE.parents[1] / "include"), "-c",
                          str(HERE / f"{name}.cpp"), "-o", str(objects)])
    output_of([compiler, "-pthread", str(objects), "-o", str(folder / name)])
    return folder / name


def count(program, workload, folder):
    """(instructions, operations) of a workload; leaves callgrind's file in `folder`."""
    counted = folder / f"{workload}.callgrind"
    operations = output_of(
        ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={counted}",
         str(program), workload],
        env={"PATH": os.defpath, "GLIBC_TUNABLES": TUNABLES})
    for line in counted.read_text(encoding="utf-8").splitlines():
        if line.startswith("totals:"):
            return int(line.split()[1]), int(operations)
    raise GuardError(f"callgrind wrote no totals for {workload}")


def measure(folder, compiler, flags, names):
    """{workload: (instructions, operations)} of all workloads, or of those in `names`."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        programs = list(pool.map(
            lambda name: compile_program(name, folder, compiler, flags), PROGRAMS))
        workloads = [(program, name) for program in programs
                     for name in output_of([str(program)]).split() if not names or name in names]
        counts = pool.map(lambda pair: count(*pair, folder), workloads)
        return {name: counted for (_, name), counted in zip(workloads, counts)}


def per_operation(counts):
    return {name: round(instructions / operations, 1)
            for name, (instructions, operations) in counts.items()}


def judge(expected, measured, tolerance_percent):
    """Rows of (workload, expected, measured, difference in percent, what is wrong or nothing)."""
    for name in {**expected, **measured}:
        before, now = expected.get(name), measured.get(name)
        if before is None:
            yield name, before, now, None, "is not in expected.json"
            continue
        if now is None:
            yield name, before, now, None, "is expected, but there is no such workload"
            continue
        percent = 100 * (now - before) / before if before else float(now != 0) * 100
        wrong = "" if abs(percent) <= tolerance_percent else "costs more" if percent > 0 else \
            "costs less: write it down"
        yield name, before, now, percent, wrong


def print_table(rows):
    print(f"{'workload':<24} {'expected':>10} {'counted':>10} {'':>8}  instructions per operation")
    for name, before, now, percent, wrong in rows:
        cells = ["-" if value is None else f"{value:.1f}" for value in (before, now)]
        change = "" if percent is None else f"{percent:+.1f} %"
        print(f"{name:<24} {cells[0]:>10} {cells[1]:>10} {change:>8}  {wrong}".rstrip())


def write_expected(path, chain, tolerance_percent, measured):
    path.write_text(json.dumps({"toolchain": chain, "tolerance_percent": tolerance_percent,
                                "instructions_per_operation": measured}, indent=2) + "\n",
                    encoding="utf-8")


def compare(path, chain, measured):
    expected = json.loads(path.read_text(encoding="utf-8"))
    rows = list(judge(expected["instructions_per_operation"], measured,
                      expected["tolerance_percent"]))
    if chain != expected["toolchain"]:
        print_table(rows)
        print(f"not compared: the counts are of {expected['toolchain']}, here is {chain}")
        return SKIPPED
    print_table(rows)
    wrong = [row for row in rows if row[4]]
    print(f"{len(rows)} workloads, {len(wrong)} off by more than {expected['tolerance_percent']} %")
    if wrong:
        print("If that is meant, say why in the commit, and write it down: "
              "./dev bench instructions --update")
    return 1 if wrong else 0


def print_profiles(names, counts, folder):
    for name in names:
        if name not in counts:
            raise GuardError(f"there is no workload '{name}'")
        instructions, operations = counts[name]
        print(f"{name}: {instructions / operations:.1f} instructions per operation")
        print(profile_text.of(folder / f"{name}.callgrind", operations))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="writes expected.json")
    parser.add_argument("--profile", metavar="WORKLOAD", action="append", default=[],
                        help="prints where its instructions are; may be given again")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("flags", nargs="*", default=["-std=c++20"], help="of the compiler")
    arguments = parser.parse_args()
    flags = arguments.flags + OPTIONS + (["-g1"] if arguments.profile else [])
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            counts = measure(folder, arguments.compiler, flags, set(arguments.profile))
            if arguments.profile:
                print_profiles(arguments.profile, counts, folder)
                return 0
            measured = per_operation(counts)
            chain = toolchain(arguments.compiler)
            if arguments.update:
                write_expected(EXPECTED, chain, 5, measured)
            return compare(EXPECTED, chain, measured)
    except GuardError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
