# Two commands do everything: `make run` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: ## the product on its embedded sandbox, at http://127.0.0.1:$PODGATE_PORT
	@./bootstrap.sh run && exec $(PY) -m console.supervisor

test: ## everything that must hold: the checks and the whole suite
	@./bootstrap.sh dev
	@exec $(PY) -m tests

check: ## style, types, import contracts, Django's own checks
	@./bootstrap.sh dev
	@exec $(PY) -m tests check

bench: ## the numbers of docs/benchmarks.md, into bench/results/
	@./bootstrap.sh dev
	@exec $(PY) -m bench

lock: ## resolve pyproject.toml anew into the hash-locked requirements
	@./bootstrap.sh dev
	@./lock.sh

messages: ## compile the translations
	@./bootstrap.sh dev
	@exec $(PY) -m console.messages

clean-sandbox: ## forget the sandbox's world; the next `make run` starts afresh
	@rm -rf .sandbox

.PHONY: help run test check bench lock messages clean-sandbox
