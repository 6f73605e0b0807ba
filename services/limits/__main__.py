"""`python -m services.limits`: the tables of docs/use-limits.md, on standard output."""

import sys

from services.limits.catalogue import table

sys.stdout.write(table())
