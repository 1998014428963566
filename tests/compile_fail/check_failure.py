# SPDX-License-Identifier: BSL-1.0
"""A wrong program must fail to compile, and the first error must be the sentence we wrote for it.

A case is a program with one or more lines

    // expect: <text>            the first error of each compiler contains it
    // expect-g++: <text>        for what each compiler says in its own words
    // expect-clang++: <text>

and with its fault under `#ifdef WRONG`: without WRONG it must compile, so that it fails for the
reason it names and not for a missing include.
"""

import os
import re
import subprocess
import sys

EXPECT = re.compile(r"^// expect(?:-(g\+\+|clang\+\+))?: (.+)$", re.MULTILINE)
ERROR = re.compile(r"^.*?\b(?:fatal )?error: (.*)$", re.MULTILINE)

# Messages in English, with ' and not typographic quotes.
PLAIN = {**os.environ, "LC_ALL": "C"}


def compile_case(compiler, flags, path):
    result = subprocess.run([compiler, *flags, "-fsyntax-only", path], text=True, env=PLAIN,
                            capture_output=True, check=False)
    return result.returncode == 0, result.stderr


def judge(case, compiler, flags, path):
    """What is wrong with how `compiler` treats the case, one sentence each."""
    name = os.path.basename(compiler)
    expected = [text for only, text in EXPECT.findall(case) if only in ("", name)]
    if not expected:
        yield "the case says nothing about what to expect"
    compiles, output = compile_case(compiler, flags, path)
    if not compiles:
        yield f"does not compile without WRONG:\n{output}"
    compiles, output = compile_case(compiler, [*flags, "-DWRONG"], path)
    if compiles:
        yield "compiles, and must not"
        return
    error = ERROR.search(output)
    for text in expected:
        if error is None or text not in error.group(1):
            yield f"the first error does not say: {text}\n{output[:4000]}"


def main():
    """Arguments: the case, the compilers separated by commas, the flags of all of them."""
    path, compilers, *flags = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        case = file.read()
    wrong = 0
    for compiler in compilers.split(","):
        for sentence in judge(case, compiler, flags, path):
            print(f"{os.path.basename(compiler)}: {sentence}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
