# SPDX-License-Identifier: BSL-1.0
"""Which functions the instructions are in, from a file of callgrind.

Names lose their template arguments and parameters: what is left is what one says aloud. `self` is
spent in the function and in what was inlined into it; `with callees` in all that it called too.
Lines of the source have what was inlined where it was written: instructions per operation.
"""

import collections
import re
import subprocess

ROW = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+(.*)$")


def without_brackets(text):
    """`a<b>::c(d) const [e]` -> `a::c`."""
    out, depth = [], 0
    text = text.replace("(anonymous namespace)::", "").replace("operator()", "call")
    text = re.sub(r"operator[<>=!]+", "operator", text).replace("->", "")
    for character in text:
        depth += character in "<([{"
        if depth == 0:
            out.append(character)
        depth -= character in ">)]}"
    return "".join(out)


def name_of(entry):
    """From `file:function [object]` to a short name of the function."""
    function = entry.split(" [/")[0]
    function = re.sub(r"^(\?\?\?|[^:<( ]*/[^:]*):", "", function)  # the file
    words = [word for word in without_brackets(function).split() if word != "const"]
    return re.sub(r"^strata::", "", words[-1])[:60] if words else entry


def rows(counted, *options):
    """{function: instructions}, the total first under `None`."""
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", *options,
                           str(counted)], text=True, capture_output=True, check=True).stdout
    found = collections.Counter()
    total = 0
    for line in text.splitlines():
        match = ROW.match(line)
        if not match:
            continue
        instructions = int(match[1].replace(",", ""))
        if match[2] == "PROGRAM TOTALS":
            total = instructions
        elif options:  # with callees: a function that is listed by several files counts once
            name = name_of(match[2])
            found[name] = max(found[name], instructions)
        else:
            found[name_of(match[2])] += instructions
    return total, found


def table(title, total, found, least_percent):
    lines = [f"  {title}"]
    for name, instructions in found.most_common():
        percent = 100 * instructions / total
        if percent < least_percent:
            break
        lines.append(f"  {percent:5.1f} %  {name}")
    return lines


class Names:
    """Callgrind writes a name once, `(7) name`, and from then on `(7)`."""

    def __init__(self):
        self.names = {}

    def of(self, text):
        number, _, name = text.partition(" ")
        return self.names.setdefault(number, name)


def lines(text):
    """{(file, line): instructions spent there} of the text of callgrind's file."""
    names, found = Names(), collections.Counter()
    file, line, is_call = None, 0, False
    for entry in text.splitlines():
        key, _, rest = entry.partition("=")
        if key in ("fl", "fi", "fe"):
            file = names.of(rest)
        elif key in ("cfl", "cfi"):
            names.of(rest)
        elif key == "calls":
            is_call = True  # the next line has what the callee spent
        elif re.match(r"^[-+*\d]", entry):
            at, _, instructions = entry.partition(" ")
            line = line + int(at) if at[0] in "+-" else line if at == "*" else int(at)
            found[file, line] += 0 if is_call else int(instructions)
            is_call = False
    return found


def table_of_lines(found, operations, most):
    out = ["  lines"]
    for (file, line), instructions in found.most_common(most):
        out.append(f"  {instructions / operations:7.1f}  {file.split('/include/')[-1]}:{line}")
    return out


def of(counted, operations):
    total, own = rows(counted)
    _, inclusive = rows(counted, "--inclusive=yes")
    by_line = lines(counted.read_text(encoding="utf-8"))
    return "\n".join(table("self", total, own, 1) + table("with callees", total, inclusive, 3) +
                     table_of_lines(by_line, operations, 30))
