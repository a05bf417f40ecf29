"""`python -m verify.measured NAME DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from verify.measured import keep


def main(argv: list[str]) -> int:
    """Keep the records; exit status 2 with one line for wrong input."""
    try:
        if len(argv) != 2:
            raise ValueError(
                "two arguments are asked for: NAME, the paper, and DIR, the folder of its records"
            )
        for path in keep(argv[0], Path(argv[1])):
            print(path)
    except ValueError as error:
        print(f"verify: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
