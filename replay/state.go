package replay

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// An Entry is what of a row of the log a State is made of.
type Entry struct {
	ID            uuid.UUID
	Action        string
	Type          string // the label
	ResourceID    string
	Before, After auditlog.Values
}

// A State is what entries imply: the recorded fields and links of every entity that is there. Its memory is that of those
// entities; what is gone takes none. It is not safe for concurrent use.
//
// What was there before the log followed it has no create. Its life begins in the log with a baseline entry, if package replay's Baseline came by; until
// then it is known as far as the updates of it say. Likewise an edge that was added to the recorded ones later is known
// as far as they say until a baseline entry has its links. An entry that speaks of what the log did not know is a Finding with Doubt. Add keeps it back while the entity
// is there, and forgets it when the baseline comes.
type State struct {
	schema   *auditlog.Schema
	entities map[name]*Entity
	// Findings are those that Replay came upon, unless it was told to hand them on.
	Findings []Finding
}

type name struct{ label, id string }

// NewState returns the state before the first entry, of entities of the tracked types of schema.
func NewState(schema *auditlog.Schema) *State {
	return &State{schema: schema, entities: make(map[name]*Entity)}
}

// An Entity is what the log says of an entity that is there.
type Entity struct {
	Type, ID string // the label, and how the log names the entity
	// Fields are the values of recorded fields, as the log has them. A field that no entry of the entity's present life speaks of is missing.
	Fields auditlog.Values
	// Edges are the links of recorded edges that lead to many. An edge that no entry speaks of is missing: as far
	// as the log knows it has no links.
	Edges map[string]Links
	// Begun says that the log has the beginning of the entity's present life: a create, or a baseline.
	Begun bool

	whole map[string]bool // edges of which the create or a baseline speaks
	held  []Finding
}

// Links are ids at the other end of an edge, each in the form of Canonical.
type Links map[string]struct{}

// Has reports whether id, as JSON, is one of them.
func (l Links) Has(id json.RawMessage) bool {
	_, ok := l[string(Canonical(id))]
	return ok
}

// IDs returns the ids, sorted as text.
func (l Links) IDs() []json.RawMessage {
	ids := make([]json.RawMessage, 0, len(l))
	for _, id := range slices.Sorted(maps.Keys(l)) {
		ids = append(ids, json.RawMessage(id))
	}
	return ids
}

// Len returns how many entities are there.
func (s *State) Len() int { return len(s.entities) }

// Entity returns what the log says of an entity, by a label of its type, present or former, and its id in the log, or nil if it is not there.
func (s *State) Entity(label, id string) *Entity {
	if t := s.schema.Label(label); t != nil {
		label = t.Label
	}
	return s.entities[name{label, id}]
}

// All returns the entities that are there, in no order.
func (s *State) All() iter.Seq[*Entity] { return maps.Values(s.entities) }

