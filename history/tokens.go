package history

import (
	"errors"
	"strings"

	"entgo.io/ent/dialect"
)

// A token is a part of a predicate's text.
type token struct {
	kind tokenKind
	text string // of a quoted name, without the quotes
	at   int    // where it begins
}

// same reports whether two tokens are the same, wherever they stand.
func (t token) same(other token) bool { return t.kind == other.kind && t.text == other.text }

type tokenKind int

const (
	other   tokenKind = iota // an operator, a parenthesis, …
	quoted                   // a quoted name
	word                     // a name, a keyword, …
	literal                  // a string, a number or a parameter
)

// errText says that a text cannot be taken apart with certainty.
var errText = errors.New("it has text that sqlaudit cannot take apart")

// tokenize takes a predicate's text apart. It fails for all whose reading depends on settings of the database, and for comments.
func tokenize(dialectName, text string) ([]token, error) {
	var out []token
	i := 0
	add := func(kind tokenKind, part string, n int) {
		out = append(out, token{kind, part, i})
		i += n
	}
	for i < len(text) {
		c := text[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case c == '\'':
			n := closing(text[i:], '\'')
			// A backslash escapes the quote in MySQL, unless it is told otherwise.
			if n < 0 || dialectName == dialect.MySQL && strings.Contains(text[i:i+n], `\`) {
				return nil, errText
			}
			add(literal, text[i:i+n], n)
		case c == '"' && dialectName != dialect.MySQL || c == '`' && dialectName != dialect.Postgres:
			n := closing(text[i:], c)
			if n < 0 {
				return nil, errText
			}
			q := string(c)
			add(quoted, strings.ReplaceAll(text[i+1:i+n-1], q+q, q), n)
		case c == '?' && dialectName != dialect.Postgres:
			add(literal, "?", 1)
		case c == '$' && dialectName == dialect.Postgres && i+1 < len(text) && digit(text[i+1]), digit(c):
			n := 1
			for i+n < len(text) && (digit(text[i+n]) || text[i+n] == '.' && digit(c)) {
				n++
			}
			if i+n < len(text) && (letter(text[i+n]) || text[i+n] == '$') {
				return nil, errText
			}
			add(literal, text[i:i+n], n)
		case letter(c):
			n := 1
			for i+n < len(text) && (letter(text[i+n]) || digit(text[i+n])) {
				n++
			}
			if i+n < len(text) && strings.IndexByte("'\"`$&", text[i+n]) >= 0 { // E'…', U&"…", x$y
				return nil, errText
			}
			add(word, text[i:i+n], n)
		case strings.HasPrefix(text[i:], "--"), strings.HasPrefix(text[i:], "/*"):
			return nil, errText
		case strings.HasPrefix(text[i:], "::"):
			add(other, "::", 2)
		case strings.IndexByte("().,=<>!+-*/%|&^~", c) >= 0, strings.IndexByte("@?[]", c) >= 0 && dialectName == dialect.Postgres:
			add(other, string(c), 1)
		default:
			return nil, errText
		}
	}
	return out, nil
}

// closing returns the length of the quoted text at the beginning of s, or -1. Two quotes within it stand for one.
func closing(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 == len(s) || s[i+1] != quote {
			return i + 1
		}
		i++
	}
	return -1
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func set(text string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

var (
	// operators are words that read no table.
	operators = set(`AND OR NOT XOR IN IS NULL TRUE FALSE UNKNOWN BETWEEN SYMMETRIC LIKE ILIKE RLIKE REGEXP GLOB SIMILAR TO ESCAPE DISTINCT ISNULL NOTNULL
		CASE WHEN THEN ELSE END AS COLLATE NOCASE BINARY RTRIM DIV MOD ANY ALL ARRAY ROW
		UTF8MB4_BIN UTF8MB4_GENERAL_CI UTF8MB4_UNICODE_CI UTF8MB4_0900_AI_CI UTF8_BIN UTF8_GENERAL_CI`)

	// functions are those that read no table.
	functions = set(`ABS CEIL CEILING FLOOR ROUND SIGN SQRT POWER POW MOD LN LOG LOG10 EXP TRUNC TRUNCATE GREATEST LEAST
		COALESCE NULLIF IFNULL IF IIF CAST CONVERT
		LOWER UPPER LCASE UCASE TRIM LTRIM RTRIM LENGTH CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH SUBSTR SUBSTRING LEFT RIGHT REPLACE CONCAT CONCAT_WS
		INSTR LOCATE POSITION STRPOS REVERSE REPEAT LPAD RPAD HEX UNHEX ENCODE DECODE MD5 ASCII
		DATE TIME DATETIME STRFTIME JULIANDAY DATE_TRUNC DATE_PART YEAR MONTH DAY HOUR MINUTE SECOND
		JSON JSON_EXTRACT JSON_UNQUOTE JSON_QUOTE JSON_CONTAINS JSON_CONTAINS_PATH JSON_OVERLAPS JSON_LENGTH JSON_DEPTH JSON_KEYS JSON_TYPE JSON_VALID JSON_VALUE JSON_ARRAY
		JSON_OBJECT JSON_ARRAY_LENGTH JSONB_ARRAY_LENGTH JSONB_TYPEOF JSONB_EXTRACT_PATH JSONB_EXTRACT_PATH_TEXT JSONB_EXISTS JSONB_BUILD_ARRAY JSONB_BUILD_OBJECT
		JSON_TYPEOF JSON_EXTRACT_PATH JSON_EXTRACT_PATH_TEXT TO_JSONB TO_JSON ARRAY_LENGTH CARDINALITY`)

	// types are names of types, as they stand behind :: and AS.
	types = set(`TEXT VARCHAR CHAR CHARACTER VARYING INT INTEGER INT2 INT4 INT8 SMALLINT BIGINT SIGNED UNSIGNED REAL FLOAT FLOAT4 FLOAT8 DOUBLE PRECISION DECIMAL NUMERIC BOOL BOOLEAN
		DATE TIME DATETIME TIMESTAMP TIMESTAMPTZ UUID BYTEA BLOB BINARY JSON JSONB INTERVAL`)
)
