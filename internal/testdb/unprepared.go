package testdb

import (
	"entgo.io/ent/dialect/sql"
)

// Unprepared is a driver that does not tell which database it leads to, so that the audit driver cannot know that its statements are
// prepared, and keeps a mutation and its record apart.
type Unprepared struct{ *sql.Driver }

// DB hides the driver's.
func (Unprepared) DB() {}
