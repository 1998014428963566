# SPDX-License-Identifier: BSL-1.0
"""Builds each mutant's test against the mutant, runs it, and tells which test killed which mutant.

Arguments: the repository, a configured build tree, and the names of mutants (none: all).
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

import mutant

SECONDS_MAX = 900


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
    subprocess.run([*words, "-w", "-O0", "-o", str(compiled)], cwd=tree, check=True)
    link = re.search(r"(?:^|&& )(\S*clang\+\+\S* .*?|\S*g\+\+\S* .*?)(?= && |$)", lines[-1])[1]
    words = without([w for w in shlex.split(link) if not w.endswith("_test.cpp.o")], "-o", 1)
    program = work / "test"
    subprocess.run([words[0], str(compiled), *words[1:], "-o", str(program)], cwd=tree, check=True)
    return program


def judge(root, tree, one):
    """(mutant, whether it was killed, a line of the table)"""
    work = pathlib.Path(tree, "museum", one.name).resolve()
    work.mkdir(parents=True, exist_ok=True)
    program = build(root, tree, one, work)
    environment = {"STRATA_CRASH_STATES": "1", **os.environ}
    started = time.monotonic()
    try:
        # A comma would begin another pattern; what is run over types has their names behind.
        cases = [one.case.replace(",", "\\,") + "*"] if one.case else []
        done = subprocess.run([program, *cases], cwd=work, text=True, capture_output=True,
                              errors="replace", env=environment, timeout=SECONDS_MAX)
        is_dead, said = done.returncode != 0, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        is_dead, said = True, "it hangs"
    seconds = time.monotonic() - started
    (work / "said.txt").write_text(said, encoding="utf-8")
    states = re.findall(r"(\d+) states", said)
    effort = f"{states[-1]} states, " if states else ""
    verdict = f"killed after {effort}{seconds:.1f} s" if is_dead else "SURVIVED"
    return one, is_dead, f"{one.name:34} {verdict:36} {one.test} {one.case}"


def main():
    root, tree, *names = sys.argv[1:]
    mutants = mutant.read_all(pathlib.Path(__file__).parent / "mutants")
    known = {one.name for one in mutants}
    if unknown := set(names) - known:
        sys.exit(f"no mutant {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    chosen = [one for one in mutants if not names or one.name in names]
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(judge, root, tree, one) for one in chosen]
        for future in concurrent.futures.as_completed(futures):
            one, is_dead, line = future.result()
            survivors += not is_dead
            print(line, f"\n{'':34} {one.bug}", flush=True)
    print(f"{len(chosen)} mutants, {len(chosen) - survivors} killed, {survivors} survived")
    return survivors != 0


if __name__ == "__main__":
    sys.exit(main())
