"""`python -m verify`."""

import sys

if __name__ == "__main__":
    try:
        from verify.cli.main import main

        main()
    except KeyboardInterrupt:  # before `main` could see it
        print("verify: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
