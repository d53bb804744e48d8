#!/usr/bin/env bash
# Makes three changes, each in a copy of the tree, and fails if the document's tests don't find one of them: a type with a
# key that its schema lacks, an answer with a status that the table lacks, and a route without a row.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy" 2>/dev/null || true
alive=()

# mutant NAME FILE SED-SCRIPT TEST MESSAGE: the test must fail and print the message.
mutant() {
	local name=$1 file=$2 script=$3 test=$4 message=$5 out
	cp "$copy/$file" "$copy/$file.kept"
	sed -i "$script" "$copy/$file"
	cmp -s "$copy/$file" "$copy/$file.kept" && {
		echo "spec-mutants: $name: nothing was changed in $file: the script is out of date"
		exit 1
	}
	if out=$(cd "$copy" && go test -count=1 -run "^$test\$" ./api 2>&1); then
		echo "spec-mutants: $name: ALIVE: $test passed"
		alive+=("$name")
	elif ! grep -qF "$message" <<<"$out"; then
		echo "spec-mutants: $name: $test failed for another reason:"
		echo "$out" | head -30
		alive+=("$name")
	else
		echo "spec-mutants: $name: found: $(grep -F "$message" <<<"$out" | head -1 | sed 's/^ *//' | cut -c1-160)"
	fi
	mv "$copy/$file.kept" "$copy/$file"
}

mutant "a key too many" api/dto/users.go \
	's/^type Me struct {/&\n\tExtra bool `json:"extra"`/' \
	TestEveryRouteWithEveryCredentialEverywhere 'property "extra" is unsupported'
mutant "a status that isn't in the table" api/health.go \
	's/return respondData(w, "ok")/return respondBody(w, http.StatusAccepted, encodeData("ok"))/' \
	TestEveryRouteWithEveryCredentialEverywhere 'the document has no such status'
mutant "a route without a row" api/server.go \
	's/^\ts.mux.NotFound/\ts.mux.Get("\/v1\/hidden", func(w http.ResponseWriter, _ *http.Request) {})\n&/' \
	TestEveryRouteWithEveryCredentialEverywhere 'served without a row in the table'

if [ ${#alive[@]} -gt 0 ]; then
	printf 'spec-mutants: FAILED: %s\n' "${alive[@]}"
	exit 1
fi
