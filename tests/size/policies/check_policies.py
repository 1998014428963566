# SPDX-License-Identifier: BSL-1.0
"""A model that is not composed costs nothing: its name is in no symbol of the default composition.

The case is a program of the default composition. It says which models that has,

    // composed: cache::S3Fifo io::Posix

and may say what else must be absent, such as functions of the libraries that models call:

    // absent: <regular expression>

It is compiled without optimisation, which could only hide what is mentioned, and with every header
that defines a model included. The models are those that the program of tests/matrix prints, and
what shows that a model's name would be found is that program: it composes all of them. A model
goes by its own name, and by those of the other classes of its header where no model of that header
is composed.
"""

import collections
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "matrix"))
import check_matrix

ABSENT = re.compile(r"^// absent: (.+)$", re.MULTILINE)
QUALIFIED = re.compile(r"\bstrata::((?:\w+::)*\w+)")
COMPOSED = re.compile(r"^// composed: (.+)$", re.MULTILINE)


def headers_of_models(root):
    """{header: names of all its classes} for each header that defines a model of an engine."""
    include = pathlib.Path(root) / "include"
    models = {name for _, name in check_matrix.models(root)}
    headers = {}
    for path in sorted((include / "strata").rglob("*.hpp")):
        names = {each.full_name for each in check_matrix.classes(path.read_text(encoding="utf-8"))}
        if "testing" not in path.parts and names & models:
            headers[str(path.relative_to(include))] = names
    return headers


def names_of_models(rows, composed, headers):
    """{model: the names that it goes by} for each row of the matrix."""
    models = {model for _, model in rows}
    names = {model: {model} for _, model in rows}
    for classes in headers.values():
        for model in classes & models if not classes & composed else ():
            names[model] |= classes - models
    return names


def mentions(symbols):
    """{qualified name within strata, and each of its prefixes: the symbols that mention it}."""
    found = collections.defaultdict(list)
    for symbol in symbols:
        for name in {prefix for qualified in QUALIFIED.findall(symbol)
                     for prefix in itertools.accumulate(qualified.split("::"), "{}::{}".format)}:
            found[name].append(symbol)
    return found


def some_of(symbols):
    return "\n  ".join(sorted(symbols)[:5])


def judge(case, rows, headers, default, matrix):
    """Prints a line per model; yields what is wrong. `default`, `matrix`: symbols of each."""
    composed = set(" ".join(COMPOSED.findall(case)).split())
    for model in sorted(composed - {model for _, model in rows}):
        yield f"the case says that it composes {model}, which is no model of the matrix"
    for model in sorted({model for _, model in rows} - set().union(*headers.values())):
        yield f"no header of the library defines {model}: what else is its code called?"
    names = names_of_models(rows, composed, headers)
    in_default = mentions(default)
    in_matrix = mentions(matrix)
    print(f"{'slot':<18} | {'model':<28} | composed | by default")
    for slot, model in rows:
        here = set().union(*(in_default.get(name, ()) for name in names[model]))
        there = len(set().union(*(in_matrix.get(name, ()) for name in names[model])))
        print(f"{slot:<18} | {model:<28} | {there:>8} | {len(here)}")
        if there == 0:
            yield f"{model} is in no symbol of the matrix: the test could not fail"
        if model in composed and not here:
            yield f"{model} is not in the default composition, as the case says it is"
        if model not in composed and here:
            yield f"{model} is not composed, but is in the object code:\n  " + some_of(here)
    for pattern in ABSENT.findall(case):
        here = [name for name in default if re.search(pattern, name)]
        if here:
            yield f"{pattern} is in the object code:\n  " + some_of(here)
        if not any(re.search(pattern, name) for name in matrix):
            yield f"{pattern} matches nothing in the matrix: the test could not fail"


def symbols(path):
    """Demangled names of all symbols of an object file or a program, defined and undefined."""
    listing = subprocess.run(["nm", "-C", path], text=True, capture_output=True, check=True)
    return listing.stdout.splitlines()


def symbols_of_source(compiler, flags, path, headers):
    with tempfile.TemporaryDirectory() as folder:
        compiled = os.path.join(folder, "case.o")
        includes = [word for header in headers for word in ("-include", header)]
        subprocess.run([compiler, *flags, *includes, "-O0", "-c", path, "-o", compiled], check=True)
        return symbols(compiled)


def main():
    """Arguments: the program of the matrix, the root of the library, the case, the compilers
    separated by commas, the flags of all of them."""
    matrix, root, path, compilers, *flags = sys.argv[1:]
    printed = subprocess.run([matrix], text=True, stdout=subprocess.PIPE, check=False).stdout
    rows = list(dict.fromkeys(check_matrix.ROW.findall(printed)))
    case = pathlib.Path(path).read_text(encoding="utf-8")
    headers = headers_of_models(root)
    wrong = 0 if rows else 1
    for compiler in compilers.split(","):
        print(f"{os.path.basename(compiler)}:")
        default = symbols_of_source(compiler, flags, path, headers)
        for sentence in judge(case, rows, headers, default, symbols(matrix)):
            print(sentence)
            wrong += 1
    print(f"{len(rows)} models, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
