#!/usr/bin/env bash
# Run by `make lint`: all checks run, and the failed ones are listed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/.tools
failed=()

check() {
	local name=$1
	shift
	echo "lint: $name"
	"$@" || failed+=("$name")
}

formatted() {
	local files
	files=$("$tools/gofumpt" -l .)
	[ -z "$files" ] || {
		printf 'not formatted (make fmt does it):\n%s\n' "$files"
		return 1
	}
}

# vet_queries lets Postgres prepare each query, on a schema created by the migrations.
vet_queries() {
	go build -buildvcs=false -o bin/wharf . &&
		go run ./scripts/testbed -only postgres run -- sh -ec '
			DB_SOURCE=$WHARF_TEST_POSTGRES bin/wharf migrate up
			WHARF_VET_POSTGRES=$WHARF_TEST_POSTGRES "$0/sqlc" vet' "$tools"
}

check gofumpt formatted
check golangci-lint "$tools/golangci-lint" run ./...
check words scripts/words.sh
check "imports" go test -count=1 arch_test.go
check "spec" go run ./scripts/spec -check
check "go mod tidy" go mod tidy -diff
check "the page: types and house rules" scripts/web.sh check
check "sqlc diff" "$tools/sqlc" diff
check "sqlc vet" vet_queries

if [ ${#failed[@]} -gt 0 ]; then
	printf 'lint: FAILED: %s\n' "${failed[@]}"
	exit 1
fi
echo "lint: all passed"
