package undo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

var (
	// ErrNoEntry is returned for an entry that is not in the log.
	ErrNoEntry = errors.New("sqlaudit: the log has no such entry")

	// ErrBaseline is returned for entries that say what was there before the log followed it: they are of no change, and there is nothing to undo.
	ErrBaseline = errors.New("sqlaudit: a baseline is no change that could be undone")

	// ErrNotDeleted is returned where an entity is to be undeleted that is there, or of which the log does not say that it was deleted.
	ErrNotDeleted = errors.New("sqlaudit: the entity is not deleted")

	// ErrUntracked is returned for entries about a type that is not tracked any more.
	ErrUntracked = errors.New("sqlaudit: no tracked type has the entry's label")

	// ErrImmutable is returned where an update would have to write a field or an edge that is immutable. Such a value changes by
	// OnConflict or a modifier alone, and can only be put back so.
	ErrImmutable = errors.New("sqlaudit: the value is immutable and no update of ent's can put it back")
)

// A Kind is why undoing would lose something.
type Kind string

// The kinds of conflicts.
const (
	Changed   Kind = "changed"    // the field, or the link, was changed again
	Differs   Kind = "differs"    // the value is not the one that the log says it was changed to: it was written around ent
	Gone      Kind = "gone"       // the entity is gone
	Recreated Kind = "re-created" // the entity was deleted and created anew
	Referred  Kind = "referred"   // what was created is referred to by what was not created with it
	NoTarget  Kind = "no target"  // what the field or link led to is gone
	Taken     Kind = "taken"      // what the link led to is now linked to another entity
)

// A Conflict is one thing that undoing would lose, or that is in its way.
type Conflict struct {
	Kind Kind
	// Type and ID are those of the entity, in the log.
	Type, ID string
	// Field is the field or edge, or empty where it is the entity as a whole.
	Field string
	// Target is the id of what a link or a reference leads to, or, of the kind Referred, what refers to the entity.
	Target string
	// Entry and TxID are those of the later change, or zero where no entry says it.
	Entry, TxID uuid.UUID
}

// String returns the conflict on one line.
func (c Conflict) String() string {
	s := c.Type + " " + c.ID + ": "
	link := c.Field
	if c.Target != "" {
		link += " to " + c.Target
	}
	switch c.Kind {
	case Changed:
		s += link + " was changed again"
	case Differs:
		s += c.Field + " is not what the log says it was changed to"
	case Gone:
		s += "is gone"
	case Recreated:
		s += "was created anew"
	case Referred:
		s += c.Target + " refers to it by " + c.Field
	case NoTarget:
		s += c.Field + ": " + c.Target + " is gone"
	case Taken:
		s += c.Field + ": " + c.Target + " is linked to another by now"
	}
	if c.Entry != uuid.Nil {
		s += " (entry " + c.Entry.String() + ")"
	}
	return s
}

// A ConflictError says what undoing would lose. Nothing was changed.
type ConflictError struct{ Conflicts []Conflict }

// Error implements error. It names the first few conflicts.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("sqlaudit: later changes would be lost: %s: see Conflicts, and pass Overwrite to undo regardless", some(e.Conflicts))
}

// An Unknown is a value that the log does not have.
type Unknown struct {
	Type, ID, Field string
	// Redacted says that the field is sensitive. Else it is not tracked, or the type does not have it any more, or Err says why its value cannot be read
	// as the field's type: with auditlog.ErrNoCodec, where the client lacks the codec that wrote it.
	Redacted bool
	Err      error
	// Required says that the entity cannot be created without it.
	Required bool
}

// String returns the value's field.
func (u Unknown) String() string {
	s := u.Type + " " + u.ID + ": " + u.Field
	switch {
	case u.Err != nil:
		s += " cannot be read: " + u.Err.Error()
	case u.Redacted:
		s += " is redacted"
	case u.Required:
		s += " is required and not in the log"
	default:
		s += " is no tracked field any more"
	}
	return s
}

// An UnknownError says which values undoing needs that the log does not have. Nothing was changed.
type UnknownError struct{ Fields []Unknown }

// Error implements error. It names the first few fields.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("sqlaudit: values are unknown: %s: give them by With, or pass LeaveUnknown to leave what is not required", some(e.Fields))
}

// Unwrap returns why values cannot be read.
func (e *UnknownError) Unwrap() []error {
	var errs []error
	for _, u := range e.Fields {
		if u.Err != nil {
			errs = append(errs, u.Err)
		}
	}
	return errs
}

// some returns the first few of a list.
func some[T fmt.Stringer](list []T) string {
	const most = 5
	var b strings.Builder
	for i, v := range list[:min(len(list), most)] {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(v.String())
	}
	if n := len(list) - most; n > 0 {
		fmt.Fprintf(&b, "; and %d more", n)
	}
	return b.String()
}
