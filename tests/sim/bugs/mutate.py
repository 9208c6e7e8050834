#!/usr/bin/env python3
"""Plants one of the bugs of bugs.json into a copy of the source file it is for.

mutate.py --names                      prints the names of all bugs
mutate.py --file NAME SOURCE_ROOT      prints the file that a bug is for
mutate.py --check SOURCE_ROOT          fails if the text of a bug is not found exactly once
mutate.py NAME SOURCE_ROOT OUTPUT      writes the copy
"""
import json
import pathlib
import sys

BUGS = json.loads((pathlib.Path(__file__).parent / "bugs.json").read_text())


def mutated(bug, source_root):
    text = (pathlib.Path(source_root) / bug["file"]).read_text()
    count = text.count(bug["old"])
    if count != 1:
        sys.exit(f"{bug['name']}: its text stands {count} times in src/{bug['file']}, not once; "
                 "the source has changed, so change tests/sim/bugs/bugs.json too")
    return text.replace(bug["old"], bug["new"])


def main(arguments):
    if arguments == ["--names"]:
        print("\n".join(bug["name"] for bug in BUGS))
    elif len(arguments) == 2 and arguments[0] == "--check":
        for bug in BUGS:
            mutated(bug, arguments[1])
    elif len(arguments) == 3 and arguments[0] == "--file":
        file = next(bug["file"] for bug in BUGS if bug["name"] == arguments[1])
        print(pathlib.Path(arguments[2]) / file)
    else:
        name, source_root, output = arguments
        bug = next(bug for bug in BUGS if bug["name"] == name)
        pathlib.Path(output).write_text(mutated(bug, source_root))


main(sys.argv[1:])
