package service

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote is an opening quotation mark with the backslashes before it: JSON inside JSON has \".
type quote struct {
	mark    byte // 0: none
	escapes int
}

func (q quote) len() int { return q.escapes + 1 }

// quoteAt returns the quotation mark that begins at i, or the zero quote.
func quoteAt(s string, i int) quote {
	n := 0
	for i+n < len(s) && s[i+n] == '\\' {
		n++
	}
	if i+n < len(s) && isMark(s[i+n]) {
		return quote{s[i+n], n}
	}
	return quote{}
}

func isMark(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// closing returns the position of the mark that closes the quote opened before i, at the mark's first backslash, or the
// end of the text. A mark with more backslashes than the opening mark is escaped.
func (q quote) closing(s string, i int) int {
	for n := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			n++
		case s[i] == q.mark && q.ends(n):
			return i - min(n, q.escapes)
		default:
			n = 0
		}
	}
	return len(s)
}

// ends reports whether a mark with this number of backslashes before it closes the quote.
func (q quote) ends(backslashes int) bool {
	if q.escapes == 0 {
		return backslashes%2 == 0
	}
	return backslashes <= q.escapes
}

// valueScanner finds the ends of values. It reads the text once, from the beginning, so keys must be passed in order.
type valueScanner struct {
	s    string
	at   int
	open quote // the quote around at
}

// valueEnd returns the end of the value whose key begins at key.
func (t *valueScanner) valueEnd(key int, v secretValue) int {
	around := t.quoteAround(key)
	if v.closed {
		around = quote{}
	}
	end := t.end(t.skipBreak(v.begin, v.word), around, v.word)
	if end > t.at {
		t.at, t.open = end, around
	}
	return end
}

// quoteAround returns the quote around a position. A mark after a letter or digit is an apostrophe and opens no quote.
func (t *valueScanner) quoteAround(place int) quote {
	for t.at < place {
		if t.open.mark != 0 {
			end := t.open.closing(t.s[:place], t.at)
			if end == place {
				t.at = place
				break
			}
			t.at, t.open = end+t.open.len(), quote{}
			continue
		}
		q := quoteAt(t.s, t.at)
		if q.mark != 0 && t.at+q.len() <= place && !t.afterWord() {
			t.open = q
			t.at += q.len()
			continue
		}
		t.at++
		if q.mark != 0 {
			t.at += q.escapes
		}
	}
	return t.open
}

func (t *valueScanner) afterWord() bool {
	r, _ := utf8.DecodeLastRuneInString(t.s[:t.at])
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// skipBreak skips a line break before a value that begins on a later line with a quotation mark or bracket.
func (t *valueScanner) skipBreak(i int, word bool) int {
	rest := strings.TrimLeft(t.s[i:], " \t\r\n")
	if !word && strings.HasPrefix(strings.TrimLeft(t.s[i:], " \t\r"), "\n") && rest != "" && strings.ContainsRune("\"'`\\[{", rune(rest[0])) {
		return len(t.s) - len(rest)
	}
	return i
}

// end returns the end of a value that begins at i, inside the quote around.
func (t *valueScanner) end(i int, around quote, word bool) int {
	if i >= len(t.s) {
		return len(t.s)
	}
	if q := quoteAt(t.s, i); q.mark != 0 && q != around {
		i = t.afterQuote(i, q)
		if i >= len(t.s) || strings.IndexByte(" \t\r\n,;:)]}&|>", t.s[i]) >= 0 {
			return i
		}
		return t.wordEnd(i, around) // the shell joins "a"b"c"
	}
	switch {
	case t.s[i] == '[' || t.s[i] == '{':
		return t.bracketEnd(i)
	case word:
		return t.wordEnd(i, around)
	}
	return t.blockEnd(i, around)
}

func (t *valueScanner) afterQuote(i int, q quote) int {
	return min(q.closing(t.s, i+q.len())+q.len(), len(t.s))
}

// wordEnd returns the end of the shell word that begins at i.
func (t *valueScanner) wordEnd(i int, around quote) int {
	for i < len(t.s) {
		q := quoteAt(t.s, i)
		switch {
		case q.mark != 0 && closes(around, q):
			return i
		case q.mark != 0:
			i = t.afterQuote(i, q)
		case t.s[i] == '\\':
			i = min(i+2, len(t.s))
		case t.s[i] == ' ' || t.s[i] == '\t' || t.s[i] == '\r' || t.s[i] == '\n':
			return i
		default:
			i++
		}
	}
	return i
}

// closes reports whether the mark q closes the quote around.
func closes(around, q quote) bool { return q.mark == around.mark && around.ends(q.escapes) }

// bracketEnd returns the end of the list or object that begins at i. Brackets inside quotes don't count.
func (t *valueScanner) bracketEnd(i int) int {
	for depth := 0; i < len(t.s); {
		if q := quoteAt(t.s, i); q.mark != 0 {
			i = t.afterQuote(i, q)
			continue
		}
		switch t.s[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if i++; depth == 0 {
			return i
		}
	}
	return len(t.s)
}

// blockEnd returns the end of a value that extends to the end of its line and over the following lines that are indented
// further (YAML blocks, folded headers) or, if its line has no value, are items of a list. The end of the quote around also
// ends the value.
func (t *valueScanner) blockEnd(i int, around quote) int {
	line := t.s[strings.LastIndexByte(t.s[:i], '\n')+1:]
	indent := indentOf(line)
	end := i + lineEnd(t.s[i:])
	empty := strings.TrimSpace(t.s[i:end]) == ""
	for end < len(t.s) {
		next := t.s[end+1:]
		if blank := strings.TrimSpace(next[:lineEnd(next)]) == ""; !blank && indentOf(next) <= indent &&
			(!empty || !strings.HasPrefix(next[indent:], "- ") || indentOf(next) != indent) {
			break
		}
		end += 1 + lineEnd(next)
	}
	end = i + len(strings.TrimRight(t.s[i:end], " \t\r\n"))
	if around.mark != 0 {
		end = min(end, around.closing(t.s, i))
	}
	return end
}

// lineEnd returns the length of the first line. A backslash at its end continues it on the next line.
func lineEnd(s string) int {
	for i := range len(s) {
		if s[i] == '\n' && !strings.HasSuffix(strings.TrimSuffix(s[:i], "\r"), "\\") {
			return i
		}
	}
	return len(s)
}

func indentOf(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }
