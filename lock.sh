#!/bin/sh
# Writes the requirements files: pinned, hashed, without addresses.
set -eu
cd "$(dirname "$0")"
uv=.tools/bin/uv
[ -x "$uv" ] || uv=$(command -v uv)
lock() {
  "$uv" pip compile pyproject.toml --python .venv/bin/python --universal --generate-hashes \
    --no-emit-index-url --no-header --no-annotate -q "$@"
}
lock --group sandbox --group dev -o requirements-dev.txt
lock -c requirements-dev.txt -o requirements.txt
lock --group sandbox -c requirements-dev.txt -o requirements-run.txt
