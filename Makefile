# `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
BIN     := bin
TOOLS   := $(CURDIR)/.tools
TESTBED := go run ./scripts/testbed

# How long each fuzz target runs in `make fuzz`, and how many inputs it tries in `make test`. The latter has no time limit, because
# one that ends during an input sometimes fails the target.
FUZZTIME       ?= 1m
FUZZTIME_SHORT ?= 500x
BENCH          ?= .

# The page is built first and embedded. WEB=no leaves it out; WEB=built uses web/dist as it is.
export WEB ?= yes

export CGO_ENABLED ?= 0

##@ Run

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Run wharf on 127.0.0.1:9083; install a Docker engine first if none answers
	@scripts/run.sh $(BIN)/wharf -hints

.PHONY: build
build: web ## Build bin/wharf, a static binary that contains the web page
	go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN)/wharf .

.PHONY: web
web: ## Build the web page into web/dist; WEB=no skips it
	@scripts/web.sh build

.PHONY: web-watch
web-watch: ## Serve the web page on 127.0.0.1:9084 with the API of WHARF (default 127.0.0.1:9083), and rebuild it at each change
	@scripts/web.sh watch

.PHONY: docker
docker: ## Build the Docker image wharf:VERSION
	docker build --build-arg VERSION=$(VERSION) -t wharf:$(VERSION) -t wharf:latest .

##@ Database at DB_SOURCE (from the environment or app.env)

.PHONY: postgres
postgres: ## Start a Postgres for development and print its DB_SOURCE
	@scripts/postgres.sh start

.PHONY: postgres-stop
postgres-stop: ## Stop the Postgres of make postgres
	@scripts/postgres.sh stop

.PHONY: migrateup migratedown migrateversion
migrateup: build ## Migrate the schema to the current version
	@$(BIN)/wharf migrate up
migratedown: build ## Revert the last migration
	@$(BIN)/wharf migrate down
migrateversion: build ## Print the schema's version
	@$(BIN)/wharf migrate version

##@ Test

.PHONY: test
test: web ## Run all tests with -race, with temporary Docker engines and a temporary Postgres
	@scripts/install-cc.sh
	@scripts/web.sh test
	@$(TESTBED) run -- scripts/test.sh $(FUZZTIME_SHORT)

.PHONY: test-busy
test-busy: ## Run all tests three times while four busy loops use the CPU (an hour on two cores)
	@scripts/install-cc.sh
	@scripts/busy.sh 4 $(TESTBED) run -- scripts/test.sh $(FUZZTIME_SHORT) 3

.PHONY: test-short
test-short: ## Run the tests that need neither Docker nor Postgres
	go test -short ./...

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (1m), and send 500 random requests for each operation of the OpenAPI document
	@$(TESTBED) run -- go test -count=1 -timeout 30m -run '^TestDrawnRequests$$' ./api -rapid.checks=500
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## Run the Go benchmarks that match BENCH (default: all)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: bench-events
bench-events: ## Measure event streams, also after lost connections, kills and stalls, and print a table (10 minutes)
	@$(TESTBED) run -- env BENCH_EVENTS=1 go test -count=1 -v -timeout 20m ./scripts/benchevents

.PHONY: bench-logs
bench-logs: ## Measure container logs: streams, lost connections, kills and searches; print a table (15 minutes)
	@$(TESTBED) run -- env BENCH_LOGS=1 go test -count=1 -v -timeout 40m ./scripts/benchlogs

.PHONY: bench-hosts
bench-hosts: ## Measure wharf with many hosts, dead hosts and malicious hosts, and print a table (5 minutes)
	@$(TESTBED) run -- env BENCH_HOSTS=1 go test -count=1 -v -timeout 20m ./scripts/benchhosts
	@$(TESTBED) run -- env BENCH_HOSTS=1 go test -count=1 -v -timeout 20m -run KeepTheirPace ./dockerx

# The parts of bench-replicas to run, as a regular expression: Idle, Latency, Faults, Thousand, Reload, Logins, Metrics, Sustained$$, SustainedSQLite.
PART ?= .

.PHONY: bench-replicas
bench-replicas: ## Measure three replicas: failures, a thousand hosts, 5,000 events/s; PART selects parts (20 minutes)
	@$(TESTBED) -only postgres run -- env BENCH_REPLICAS=1 go test -count=1 -v -timeout 40m -run '$(PART)' ./scripts/benchreplicas

.PHONY: bench-access
bench-access: ## Test sessions, logins and sign-ups under races, measure the cost of access checks, and print a table (7 minutes)
	@$(TESTBED) run -- env BENCH_ACCESS=1 go test -count=1 -v -timeout 20m ./scripts/benchaccess

.PHONY: bench-edge
bench-edge: ## Attack a temporary wharf on 127.0.0.1, measure its memory and other clients' response times, and print a table (20 minutes)
	@$(TESTBED) -only postgres run -- env BENCH_EDGE=1 go test -count=1 -v -timeout 60m ./scripts/benchedge

