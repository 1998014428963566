# SPDX-License-Identifier: BSL-1.0
"""What a program did not compose leaves nothing in its object code.

A case is a program with one or more lines

    // absent: <regular expression>

compiled at -Os. No symbol may match; compiled once more with -DCOMPOSED, which puts the part in,
some symbol must: that is how we know that the expression could have matched. A case that has a
PLAIN form, written without the part at all, must be exactly as large as that.
"""

import os
import re
import subprocess
import sys
import tempfile

ABSENT = re.compile(r"^// absent: (.+)$", re.MULTILINE)
PLAIN = re.compile(r"^#ifn?def PLAIN$", re.MULTILINE)


def symbols(compiler, flags, path):
    """Demangled names of all symbols, defined and undefined, of the object code of `path`."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = os.path.join(folder, "case.o")
        subprocess.run([compiler, *flags, "-Os", "-c", path, "-o", compiled], check=True)
        listing = subprocess.run(["nm", "-C", compiled], text=True, capture_output=True, check=True)
        size = subprocess.run(["size", compiled], text=True, capture_output=True, check=True)
    text_bytes = int(size.stdout.splitlines()[1].split()[0])
    return listing.stdout.splitlines(), text_bytes


def judge(case, compiler, flags, path):
    patterns = ABSENT.findall(case)
    if not patterns:
        yield "the case does not say what must be absent"
    without, without_bytes = symbols(compiler, flags, path)
    composed, composed_bytes = symbols(compiler, [*flags, "-DCOMPOSED"], path)
    print(f"{os.path.basename(compiler)}: {without_bytes} bytes of code, {composed_bytes} composed")
    if PLAIN.search(case):
        _, plain_bytes = symbols(compiler, [*flags, "-DPLAIN"], path)
        if without_bytes != plain_bytes:
            yield f"{without_bytes} bytes of code, {plain_bytes} where it is not even mentioned"
    for pattern in patterns:
        matching = [name for name in without if re.search(pattern, name)]
        if matching:
            yield f"{pattern} is in the object code:\n  " + "\n  ".join(matching)
        if not any(re.search(pattern, name) for name in composed):
            yield f"{pattern} matches nothing even when composed: the test could not fail"


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
