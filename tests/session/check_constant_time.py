#!/usr/bin/env python3
"""Fails if a secret or a MAC may be compared in a time that tells how much of it was right (V23).

    check_constant_time.py SOURCE_ROOT

Where tokens are judged, signatures are compared by libsodium alone, and nothing else compares memory. No test by the clock can show that: the differences are nanoseconds."""
import pathlib
import re
import sys

FORBIDDEN = re.compile(r"(?<!sodium_)\b(memcmp|bcmp|strcmp|strncmp|CRYPTO_memcmp)\s*\(|std::(ranges::)?equal\s*\(")


def main():
    folder = pathlib.Path(sys.argv[1]) / "session"
    bad = [f"{path.name}:{number}: {line.strip()}"
           for path in (folder / "jwt.cc", folder / "auth.cc", folder / "opening.cc")
           for number, line in enumerate(path.read_text().splitlines(), 1) if FORBIDDEN.search(line)]
    jwt = (folder / "jwt.cc").read_text()
    for needed in ("sodium_memcmp(expected", "crypto_sign_verify_detached("):
        if needed not in jwt:
            bad.append(f"jwt.cc: {needed}...) is gone: what compares signatures now?")
    print("\n".join(bad) or "signatures are compared in constant time")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
