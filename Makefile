# Everything that is done to cacheops by hand or by machine starts here.
# The tools are built once, at the versions below, into .tools/bin.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c

GO             ?= go
COMPARE        ?=
BENCH          ?= .
BENCHTIME      ?= 200ms
FUZZTIME       ?= 10s
SOAK_CHECKS    ?= 10000
SOAK_TIMEOUT   ?= 1h
PRECISION_STEPS ?= 40000
CHAOS_TIME     ?= 1m

STATICCHECK_VERSION  := v0.8.2
GOLANGCILINT_VERSION := v2.15.0

STATICCHECK  := .tools/bin/staticcheck-$(STATICCHECK_VERSION)
GOLANGCILINT := .tools/bin/golangci-lint-$(GOLANGCILINT_VERSION)

export GO
# The SQLite driver is written in C.
export CGO_ENABLED := 1

# Compiling that C takes a minute for each build mode, so all that needs the
# dependencies compiled uses the mode of the tests.
RACE := GOFLAGS="$(GOFLAGS) -race"

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: compiler ## run the quickstart
	$(GO) run ./examples/quickstart

.PHONY: demo-redis
demo-redis: compiler ## show two processes that share a region in Redis
	[ ! -f .services/env ] || . .services/env; $(GO) run ./examples/processes -redis "$${CACHEOPS_REDIS_ADDR:-127.0.0.1:6379}"

.PHONY: test
test: compiler $(STATICCHECK) ## run all that must pass: format, vet, staticcheck, imports, the demonstrations, tests with -race on all databases
	"$$($(GO) env GOROOT)/bin/gofmt" -d . | { ! grep .; }
	$(GO) vet -race ./...
	$(RACE) $(STATICCHECK) ./...
	scripts/no-test-imports
	$(RACE) $(MAKE) --no-print-directory demo
	cd bench && $(RACE) $(GO) vet ./... && $(RACE) $(GO) test -count=1 -timeout=5m ./...
	$(RACE) scripts/test

.PHONY: lint
lint: compiler $(GOLANGCILINT) ## run golangci-lint and check that go.mod is tidy
	$(GO) mod tidy -diff
	$(RACE) $(GOLANGCILINT) run ./...

.PHONY: bench
bench: compiler ## compare with others and with no cache, and write docs/benchmarks.md anew (COMPARE='-only=First', '-long', …)
	[ ! -f .services/env ] || . .services/env; cd bench && $(GO) run . $(COMPARE)

.PHONY: microbench
microbench: compiler ## run the benchmarks of single parts, then print times relative to the first of each group (BENCH, BENCHTIME)
	$(GO) test -run='^$$' -bench='$(BENCH)' -benchtime=$(BENCHTIME) -benchmem ./... | awk -f scripts/ratios.awk

.PHONY: precision
precision: compiler ## play the trace of docs/precision.md and write its figures anew (PRECISION_STEPS)
	[ ! -f .services/env ] || . .services/env; $(GO) test -count=1 -timeout=1h ./internal/precision -precision.steps=$(PRECISION_STEPS) -precision.document=../../docs/precision.md

.PHONY: scale
scale: compiler ## simulate the fleets of docs/scale.md and write their figures anew
	$(GO) test -count=1 -timeout=1h -run='^TestScaleDocument$$' ./region -scale.document=../docs/scale.md

.PHONY: fuzz
fuzz: compiler ## fuzz every target for a while (FUZZTIME each)
	scripts/fuzz $(FUZZTIME)

.PHONY: soak
soak: compiler ## run the property tests for long, on all databases (SOAK_CHECKS cases each, at most SOAK_TIMEOUT)
	scripts/soak $(SOAK_CHECKS) $(SOAK_TIMEOUT)

.PHONY: chaos
chaos: compiler ## check what is read while processes are killed and stores fail (CHAOS_TIME for each crew)
	[ ! -f .services/env ] || . .services/env; $(GO) test -race -count=1 -timeout=24h -v ./internal/chaos -chaos.time=$(CHAOS_TIME)

.PHONY: services
services: compiler ## start the servers that the tests need and that do not answer
	@scripts/services start

.PHONY: services-stop
services-stop: ## stop what "make services" started
	@scripts/services stop

.PHONY: clean
clean: ## remove the tools that were built here
	rm -rf .tools

.PHONY: compiler
compiler:
	@scripts/require-compiler

$(STATICCHECK):
	scripts/install-tool honnef.co/go/tools/cmd/staticcheck $(STATICCHECK_VERSION) $@

$(GOLANGCILINT):
	scripts/install-tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCILINT_VERSION) $@
