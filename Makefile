# The words people type. Anything longer than a line lives in scripts/.

.PHONY: help run test bench fleet-demo fmt lint web dist
.DEFAULT_GOAL := help

help: ## list the words
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/'

run: ## build everything and serve on http://localhost:1984, data in ./data
	@scripts/run

test: ## every check there is, in the order in which they fail fastest
	@scripts/test

bench: ## figures as ratios; writes target/bench.json
	@scripts/bench

fleet-demo: ## a rolling deploy over machines in namespaces, with one that fails; needs root
	@scripts/fleet-demo

fmt: ## format the Rust code
	cargo fmt --all

lint: ## tidy, format, clippy and TypeScript, without running a test
	@scripts/lint

web: ## build the web client into web/dist
	@scripts/web

dist: ## build the static binaries that are released, into target/dist-out
	@scripts/dist
