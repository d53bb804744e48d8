#!/usr/bin/env bash
# Fails if code, tests or documents contain a retired word of words.txt, or if a comment or a document contains "who", "whom",
# "whoever", "nobody" or "somebody". CONTRIBUTING.md's glossary has the words in use.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
look() { # EXPLANATION PATTERN PATH...
	local explanation=$1 pattern=$2 found
	shift 2
	found=$(git grep --untracked -nIiwE "$pattern" -- "$@" ':!scripts/words.*' ':!db/sqlc' ':!*package-lock.json' ':!*.sum' ':!*common_passwords.txt') || return 0
	printf '%s:\n%s\n' "$explanation" "$found"
	status=1
}

while IFS=$'\t' read -r word instead; do
	case $word in '' | '#'*) continue ;; esac
	look "\"$word\" is retired, use: $instead" "$word" .
done <scripts/words.txt
look 'say it without "who": the caller, the client, the user' '(//|-- |^ *\*)[^"]*\b(who|whom|whoever|nobody|somebody)\b' '*.go' '*.ts' '*.tsx' '*.sql'
look 'say it without "who": the caller, the client, the user' '(who|whom|whoever|nobody|somebody)' '*.md'
exit "$status"
