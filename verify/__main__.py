"""`python -m verify`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts the current folder first; a `simulation.py` of the user's must not go before our package.
    if Path(sys.path[0] or ".").resolve() != Path(__file__).resolve().parents[1]:
        sys.path.append(sys.path.pop(0))
    try:
        from verify.cli.main import main

        main()
    except KeyboardInterrupt:  # before `main` could see it
        print("verify: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
