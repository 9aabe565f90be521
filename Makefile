# The generators of committed code, and what they are to leave unchanged.
GENERATED = ./example/ent ./internal/conformance/ent ./internal/conformance/keys/ent ./internal/parity/audited/ent ./internal/parity/bare/ent \
	./internal/storm/bare/ent ./internal/storm/bare/load ./example/customers/ent ./internal/graphql/relay/ent ./internal/graphql/object/ent \
	./internal/bench/audited/ent ./internal/bench/bare/ent ./internal/bench/bare/accounts
LINT      = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
TESTFLAGS ?=
# Such as -rounds 100, or -delay 1ms: see go test ./internal/bench -args -help.
BENCHFLAGS ?=

.PHONY: help fmt lint generate test bench storm mutants

help: ## Show this help.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

fmt: ## Format the code.
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

lint: bin/golangci-lint ## Check formatting and run the linters.
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go') | tee /dev/stderr)"
	./bin/golangci-lint run ./...

bin/golangci-lint: Makefile
	GOBIN=$(CURDIR)/bin go install $(LINT)
	@touch $@

generate: ## Generate the ent packages anew.
	go generate $(GENERATED)

test: ## Run the tests, on SQLite and on the databases of SQLAUDIT_TEST_POSTGRES and SQLAUDIT_TEST_MYSQL.
	go test -timeout 30m $(TESTFLAGS) ./...

bench: ## Measure writes beside bare ones, a log by hand and triggers, and reading a large log beside SQL by hand, on the same databases.
	go test -run '^$$' -bench . -benchmem -timeout 60m $(TESTFLAGS) ./internal/bench $(BENCHFLAGS)

storm: ## Run the races, kills and lost connections for longer than make test does.
	go test -timeout 60m -v $(TESTFLAGS) ./internal/storm -steps 400 -pairsteps 40 -kills 50 -everyloss

mutants: ## Break the code on purpose and see the tests turn red. MUTANTS selects by a regular expression.
	go run ./internal/mutants -run '$(MUTANTS)'
