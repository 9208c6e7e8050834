#!/usr/bin/env python3
"""Fails if a document names something that is not there.

    check_docs.py ROOT

Looks at README.md and every *.md under docs/: relative links must lead to a file, links with a
#fragment to a heading of it, and paths in code spans that begin with a folder of this project
(`src/ring/ring.h`, `tools/dev`) must exist; a `*` in one must match something. Comments in the
code that refer to a document (docs/....md) are checked likewise."""
import pathlib
import re
import subprocess
import sys

FOLDERS = r"(?:src|include|tests|tools|docs|bench|subprojects|\.ci)"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(rf"`(?:\./)?({FOLDERS}/[\w./*-]+)(?::\d+)?[^`]*`")
DOCUMENT = re.compile(r"\bdocs/[\w./-]+\.md\b")


def fragments(text):
    """The anchors that a forge makes of the headings."""
    for heading in re.findall(r"^#+\s+(.*?)\s*$", text, re.M):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"`|\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower()
        yield plain.replace(" ", "-")


def lines_without_fences(text):
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def check_document(root, path):
    text = path.read_text()
    for number, line in lines_without_fences(text):
        where = f"{path.relative_to(root)}:{number}"
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, fragment = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            if not file.exists():
                yield f"{where}: no file behind the link {target}"
            elif fragment and file.suffix == ".md" and fragment not in set(fragments(file.read_text())):
                yield f"{where}: no heading behind the link {target}"
        for name in PATH.findall(line):
            found = any(root.glob(name)) if "*" in name else (root / name.rstrip(".")).exists()
            if not found:
                yield f"{where}: there is no {name}"


def sources(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return [root / name for name in listed.stdout.split("\0") if name]
    return [path for folder in ("src", "include", "tests", "tools", "bench") for path in (root / folder).rglob("*")]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    documents = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    bad = [text for path in documents for text in check_document(root, path)]
    for path in sources(root):
        if path.suffix in (".h", ".cc", ".py", ".build") and path.is_file():
            for name in sorted(set(DOCUMENT.findall(path.read_text(errors="replace")))):
                if not (root / name).exists() and path.name != "check_docs.py":
                    bad.append(f"{path.relative_to(root)}: there is no {name}")
    print("\n".join(bad) if bad else f"{len(documents)} documents: every link and path leads somewhere")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
