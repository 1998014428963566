# SPDX-License-Identifier: BSL-1.0
"""Runs the compositions that generate.py wrote, and sees to it that it plans for every model.

    check_pairwise.py <program> <repository>

A model of the library must be named for its slot, may be within another of it (as an AEAD is within
an encrypted file system), or be left out for a reason.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import check_matrix  # noqa: E402
import generate  # noqa: E402

NAME = re.compile(r"\w+(?:::\w+)+")


def judge(models, slots, left_out):
    planned = {name for names in slots.values() for name in NAME.findall(" ".join(names))}
    for slot, model in sorted(models):
        if model not in planned | left_out.keys():
            yield f"{model} fills the {slot} slot, but no composition of generate.py has it"
    known = {model for _, model in models}
    for model in sorted(left_out.keys() - known):
        yield f"generate.py leaves out {model}, which is no model of the library"


def main():
    program, root = sys.argv[1:]
    code = subprocess.run([program], check=False).returncode
    missing = list(judge(check_matrix.models(root), generate.SLOTS, generate.LEFT_OUT))
    for sentence in missing:
        print(sentence)
    print(f"{len(missing)} models missing")
    return 1 if code or missing else 0


if __name__ == "__main__":
    sys.exit(main())
