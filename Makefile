# Every command of the project; what they do is in scripts/. `make help` lists them.

MAKEFLAGS += --no-print-directory
NGINX ?= /usr/sbin/nginx

.DEFAULT_GOAL := help
# Targets install packages and write to the same folders; what they call uses all processors by itself.
.NOTPARALLEL:
.PHONY: help setup setup-dev setup-test setup-bench setup-peers setup-profile build module run start stop dev test unittest check deny bench bench-peers profile fuzz screenshot clean
.PHONY: setup-packages sbom deb dist test-deb test-containers lint-containers

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  RUN_DIR=run/ PORT=8080 ADDRESS=127.0.0.1 and DATABASE_URL go with run, start, stop and dev.'

setup: ## install the packages that building and running need (Debian, Ubuntu)
	@scripts/setup.sh

setup-dev: ## and what make dev watches files with
	@scripts/setup.sh dev

setup-test: ## and those that the tests need
	@scripts/setup.sh test

setup-bench: ## and those that the benchmark compares with
	@scripts/setup.sh bench

setup-peers: ## and those that the comparison with peers needs
	@scripts/setup.sh peers

setup-profile: ## and those that make profile needs
	@scripts/setup.sh profile

setup-packages: ## and those that packages and their tests need
	@scripts/setup.sh packages

build: setup ## build nginx and the module: build/nginx, build/ngx_http_postern_module.so
	@scripts/build.sh

module: setup ## build the module for an nginx that is installed: make module NGINX=/usr/sbin/nginx
	@scripts/module.sh '$(NGINX)'

run: build ## serve the sample application in the foreground, with a PostgreSQL of its own
	@scripts/server.sh run

start: build ## the same in the background
	@scripts/server.sh start

stop: ## end what make run or make start has started
	@scripts/server.sh stop

dev: setup-dev ## serve it while you work on it: what you change is built, applied and loaded
	@scripts/dev.sh

test: setup-test build ## run all tests
	@scripts/test.sh

unittest: ## run the tests that need neither nginx nor PostgreSQL
	@scripts/test.sh unit

check: setup ## check formatting and lints
	@scripts/check.sh

deny: ## check the licences, sources and bans of dependencies
	@scripts/deny.sh

sbom: setup-packages ## list what is linked into the module: dist/postern-<version>.cdx.json (CycloneDX)
	@scripts/sbom.sh

deb: setup-packages ## make a Debian package for the distribution's nginx: dist/*.deb
	@scripts/deb.sh

dist: setup-packages ## pack the module for nginx 1.28, reproducibly: dist/*.tar.gz, dist/SHA256SUMS
	@scripts/dist.sh

test-deb: setup-packages ## install, use and purge the Debian package in a root of its own (as root)
	@prove --norc tests/packages/install.t

test-containers: setup-packages ## carry out Dockerfile and compose.yaml without an engine (as root)
	@prove --norc tests/containers/containers.t

lint-containers: setup-packages ## check Dockerfile and compose.yaml by hadolint and the schema of compose files
	@scripts/lint-containers.sh

bench: setup-bench build ## measure, side by side with plain nginx, pgbench and ModSecurity
	@bench/run

bench-peers: setup-peers build ## measure beside axum, fastify and PostgREST, and write docs/performance*.md (20 minutes)
	@scripts/build-peers.sh
	@bench/run-peers --write

profile: setup-profile ## make pgo/ anew: what the compiler is told of the paths that requests take (10 minutes)
	@scripts/profile.sh

fuzz: ## fuzz the parsers: make fuzz TARGET=name SECONDS=60
	@scripts/fuzz.sh '$(TARGET)' '$(SECONDS)'

screenshot: setup-test build ## take the pictures of the status page in docs/
	@scripts/screenshot.sh

clean: ## remove what was built; RUN_DIR, which holds data, stays
	@rm -rf build dist target fuzz/target
