# SPDX-License-Identifier: BSL-1.0
"""A wrong program must fail to compile, and the first error must be the sentence we wrote for it.

A case is a program with lines

    // expect: <text>             the first error contains it
    // expect-g++: <text>         so does g++'s; clang++ says it in its own words, in another line
    // explain: <text>            it is somewhere in the output: the requirement that does not hold

and with its fault under `#ifdef WRONG`. A case with several faults numbers them, `expect 2:`, and
has them under `#if WRONG == 2`. Without WRONG it must compile, so that it fails for the reason it
names and not for a missing include.
"""

import os
import re
import subprocess
import sys

LINE = re.compile(r"^// (expect|explain)(?:-(g\+\+|clang\+\+))?(?: (\d+))?: (.+)$", re.MULTILINE)
ERROR = re.compile(r"^.*?\b(?:fatal )?error: (.*)$", re.MULTILINE)

# Messages in English, with ' and not typographic quotes.
PLAIN = {**os.environ, "LC_ALL": "C"}


def compile_case(command, path):
    result = subprocess.run([*command, "-fsyntax-only", path], text=True, env=PLAIN,
                            capture_output=True, check=False)
    return result.returncode == 0, result.stderr


def faults(case, compiler):
    """Number of the fault -> the (expect or explain, text) pairs that are meant for `compiler`."""
    found = {}
    for kind, only, number, text in LINE.findall(case):
        if only in ("", compiler):
            found.setdefault(int(number or 1), []).append((kind, text))
    return found


def judge_fault(promises, command, path):
    compiles, output = compile_case(command, path)
    if compiles:
        yield "compiles, and must not"
        return
    error = ERROR.search(output)
    first = error.group(1) if error else ""
    for kind, text in promises:
        if text not in (first if kind == "expect" else output):
            where = "first error" if kind == "expect" else "output"
            yield f"the {where} does not say: {text}\n{output[:4000]}"
    if "expect" not in [kind for kind, _ in promises]:
        yield "the case does not say which error to expect"


def judge(case, command, path):
    """What is wrong with how the compiler treats the case, one sentence each."""
    compiles, output = compile_case(command, path)
    if not compiles:
        yield f"does not compile without WRONG:\n{output}"
    found = faults(case, os.path.basename(command[0]))
    if not found:
        yield "the case names no fault"
    for number, promises in sorted(found.items()):
        for sentence in judge_fault(promises, [*command, f"-DWRONG={number}"], path):
            yield f"fault {number}: {sentence}"


def main():
    """Arguments: the case, the compilers separated by commas, the flags of all of them."""
    path, compilers, *flags = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        case = file.read()
    wrong = 0
    for compiler in compilers.split(","):
        for sentence in judge(case, [compiler, *flags], path):
            print(f"{os.path.basename(compiler)}: {sentence}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
