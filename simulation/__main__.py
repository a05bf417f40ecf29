"""`python -m simulation`."""

import sys

if __name__ == "__main__":
    try:
        from simulation.cli import main

        main()
    except KeyboardInterrupt:  # before `main` could see it
        print("simulation: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
