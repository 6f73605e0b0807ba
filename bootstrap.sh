#!/bin/sh
# Makes .venv ready: bootstrap.sh run | dev | tools
#   run    what `make run` needs: a Python, uv and the locked packages
#   dev    the same with the development packages
#   tools  what `make test` needs beyond Python: chromium, kubectl, PostgreSQL, through apt where it may
set -eu
cd "$(dirname "$0")"

say() { printf '%s\n' "$*" >&2; }
die() { say "podgate: $*"; exit 1; }

runs() { "$1" -c "import sys, venv, ssl, sqlite3; sys.exit(sys.version_info < ($2, $3))" >/dev/null 2>&1; }

candidates() {
  [ -z "${PODGATE_PYTHON:-}" ] || printf '%s\n' "$PODGATE_PYTHON"
  for name in python3.14 python3.13 python3.12 python3 python; do command -v "$name" || true; done
  for file in "$HOME"/.pyenv/versions/*/bin/python; do [ -x "$file" ] && printf '%s\n' "$file"; done | sort -rV
}

find_python() { # major minor: the first candidate that runs and is new enough
  candidates | while read -r python; do
    if runs "$python" "$1" "$2"; then printf '%s\n' "$python"; break; fi
  done
}

find_uv() {
  if [ -x .tools/bin/uv ]; then printf '.tools/bin/uv\n'; return; fi
  if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then command -v uv; return; fi
  any=$(find_python 3 8)
  [ -n "$any" ] || die "no working Python 3 with venv found. Install python3 and python3-venv."
  say "podgate: installing uv into .tools"
  "$any" -m venv .tools >&2 || die "$any cannot make a venv. Install python3-venv."
  .tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.txt >&2
  printf '.tools/bin/uv\n'
}

packages() { # requirements file
  want=$(cat "$1" | cksum | tr ' ' -)
  if [ -f .venv/.ready ] && grep -qx "$1 $want" .venv/.ready && .venv/bin/python -c '' 2>/dev/null; then return; fi
  uv=$(find_uv)
  python=$(find_python 3 12)
  if [ -n "$python" ]; then
    export UV_PYTHON_DOWNLOADS=never
  else
    say "podgate: no Python >= 3.12 found, asking uv for one"
    python=3.13
  fi
  .venv/bin/python -c '' 2>/dev/null || "$uv" venv -q --clear --python "$python" .venv ||
    die "no Python >= 3.12. Install one (Debian: python3.12 or newer with its venv package), or set PODGATE_PYTHON to its path."
  say "podgate: installing the packages of $1"
  "$uv" pip install -q --python .venv/bin/python --require-hashes -r "$1"
  [ "$1" = requirements-dev.txt ] || rm -f .venv/.ready
  printf '%s %s\n' "$1" "$want" >>.venv/.ready
  # The development set holds everything that running needs.
  [ "$1" != requirements-dev.txt ] ||
    printf '%s %s\n' requirements-run.txt "$(cat requirements-run.txt | cksum | tr ' ' -)" >>.venv/.ready
}

apt() { # packages
  if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; else return 1; fi
  command -v apt-get >/dev/null || return 1
  $as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

tools() {
  missing=
  command -v chromium >/dev/null || missing="$missing chromium fonts-noto-cjk"
  command -v kubectl >/dev/null || missing="$missing kubernetes-client"
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
  [ -n "$missing" ] || return 0
  say "podgate: installing$missing"
  # shellcheck disable=SC2086
  apt $missing && return 0
  [ "${CI:-}" != true ] || die "install these Debian packages first:$missing"
  say "podgate: tests that need them are skipped. Install:$missing"
}

case "${1:-}" in
  run) packages requirements-run.txt ;;
  dev) packages requirements-dev.txt ;;
  tools) tools ;;
  *) die "usage: bootstrap.sh run|dev|tools" ;;
esac
