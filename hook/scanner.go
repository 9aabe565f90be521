package hook

import (
	"strings"

	"entgo.io/ent/dialect"
)

// A scanner goes over a statement of ent's by the bytes that stand outside of what it quotes and comments: users write expressions, conditions and names into it.
type scanner struct {
	dialect, query string

	at     int // where it is
	depth  int // how many parentheses that stands in; of a parenthesis itself, how many that does
	inside int
	broken bool // the statement ends in the middle of something
}

func newScanner(dialectName, query string) *scanner {
	return &scanner{dialect: dialectName, query: query, at: -1}
}

// next moves on, and reports whether there is more.
func (s *scanner) next() bool {
	for s.at++; s.at < len(s.query); {
		end := s.skip()
		if end > len(s.query) {
			s.broken = true
			return false
		}
		if end > s.at {
			s.at = end
			continue
		}
		switch s.depth = s.inside; s.query[s.at] {
		case '(':
			s.inside++
		case ')':
			s.inside--
			s.depth--
		}
		s.broken = s.broken || s.inside < 0
		return true
	}
	s.broken = s.broken || s.inside != 0
	return false
}

// skip returns where what is quoted or commented ends that begins here, here if nothing does, and behind the statement if it does not end.
func (s *scanner) skip() int {
	rest := s.query[s.at:]
	switch ch := rest[0]; {
	case ch == '\'':
		escapes := s.dialect == dialect.MySQL || s.dialect == dialect.Postgres && s.at > 0 && s.query[s.at-1]|0x20 == 'e' && !s.named(s.at-1)
		end := s.quoted(ch, escapes)
		for escapes && s.dialect == dialect.Postgres && end < len(s.query) { // it goes on, with escapes, on another line
			next, line := s.goesOn(end)
			if !line || next >= len(s.query) || s.query[next] != '\'' {
				break
			}
			end = (&scanner{dialect: s.dialect, query: s.query, at: next}).quoted(ch, escapes)
		}
		return end
	case ch == '"':
		return s.quoted(ch, s.dialect == dialect.MySQL)
	case ch == '`':
		return s.quoted(ch, false)
	case ch == '[' && s.dialect == dialect.SQLite:
		return s.past("]", 1)
	case strings.HasPrefix(rest, "--") && (s.dialect != dialect.MySQL || len(rest) == 2 || rest[2] <= ' '), ch == '#' && s.dialect == dialect.MySQL:
		return s.past("\n", 1)
	case strings.HasPrefix(rest, "/*") && s.dialect == dialect.Postgres:
		return s.nested()
	case s.dialect == dialect.MySQL && (strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!")): // which is run
		return len(s.query) + 1
	case strings.HasPrefix(rest, "/*"):
		return s.past("*/", 2)
	case ch == '$' && s.dialect == dialect.Postgres && !s.named(s.at):
		if tag := dollarTag(rest); tag != "" {
			return s.past(tag, len(tag))
		}
	}
	return s.at
}

// quoted returns where what stands in quotes ends that begins here.
func (s *scanner) quoted(quote byte, escapes bool) int {
	for i := s.at + 1; i < len(s.query); i++ {
		switch ch := s.query[i]; {
		case ch == '\\' && escapes:
			i++
		case ch == quote && i+1 < len(s.query) && s.query[i+1] == quote:
			i++
		case ch == quote:
			return i + 1
		}
	}
	return len(s.query) + 1
}

// goesOn returns where something follows spaces and comments of a line, and whether that is on another line.
func (s *scanner) goesOn(at int) (next int, line bool) {
	for ; at < len(s.query); at++ {
		switch rest := s.query[at:]; {
		case rest[0] == '\n' || rest[0] == '\r':
			line = true
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexAny(rest, "\n\r")
			if end < 0 {
				return len(s.query), line
			}
			at += end - 1
		case !strings.ContainsRune(" \t\f\v", rune(rest[0])):
			return at, line
		}
	}
	return at, line
}

// past returns where an end ends, looked for from so many bytes on.
func (s *scanner) past(end string, from int) int {
	i := strings.Index(s.query[s.at+from:], end)
	if i < 0 {
		return len(s.query) + 1
	}
	return s.at + from + i + len(end)
}

// nested returns where a comment ends that begins here, in which there may be others.
func (s *scanner) nested() int {
	depth := 0
	for i := s.at; i+1 < len(s.query); i++ {
		switch s.query[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s.query) + 1
}

// named reports whether a name goes on at a position.
func (s *scanner) named(at int) bool {
	return at > 0 && (inName(s.query[at-1]) || s.query[at-1] == '$')
}

func inName(ch byte) bool {
	return ch == '_' || ch >= 0x80 || '0' <= ch && ch <= '9' || 'a' <= ch|0x20 && ch|0x20 <= 'z'
}

// dollarTag returns the tag, $$ or $name$, that a text quoted by PostgreSQL's dollars begins with, or nothing.
func dollarTag(text string) string {
	for i := 1; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '$':
			return text[:i+1]
		case !inName(ch), i == 1 && '0' <= ch && ch <= '9':
			return ""
		}
	}
	return ""
}

// parameter reports whether a parameter begins here.
func (s *scanner) parameter() bool {
	if s.dialect != dialect.Postgres {
		return s.query[s.at] == '?'
	}
	return s.query[s.at] == '$' && !s.named(s.at) && s.at+1 < len(s.query) && '0' <= s.query[s.at+1] && s.query[s.at+1] <= '9'
}

// clause returns the position of a clause at or after a position, outside of quotes, comments and parentheses, or -1.
func clause(dialectName, query string, from int, words string) int {
	for s := newScanner(dialectName, query); s.next(); {
		if s.depth == 0 && s.at >= from && strings.HasPrefix(query[s.at:], words) {
			return s.at
		}
	}
	return -1
}

// complete reports whether a statement, or the beginning of one, ends outside of quotes, comments and parentheses.
func complete(dialectName, query string) bool {
	s := newScanner(dialectName, query)
	for s.next() {
	}
	return !s.broken
}

// occurrences returns how often a word stands in a statement, in whatever case, outside of quotes, comments and parentheses.
func occurrences(dialectName, query, word string) int {
	n := 0
	for s := newScanner(dialectName, query); s.next(); {
		if s.depth == 0 && s.word(word) {
			n++
		}
	}
	return n
}

// word reports whether a word begins here, in whatever case.
func (s *scanner) word(word string) bool {
	end := s.at + len(word)
	return end <= len(s.query) && strings.EqualFold(s.query[s.at:end], word) && (!inName(word[0]) || !s.named(s.at) && (end == len(s.query) || !inName(s.query[end])))
}

// An assignment is one of those of an update, as it stands in the statement.
type assignment struct{ column, value string }

// assignments returns those of a list.
func assignments(dialectName, list string) []assignment {
	var out []assignment
	from := 0
	add := func(end int) {
		column, value, _ := strings.Cut(list[from:end], " = ")
		out = append(out, assignment{strings.TrimSpace(column), value})
		from = end + 1
	}
	for s := newScanner(dialectName, list); s.next(); {
		if s.depth == 0 && list[s.at] == ',' {
			add(s.at)
		}
	}
	add(len(list))
	return out
}
