SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

# How long "make bench" measures each line.
TIME ?= 5s

.PHONY: all
all: build race lint ## build, race and lint (this is what plain "make" does)

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## compile all packages
	go build ./...

.PHONY: test
test: ## run the tests
	go test ./...

.PHONY: race
race: ## run the tests with the race detector
	.ci/run race

.PHONY: lint
lint: ## gofmt, vet and staticcheck
	.ci/run format vet staticcheck

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (5s)
	.ci/run fuzz

.PHONY: conformance
conformance: ## print every requirement of the RFCs and profiles with its result
	MUSTER_CONFORMANCE=1 go test -count=1 -v -run '^TestConformance$$' ./examples/full | grep -E '^([A-Z]-|=)[^=]' | sort -V

# The benchmarks that a line of the budget is held to.
BUDGET = ^Benchmark(FilterParse|Decode|Encode|Get|Post|Patch|List100|FilterEq|FilterEqSize|MemberAdd|PutGroup10k|Mark|StoreMemory|ServerCPU|Statements)$$

.PHONY: bench
bench: ## measure what the budget has and print it beside the targets
	MUSTER_BENCH_LARGE=1 go test -run '^$$' -bench '$(BUDGET)' -benchtime $(TIME) -timeout 1h ./filter ./schema ./scim ./scim/memstore ./scim/sqlstore | go run ./internal/benchtable

# What "make load" and "make cycle" measure; DB is memory, a file or a postgres:// URL.
USERS ?= 1000
MEMBERS ?= 10
DB ?= :memory:
LOAD = bin=$$(mktemp -d); trap 'rm -r "$$bin"' EXIT; go build -o "$$bin" ./internal/load ./internal/peer/peerserver ./examples/quickstart;

.PHONY: load
load: ## measure servers over HTTP: quickstart, the peer, one that only writes bytes
	$(LOAD) "$$bin/load" -name quickstart -users $(USERS) -members $(MEMBERS) -- "$$bin/quickstart" -addr ADDR -token TOKEN -db '$(DB)'; \
	"$$bin/load" -name peer -path /v2 -users $(USERS) -members $(MEMBERS) -- "$$bin/peerserver" -addr ADDR -token TOKEN; \
	"$$bin/load" -name bytes -fixed -- "$$bin/peerserver" -bare -addr ADDR

.PHONY: cycle
cycle: ## simulate the first provisioning of 200,000 users, 2,000 groups, 1,000,000 memberships
	$(LOAD) "$$bin/load" -name '$(DB)' -cycle -users 200000 -groups 2000 -memberships 1000000 -- "$$bin/quickstart" -addr ADDR -token TOKEN -db '$(DB)'

.PHONY: ci
ci: ## everything that must pass, as on a clean machine
	.ci/run