# How long `make soak` lasts.
SOAK ?= 20m

.PHONY: soak
soak: ## Run wharf under changing load for SOAK (20m); goroutines, descriptors, memory and the database must not grow
	@$(TESTBED) -only postgres run -- env SOAK=$(SOAK) go test -count=1 -v -timeout 0 -run TestSoak ./scripts/benchedge

# Special benchmarks and tests, one target each: bench-access, bench-edge, soak, bench-terminal, bench-docker,
# bench-operations, bench-events, bench-stats, bench-hosts, bench-replicas, bench-engines, test-engines.

.PHONY: bench-terminal
bench-terminal: ## Compare terminals with the engine's own and with docker exec, and print a table (3 minutes)
	@$(TESTBED) run -- env BENCH_TERMINAL=1 go test -count=1 -v -timeout 20m ./scripts/benchterminal

.PHONY: bench-operations
bench-operations: ## Compare operations with the docker CLI, kill wharf 100 times during recreations, and print a table (8 minutes)
	@$(TESTBED) run -- sh -c 'BENCH_OPERATIONS=1 go test -count=1 -v -timeout 20m ./scripts/benchoperations && \
		WHARF_KILLS=50 go test -count=1 -v -timeout 20m -run TestAKillDuringARecreation .'

.PHONY: bench-docker
bench-docker: ## Compare Docker's own tools through wharf with direct use of the engine, and print a table (3 minutes)
	@$(TESTBED) run -- env BENCH_DOCKER=1 go test -count=1 -v -timeout 20m ./scripts/benchdocker

.PHONY: bench-web
bench-web: build ## Measure the web page in a browser, and print a table (10 minutes)
	@scripts/install-browser.sh
	@BENCH_WEB=1 go test -count=1 -v -timeout 30m ./scripts/benchweb

.PHONY: screenshots
screenshots: build ## Take the screenshots in docs/images, which README.md shows
	@scripts/install-browser.sh
	@SCREENSHOTS=$(CURDIR)/docs/images go test -count=1 -run TestScreenshots ./scripts/benchweb

.PHONY: bench-stats
bench-stats: ## Compare usage with docker stats on a real engine (15 minutes; Linux, root)
	@$(TESTBED) run -- go run ./scripts/benchstats $(BENCHSTATS)

.PHONY: bench-engines
bench-engines: ## Run bench-stats on a newer Docker engine, built from its Go module (not in CI)
	@scripts/bench-engines.sh $(BENCHSTATS)

# Tests that every engine must pass: list, inspect, start, stop, the other operations, events, usage.
ENGINE_TESTS := Real|LifeOn|LoadsAreBuilt|DockerStats
# Tests of replacing containers, which wharf does only on Docker.
RECREATE_TESTS := CreatedAnew|OldContainer(Comes|Outlives)|NewContainerThatFails|ImageThatMoved|ImageIsPulled

.PHONY: test-engines
test-engines: ## Test with Podman, a newer Docker engine, and a host behind a real sshd (Linux, root; not in CI)
	@echo "test-engines: if missing, installs Debian's podman and openssh-server (whose sshd may start),"
	@echo "and builds dockerd and runc into .tools, which takes some minutes"
	@$(TESTBED) run -- scripts/test-engines.sh '$(ENGINE_TESTS)'
	@bin=$$(scripts/newer-engine.sh); PATH=$$bin:$$PATH $(TESTBED) run -- go test -count=1 -timeout 10m -v -run '$(ENGINE_TESTS)|$(RECREATE_TESTS)' ./dockerx ./service/recreate

##@ Source

.PHONY: lint
lint: tools ## Check formatting, lint rules, generated code, queries and go.mod
	@scripts/lint.sh

.PHONY: vuln
vuln: ## Look for known vulnerabilities in the dependencies (needs vuln.go.dev; not in CI)
	@go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./... || { code=$$?; \
		[ $$code -eq 3 ] || echo "vuln: nothing was checked: the vulnerability database can't be reached from here"; exit $$code; }

.PHONY: fmt
fmt: tools ## Format the Go files
	$(TOOLS)/gofumpt -w .

.PHONY: sqlc
sqlc: tools ## Generate db/sqlc from db/query
	$(TOOLS)/sqlc generate

.PHONY: spec
spec: ## Generate the OpenAPI document, the Go client and the page's types from the route table, and docs/cli.md from the commands
	go run ./scripts/spec

.PHONY: spec-mutants
spec-mutants: ## Check that the tests detect an undocumented key, status and route
	@scripts/spec-mutants.sh

.PHONY: tools
tools: $(TOOLS)/.built ## Build the linters and sqlc into .tools

$(TOOLS)/.built: tools/go.mod tools/go.sum
	@echo "building the tools of tools/go.mod: a few minutes, once"
	cd tools && GOBIN=$(TOOLS) go install tool
	@touch $@

.PHONY: clean
clean: ## Remove build output; keep data
	rm -rf $(BIN) $(TOOLS) web/dist web/.watch web/node_modules
