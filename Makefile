# What there is to do. `make` alone says it.

.DEFAULT_GOAL := help
.PHONY: help dev build test long fuzz kills replicas bench race faults fmt check tools pictures load

GO       ?= go
FUZZTIME ?= 20s
AXE      := $(CURDIR)/interop/node/node_modules/axe-core/axe.min.js

# Tests that take minutes run last; the others tell of a fault within seconds.
SLOW := /interop|/internal/(facts|agree)|/store|/web$$

help: ## Say what there is to do.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

dev: ## Run every shipped realm with demo people, on http://localhost:8080.
	$(GO) run ./cmd/tillit dev

build: ## Build the command, ./tillit.
	CGO_ENABLED=0 $(GO) build -trimpath -o tillit ./cmd/tillit

test: tools check ## Test everything; installs what a fresh Debian lacks. Nothing is skipped.
	TILLIT_AXE=$(AXE) .ci/gotest $$($(GO) list ./... | grep -Ev '$(SLOW)')
	TILLIT_AXE=$(AXE) .ci/gotest $$($(GO) list ./... | grep -E '$(SLOW)')
	.ci/readme README.md

check: ## Demand that the code is formatted, vetted and what go.mod says.
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) mod verify

fmt: ## Format the code.
	gofmt -w .

tools: ## Install what the tests need beside Go: Chromium, Node, npm packages.
	.ci/tools

faults: ## Break every promised fact on purpose, and demand that it is found; writes the tables in docs.
	TILLIT_FAULTS=1 $(GO) test -count=1 -timeout 30m ./internal/facts -run '^TestFaults$$'

pictures: tools ## Take the pictures of docs/pages.md from the real pages.
	$(GO) test -count=1 ./interop/pages -run '^TestPages$$' -pictures

long: fuzz kills replicas faults race bench ## Everything that takes longer; writes docs/measured.

fuzz: ## Fuzz every parser, FUZZTIME each.
	.ci/measure docs/measured/fuzz.txt .ci/fuzz $(FUZZTIME)

kills: ## Kill the writing process again and again; nothing acknowledged may be lost.
	.ci/measure docs/measured/kills.txt $(GO) test -count=3 -v ./store -run 'Kill'
	.ci/measure docs/measured/kills-command.txt env TILLIT_LONG=1 $(GO) test -count=1 -v ./internal/kills -run '^TestKills$$'

replicas: ## Kill replicas and their database under load, longer than make test does.
	.ci/measure docs/measured/replicas.txt env TILLIT_LONG=1 $(GO) test -count=1 -v ./internal/kills -run 'Replicas|Upgrade'

race: ## Test with the race detector.
	$(GO) test -race -count=1 $$($(GO) list ./... | grep -v /interop)

bench: ## Measure what is on the way of a request.
	.ci/measure docs/measured/bench.txt $(GO) test -run '^$$' -bench . -benchmem ./...

load: ## Ask the provider and two others under load; writes bench/results and the plot of docs/performance.md.
	cd bench/peers/node && npm ci --no-audit --no-fund
	$(GO) run ./bench
	$(GO) run ./bench/plot
