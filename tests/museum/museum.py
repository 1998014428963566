# SPDX-License-Identifier: BSL-1.0
"""Builds each mutant's test against the mutant, runs it, and tells which test killed which mutant.

Arguments: the repository, a configured build tree with the target strata_catch_main, and the names
of mutants (none: all). Exit code 0: all of them are dead. What a test said stands in
BUILD_TREE/museum/MUTANT/said.txt.
"""

import collections
import concurrent.futures
import enum
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import mutant

SECONDS_MAX = 600


class Verdict(enum.Enum):
    KILLED = "the test failed"
    SURVIVED = "the test passed"
    BROKEN = "the mutant does not fit, does not compile, or its test was stopped from outside"


def commands(tree, target):
    listing = subprocess.run(["ninja", "-C", tree, "-t", "commands", target], check=True, text=True,
                             capture_output=True).stdout
    return listing.splitlines()


def without(words, flag, operands):
    """The command without `flag` and what belongs to it."""
    while flag in words:
        at = words.index(flag)
        del words[at:at + 1 + operands]
    return words


def build(root, tree, one, work):
    """The path of the test's program over the mutant."""
    overlay = work / "strata" / one.file
    overlay.parent.mkdir(parents=True, exist_ok=True)
    overlay.write_text(one.mutated(root), encoding="utf-8")
    folder = one.test.split("/")[0]
    lines = commands(tree, f"strata_{folder}_test")
    compile_line = next(line for line in lines if line.endswith(f"/tests/{one.test}"))
    words = [word for word in shlex.split(compile_line) if word != "-Werror"]
    for flag, operands in (("-o", 1), ("-MF", 1), ("-MT", 1), ("-MD", 0)):
        words = without(words, flag, operands)
    compiled = work / "test.o"
    at = next(i for i, word in enumerate(words) if word.startswith("-I"))
    words[at:at] = [f"-I{work}"]
    # Most mutants die early: compiling is the longer part.
    subprocess.run([*words, "-w", "-O0", "-g0", "-o", str(compiled)], cwd=tree, check=True)
    link = re.search(r"(?:^|&& )(\S*clang\+\+\S* .*?|\S*g\+\+\S* .*?)(?= && |$)", lines[-1])[1]
    words = without([w for w in shlex.split(link) if not w.endswith("_test.cpp.o")], "-o", 1)
    program = work / "test"
    subprocess.run([words[0], str(compiled), *words[1:], "-o", str(program)], cwd=tree, check=True)
    return program


def run(program, one, work):
    """Whether the mutant is dead, and of what."""
    environment = {"STRATA_CRASH_STATES": "1", **os.environ}
    # A comma would begin another pattern; what is run over types has their names behind.
    cases = [one.case.replace(",", "\\,") + "*"] if one.case else []
    started = time.monotonic()
    try:
        done = subprocess.run([program, "--abort", *cases], cwd=work, env=environment, text=True,
                              errors="replace", capture_output=True, timeout=SECONDS_MAX)
        if done.returncode in (-signal.SIGKILL, -signal.SIGTERM):  # somebody's, or no memory
            raise subprocess.CalledProcessError(done.returncode, one.test)
        is_dead, said = done.returncode != 0, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        is_dead, said = True, "it hangs"
    seconds = time.monotonic() - started
    (work / "said.txt").write_text(said, encoding="utf-8")
    states = re.findall(r"(\d+) states", said)
    effort = f"{states[-1]} states, " if states else ""
    return is_dead, f"{effort}{seconds:.1f} s"


def judge(root, tree, one):
    """(mutant, verdict, a line of the table)"""
    work = pathlib.Path(tree, "museum", one.name).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        is_dead, effort = run(build(root, tree, one, work), one, work)
    except (ValueError, StopIteration, subprocess.CalledProcessError) as problem:
        why = str(problem) or "the build tree has no such test"
        return one, Verdict.BROKEN, f"{one.name:34} BROKEN {why.splitlines()[0][:120]}"
    verdict = Verdict.KILLED if is_dead else Verdict.SURVIVED
    told = f"killed after {effort}" if is_dead else f"SURVIVED {effort}"
    return one, verdict, f"{one.name:34} {told:34} {one.test} {one.case}"


def judge_all(root, tree, chosen):
    """How many there were of each verdict; prints a line as soon as it is known."""
    verdicts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(judge, root, tree, one) for one in chosen]
        for at, future in enumerate(concurrent.futures.as_completed(futures), 1):
            one, verdict, line = future.result()
            verdicts[verdict] += 1
            print(f"[{at:2}/{len(chosen)}] {line.rstrip()}\n{'':8}{one.bug}", flush=True)
    return verdicts


def arguments():
    """The repository, the build tree and the mutants; ends the program where they make no sense."""
    if len(sys.argv) < 3 or any(word.startswith("-") for word in sys.argv[1:]):
        sys.exit("usage: museum.py REPOSITORY BUILD_TREE [MUTANT...]\n"
                 "Without names all mutants are judged; `./dev museum` calls this.")
    root, tree, *names = sys.argv[1:]
    if not pathlib.Path(tree, "build.ninja").is_file():
        sys.exit(f"{tree}: no build tree of Ninja; make one with cmake --preset clang-debug")
    mutants = {one.name: one for one in mutant.read_all(pathlib.Path(__file__).parent / "mutants")}
    if unknown := sorted(set(names) - set(mutants)):
        sys.exit(f"no mutant {', '.join(unknown)}; there are:\n  " + "\n  ".join(mutants))
    return root, tree, [mutants[name] for name in dict.fromkeys(names or mutants)]


def main():
    root, tree, chosen = arguments()
    started = time.monotonic()
    verdicts = judge_all(root, tree, chosen)
    broken = f", {verdicts[Verdict.BROKEN]} broken" if verdicts[Verdict.BROKEN] else ""
    print(f"{len(chosen)} mutants, {verdicts[Verdict.KILLED]} killed, "
          f"{verdicts[Verdict.SURVIVED]} survived{broken}, "
          f"{(time.monotonic() - started) / 60:.1f} min")
    return verdicts[Verdict.KILLED] != len(chosen)


if __name__ == "__main__":
    sys.exit(main())
