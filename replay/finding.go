package replay

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// A Break is the way in which an entry does not continue the ones before it.
type Break string

// The breaks.
const (
	// BreakThere is a create of what is there.
	BreakThere Break = "it is there already"
	// BreakUnknown is an update or a delete of what is not known to be there.
	BreakUnknown Break = "it is not known to be there"
	// BreakValue is an old value that is not what the log says before, or a baseline that says otherwise.
	BreakValue Break = "the value before was another"
	// BreakLinkThere is a link that came, and was there.
	BreakLinkThere Break = "the link is there already"
	// BreakLinkGone is a link that went, and was not there.
	BreakLinkGone Break = "the link is not known to be there"
	// BreakLinkLeft is a link of an entity that went, of which the delete says nothing.
	BreakLinkLeft Break = "the link did not go with it"
	// BreakAction is an action of which nothing is known.
	BreakAction Break = "the action is unknown"
)

// A Finding is an entry that does not continue the ones before it: something else happened in between, or entries are missing.
type Finding struct {
	Break  Break
	Entry  uuid.UUID // the id of the entry
	Type   string    // the label
	ID     string    // how the log names the entity
	Action string    // of the entry
	// Name is the field or edge that is concerned, or "".
	Name string
	// Was is what the entries before imply, and Says what the entry says of it: a value, or the id at the other end of a link.
	Was, Says json.RawMessage
	// Doubt says that the log has no beginning for what is concerned: no create or baseline of the entity, or none that
	// says anything of the edge. The entry may be right: see State.
	Doubt bool
}

// String returns the finding on one line, such as
//
//	update of Customer 7 (0192…): email: the value before was another: "a@example.com", not "b@example.com"
func (f Finding) String() string {
	s := fmt.Sprintf("%s of %s %s (%s): ", f.Action, f.Type, f.ID, f.Entry)
	if f.Name != "" {
		s += f.Name + ": "
	}
	s += string(f.Break)
	switch {
	case f.Was != nil && f.Says != nil:
		s += fmt.Sprintf(": %s, not %s", f.Was, f.Says)
	case f.Was != nil:
		s += ": " + string(f.Was)
	case f.Says != nil:
		s += ": " + string(f.Says)
	}
	return s
}
