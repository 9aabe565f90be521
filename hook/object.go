package hook

import (
	"slices"
	"strings"
)

// An object is a JSON object that PostgreSQL makes.
type object []member

type member struct{ name, value, condition string }

// where adds a member that is there if a condition holds.
func (o *object) where(name, value, condition string) {
	*o = append(*o, member{name, value, condition})
}

const (
	// maxMembers is how many members one call of jsonb_build_object takes, whose limit is 100 arguments.
	maxMembers = 50
	// manyMembers are so many that PostgreSQL is faster to make them of a row, and maxName is how many bytes a name in one may have.
	manyMembers, maxName = 4, 63
)

// row returns the expression of the object with all members, made of a row.
func (o object) row() string {
	columns := make([]string, len(o))
	for i, m := range o {
		columns[i] = m.value + ` AS "` + strings.ReplaceAll(m.name, `"`, `""`) + `"`
	}
	return `(SELECT to_jsonb(r) FROM (SELECT ` + strings.Join(columns, ", ") + `) AS r)`
}

// text returns the expression of the object, with all members if all says so.
func (o object) text(all bool) string {
	if all && len(o) >= manyMembers && !slices.ContainsFunc(o, func(m member) bool { return len(m.name) > maxName }) {
		return o.row()
	}
	return o.built(all)
}

// built is text where the object is made once: a row takes longer to begin with.
func (o object) built(all bool) string {
	var parts []string
	for i, m := range o {
		switch {
		case !all:
			parts = append(parts, "CASE WHEN "+m.condition+" THEN jsonb_build_object("+literal(m.name)+", "+m.value+") ELSE '{}' END")
		case i%maxMembers == 0:
			parts = append(parts, "jsonb_build_object("+literal(m.name)+", "+m.value+")")
		default:
			last := &parts[len(parts)-1]
			*last = strings.TrimSuffix(*last, ")") + ", " + literal(m.name) + ", " + m.value + ")"
		}
	}
	if len(parts) == 0 {
		return "'{}'::jsonb"
	}
	return strings.Join(parts, " || ")
}

// names are an array of names that PostgreSQL makes.
type names []string

func (n *names) where(name, condition string) {
	*n = append(*n, "CASE WHEN "+condition+" THEN jsonb_build_array("+literal(name)+"::text) ELSE '[]' END")
}

// text returns the expression of the array, which is NULL if it is empty.
func (n names) text() string {
	if len(n) == 0 {
		return ""
	}
	return "NULLIF(" + strings.Join(n, " || ") + ", '[]')"
}

// literal returns s as a literal of SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