// Held returns the findings that Add has kept back of entities that are there.
func (s *State) Held() iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		for _, e := range s.entities {
			for _, f := range e.held {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// forget drops what is known of an entity.
func (s *State) forget(label, id string) { delete(s.entities, name{label, id}) }

// Add folds an entry into the state, and returns how it does not continue the ones before it. The entries of one entity must come in the order of
// their ids; those of different entities in any. Whatever is found the state is then as the entry says. Entries of types
// that the schema does not have, and values of fields and edges that are no longer recorded, are passed over. What has another name since counts under
// the present one, and of a field that has another type or a codec since, a value that can be read is the same in either form.
func (s *State) Add(entry Entry) []Finding {
	t := s.schema.Label(entry.Type)
	if t == nil {
		return nil
	}
	entry.Type, entry.Before, entry.After = t.Label, t.Rename(entry.Before), t.Rename(entry.After)
	a := &addition{typ: t, entry: entry, entity: s.Entity(entry.Type, entry.ResourceID)}
	switch entry.Action {
	case auditlog.ActionCreate:
		if a.entity != nil {
			a.found(Finding{Break: BreakThere}, false)
		}
		a.create()
	case auditlog.ActionBaseline:
		a.baseline()
	case auditlog.ActionUpdate:
		a.update()
	case auditlog.ActionDelete:
		a.delete()
		s.forget(entry.Type, entry.ResourceID)
		return a.findings
	default:
		a.found(Finding{Break: BreakAction}, false)
		return a.findings
	}
	s.entities[name{entry.Type, entry.ResourceID}] = a.entity
	return a.findings
}

// An addition is an entry on its way into the state.
type addition struct {
	typ      *auditlog.Type
	entry    Entry
	entity   *Entity
	findings []Finding
}

func (a *addition) found(f Finding, doubt bool) {
	f.Entry, f.Type, f.ID, f.Action, f.Doubt = a.entry.ID, a.entry.Type, a.entry.ResourceID, a.entry.Action, doubt
	if doubt && a.entry.Action != auditlog.ActionDelete {
		a.entity.held = append(a.entity.held, f)
		return
	}
	a.findings = append(a.findings, f)
}

// life begins a life of the entity.
func (a *addition) life(begun bool) {
	a.entity = &Entity{
		Type: a.entry.Type, ID: a.entry.ResourceID, Begun: begun,
		Fields: make(auditlog.Values), Edges: make(map[string]Links), whole: make(map[string]bool),
	}
}

func (a *addition) create() {
	if a.entity != nil {
		a.findings = append(a.findings, a.entity.held...)
	}
	a.life(true)
	a.after()
}

// baseline takes what the log did not know: fields, and links beside those that it knows.
func (a *addition) baseline() {
	if a.entity == nil {
		a.life(true)
	}
	e := a.entity
	e.held = slices.DeleteFunc(e.held, func(f Finding) bool {
		_, spoken := a.entry.After[f.Name]
		return !e.Begun || spoken
	})
	e.Begun = true
	for _, n := range sorted(a.entry.After) {
		if was, says := e.Fields[n], a.entry.After[n]; a.typ.Field(n) != nil && was != nil && !Same(a.typ, a.typ.Field(n), was, says) {
			a.found(Finding{Break: BreakValue, Name: n, Was: was, Says: says}, false)
		}
	}
	a.after()
}

func (a *addition) update() {
	if a.entity == nil {
		a.life(false)
		a.found(Finding{Break: BreakUnknown}, true)
	}
	a.before()
	a.after()
}

func (a *addition) delete() {
	if a.entity == nil {
		a.life(false)
		a.found(Finding{Break: BreakUnknown}, true)
	}
	a.findings = append(a.entity.held, a.findings...)
	a.before()
	for _, n := range slices.Sorted(maps.Keys(a.entity.Edges)) {
		for _, id := range a.entity.Edges[n].IDs() {
			a.found(Finding{Break: BreakLinkLeft, Name: n, Was: id}, false)
		}
	}
}

// before compares what the entry says was there with what is, and takes links that went.
func (a *addition) before() {
	for _, n := range sorted(a.entry.Before) {
		raw := a.entry.Before[n]
		if a.typ.Edge(n) == nil {
			// What is not known cannot be contradicted.
			if was, ok := a.entity.Fields[n]; ok && !Same(a.typ, a.typ.Field(n), was, raw) {
				a.found(Finding{Break: BreakValue, Name: n, Was: was, Says: raw}, false)
			}
			continue
		}
		for _, id := range list(raw) {
			if !a.entity.Edges[n].Has(id) {
				a.found(Finding{Break: BreakLinkGone, Name: n, Says: id}, !a.entity.whole[n])
			}
			delete(a.entity.Edges[n], string(Canonical(id)))
		}
	}
}

// after takes what the entry says is there.
func (a *addition) after() {
	whole := a.entry.Action != auditlog.ActionUpdate
	for _, n := range sorted(a.entry.After) {
		raw := a.entry.After[n]
		if a.typ.Edge(n) == nil {
			if a.typ.Field(n) != nil {
				a.entity.Fields[n] = raw
			}
			continue
		}
		if a.entity.Edges[n] == nil {
			a.entity.Edges[n] = make(Links)
		}
		for _, id := range list(raw) {
			if a.entity.Edges[n].Has(id) {
				a.found(Finding{Break: BreakLinkThere, Name: n, Says: id}, false)
			}
			a.entity.Edges[n][string(Canonical(id))] = struct{}{}
		}
		a.entity.whole[n] = a.entity.whole[n] || whole
	}
}

// Same reports whether two values of a field of t are the same, of which one may be in another form: as it was written before the field had its present type,
// or the client its codec.
func Same(t *auditlog.Type, f *auditlog.Field, a, b json.RawMessage) bool {
	return Equal(a, b) || a != nil && b != nil && f.Recoded(a, b) && Equal(t.Recode(f, a), t.Recode(f, b))
}

func sorted(v auditlog.Values) []string { return slices.Sorted(maps.Keys(v)) }

// list returns the ids in a JSON array.
func list(raw json.RawMessage) []json.RawMessage {
	var ids []json.RawMessage
	if json.Unmarshal(raw, &ids) != nil && len(raw) > 0 {
		return []json.RawMessage{raw}
	}
	return ids
}
