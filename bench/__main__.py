"""`make bench`: every benchmark in turn; `python -m bench index bind` runs some of them."""

import subprocess
import sys
from pathlib import Path

NOT_BENCHMARKS = {
    "__init__",
    "__main__",
    "caller",
    "cpu",
    "fleet",
    "product",
    "report",
    "seen",
    "stack",
    "shop",
    "traffic",
}


def names() -> list[str]:
    found = {file.stem for file in Path(__file__).parent.glob("*.py")}
    return sorted(found - NOT_BENCHMARKS)


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
        return 2
    failed = [
        name
        for name in wanted or names()
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    ]
    if failed:
        print("failed:", *failed)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
