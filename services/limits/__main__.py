"""`python -m services.limits`: the tables of docs/use-limits.md; --write puts them there."""

import sys
from pathlib import Path

from services.limits.catalogue import page, table

if "--write" in sys.argv:
    path = Path(__file__).parents[2] / "docs" / "use-limits.md"
    path.write_text(page(path.read_text()))
else:
    sys.stdout.write(table())
