SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

# How often "make bench" measures; the fastest counts.
COUNT ?= 3

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
	go test -race ./...

.PHONY: lint
lint: ## gofmt, vet and staticcheck
	.ci/run format vet staticcheck

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (5s)
	.ci/run fuzz

.PHONY: conformance
conformance: ## print every requirement of the RFCs and profiles with its result
	MUSTER_CONFORMANCE=1 go test -count=1 -v -run '^TestConformance$$' ./examples/full | grep -E '^([A-Z]-|=)[^=]' | sort -V

.PHONY: bench
bench: ## measure COUNT times (3) and print the figures beside their targets
	go test -run '^$$' -bench . -benchmem -count $(COUNT) ./filter ./schema ./scim/... | go run ./internal/benchtable

.PHONY: ci
ci: ## everything that must pass, as on a clean machine
	.ci/run
