package auditlog

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
)

// A Row is a row of a described table, in the form of the log.
type Row struct {
	// Key holds the primary key, as a driver takes it, and Text is its text, by which keys are compared.
	Key  []any
	Text string
	// ID names the entity in the log. It is empty for a row of a type that is not tracked.
	ID string
	// Values are those of the type's recorded fields, in their order.
	Values []json.RawMessage
	// Actor is the value of the type's ActorColumn, or nil.
	Actor any

	refs map[string]Ref
}

// Size returns about how many bytes of memory the row takes.
func (r *Row) Size() int {
	const beside, header = 320, 24 // what a row takes beside its values, and a value beside its form
	size := beside + 2*len(r.Text)
	for _, v := range r.Values {
		size += header + len(v)
	}
	return size
}

// A Ref is an id that a row holds: as a driver takes it, in the form of the log, and as text. What ScanRow was asked for besides has no form.
type Ref struct {
	Value any
	JSON  json.RawMessage
	Text  string
}

// Ref returns the id in a column of the row that is an end of a recorded edge, or was asked for. Its Value is nil for NULL.
func (r *Row) Ref(column string) Ref { return r.refs[column] }

// ScanRow reads the current row of rows, which has the columns of t.Columns and then those of more, whose values Ref gives as well.
func (t *Type) ScanRow(rows entsql.ColumnScanner, dialectName string, more ...string) (*Row, error) {
	c, err := t.Cells(more...)
	if err != nil {
		return nil, err
	}
	return c.Scan(rows, dialectName)
}

// Cells receive one row after the other, or a part of one that has more.
type Cells struct {
	typ     *Type
	columns []string
	more    int // how many of columns were asked for besides
	cells   []*Cell
	dest    []any // cells
	resets  bool  // a scan leaves nothing of the one before

	identity, refs []int // where in columns those of the type are
	actor          int
	buf            []byte // of the forms of one row
	ends           []int  // of each
}

// Cells returns what receives the columns of t.Columns and then those of more.
func (t *Type) Cells(more ...string) (*Cells, error) {
	columns := t.Columns()
	if len(more) > 0 {
		columns = slices.Concat(columns, more)
	}
	c := &Cells{
		typ: t, columns: columns, more: len(more), cells: make([]*Cell, len(columns)), dest: make([]any, len(columns)), ends: make([]int, len(t.Fields)),
		refs: t.refsAt, identity: t.identityAt, actor: t.actorAt,
	}
	cells := make([]Cell, len(columns))
	for i := range c.cells {
		c.cells[i] = &cells[i]
		c.dest[i] = c.cells[i]
	}
	return c, c.renew()
}

// renew gives the cells what to scan into.
func (c *Cells) renew() error {
	values, err := c.typ.ScanValues(c.columns)
	if err != nil {
		return err
	}
	c.resets = true
	for i, v := range values {
		c.cells[i].dest = v
		switch v.(type) {
		case *sql.NullString, *sql.NullInt64, *sql.NullFloat64, *sql.NullBool, *sql.NullTime, *[]byte:
		default:
			c.resets = false // a scanner of the user's may pass over NULL
		}
	}
	return nil
}

// Dest returns what to scan the columns of a row into.
func (c *Cells) Dest() []any { return c.dest }

// Scan reads the current row of rows, which has no more columns.
func (c *Cells) Scan(rows entsql.ColumnScanner, dialectName string) (*Row, error) {
	if err := rows.Scan(c.dest...); err != nil {
		return nil, err
	}
	return c.Row(dialectName)
}

// Row returns the row that was scanned. The cells then receive the next.
func (c *Cells) Row(dialectName string) (*Row, error) {
	r, err := c.row(dialectName)
	if err == nil && !c.resets {
		err = c.renew()
	}
	return r, err
}

func (c *Cells) row(dialectName string) (*Row, error) {
	var (
		t    = c.typ
		room = &struct { // one allocation
			Row
			key [2]any
		}{}
		r   = &room.Row
		err error
	)
	r.Key = room.key[:len(t.Key)]
	for i := range t.Key {
		if r.Key[i], err = c.cells[i].Value(); err != nil {
			return nil, err
		}
	}
	if r.Text, err = KeyText(r.Key); err != nil {
		return nil, err
	}
	if n := len(c.refs) + c.more; n > 0 {
		r.refs = make(map[string]Ref, n)
	}
	for _, i := range c.refs {
		if r.refs[c.columns[i]], err = c.cells[i].ref(c.columns[i], dialectName); err != nil {
			return nil, err
		}
	}
	for i := len(c.columns) - c.more; i < len(c.columns); i++ {
		v, err := c.cells[i].Value()
		if err != nil {
			return nil, err
		}
		if _, ok := r.refs[c.columns[i]]; !ok && v != nil {
			r.refs[c.columns[i]] = Ref{Value: v, Text: fmt.Sprint(v)}
		}
	}
	if !t.Tracked() {
		return r, nil
	}
	if r.Values, err = c.values(dialectName); err != nil {
		return nil, err
	}
	if r.ID, err = c.id(r); err != nil {
		return nil, err
	}
	if c.actor >= 0 {
		r.Actor, err = c.cells[c.actor].Value()
	}
	return r, err
}

// values returns the forms of the recorded fields.
func (c *Cells) values(dialectName string) ([]json.RawMessage, error) {
	t := c.typ
	c.buf = c.buf[:0]
	for i, f := range t.Fields {
		var err error
		if c.buf, err = c.cells[len(t.Key)+i].appendForm(c.buf, f, dialectName); err != nil {
			return nil, err
		}
		c.ends[i] = len(c.buf)
	}
	forms, values, at := slices.Clone(c.buf), make([]json.RawMessage, len(t.Fields)), 0
	for i, end := range c.ends {
		values[i], at = forms[at:end:end], end
	}
	return values, nil
}

// id returns what names the entity in the log.
func (c *Cells) id(r *Row) (string, error) {
	t := c.typ
	if len(c.identity) == 1 && len(t.Key) == 1 && c.identity[0] == 0 { // the key does
		return r.Text, t.checkID(r.Text)
	}
	identity := make([]any, len(c.identity))
	for i, at := range c.identity {
		var err error
		if identity[i], err = c.cells[at].Value(); err != nil {
			return "", err
		}
	}
	return t.IDText(identity)
}

// ref returns the id that the cell holds.
func (c *Cell) ref(column, dialectName string) (r Ref, err error) {
	if r.Value, err = c.Value(); err != nil || r.Value == nil {
		return r, err
	}
	if r.Text, err = IDString(r.Value); err != nil {
		return r, err
	}
	r.JSON, err = c.Encode(&Field{Name: column}, dialectName)
	return r, err
}

// Value returns what the cell holds as a driver takes it, and nil for NULL.
func (c *Cell) Value() (driver.Value, error) {
	if c.null {
		return nil, nil
	}
	return valueOf(c.dest)
}

func valueOf(dest any) (driver.Value, error) {
	switch v := dest.(type) {
	case *sql.NullString:
		return v.String, nil
	case *sql.NullInt64:
		return v.Int64, nil
	case *entsql.NullScanner:
		return valueOf(v.S)
	case *[]byte:
		return *v, nil
	case *any:
		return *v, nil
	case driver.Valuer:
		dv, err := v.Value()
		if inner, ok := dv.(driver.Valuer); ok && err == nil {
			return inner.Value()
		}
		return dv, err
	default:
		return nil, fmt.Errorf("sqlaudit: %T is no value of a driver", dest)
	}
}
