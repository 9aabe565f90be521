package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
)

// printTable prints entries as a table, a line for each change.
func printTable(out io.Writer, entries []*ent.AuditLog) {
	rows := [][]string{{"TIME", "WHO", "ACTION", "WHAT", "CHANGE", "WHY"}}
	for _, e := range entries {
		who := e.ActorName
		if e.ImpersonatorID != "" {
			who += " (" + e.ImpersonatorID + ")"
		}
		row := []string{e.OccurredAt.UTC().Format("15:04:05.000"), who, e.Action, e.ResourceType + " " + e.ResourceID, "", e.Reason}
		for _, c := range e.Changes() {
			row[4] = describe(e.Action, c)
			rows = append(rows, row)
			row = make([]string, len(row)) // further changes of the entry stand below the first
		}
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
		if n == 0 {
			total := 2 * (len(widths) - 1)
			for _, w := range widths {
				total += w
			}
			fmt.Fprintln(out, strings.Repeat("─", total))
		}
	}
}

func describe(action string, c sqlaudit.Change) string {
	switch {
	case c.Redacted:
		return c.Field + ": (not recorded)"
	case action == sqlaudit.ActionCreate:
		return fmt.Sprintf("%s: %s", c.Field, value(c.New))
	case action == sqlaudit.ActionDelete:
		return fmt.Sprintf("%s: %s", c.Field, value(c.Old))
	default:
		return fmt.Sprintf("%s: %s → %s", c.Field, value(c.Old), value(c.New))
	}
}

func value(v any) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(v)
}
