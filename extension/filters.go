package extension

import (
	"fmt"
	"strconv"
	"strings"

	"entgo.io/ent/entc/gen"
)

// A filter is what a type's package gets to select the entries about one of its fields or edges.
type filter struct {
	Name     string // in the log
	Formerly []string
	Func     string // what the names of its functions begin with
	Type     string // of a value, or of an id; empty if no value can be compared
	Nil      bool   // the value can be NULL
	Many     bool   // an edge to many

	field *gen.Field
	own   string // the type's package
}

// Names returns the names that it has in the log, today's first, as arguments.
func (f *filter) Names() string {
	args := strconv.Quote(f.Name)
	for _, name := range f.Formerly {
		args += ", " + strconv.Quote(name)
	}
	return args
}

// Stored returns the expression of the stored form of a value.
func (f *filter) Stored(v string) string {
	switch {
	case f.field.HasValueScanner():
		return fmt.Sprintf("sqlauditlog.StoredBy(ValueScanner.%s, %s)", f.field.StructField(), v)
	case f.field.IsJSON():
		return fmt.Sprintf("sqlauditlog.StoredJSON(%s)", v)
	}
	dest := "new(sql.NullInt64)" // as ent has it for the keys of ids that are its own
	if f.field.UserDefined {
		dest = strings.ReplaceAll(f.field.NewScanType(), f.own+".", "")
	}
	if f.field.HasGoType() && !f.field.Type.Valuer() {
		v = f.field.BasicType(v)
	}
	return fmt.Sprintf("sqlauditlog.Stored(%s, %s)", dest, v)
}

// Filters returns the filters of the type's fields and edges.
func (t *typ) Filters() []*filter {
	var fs []*filter
	for _, c := range t.Fields {
		f := &filter{Name: c.Name, Formerly: c.Formerly, Func: pascal(c.Name), field: c.field, own: t.Package()}
		if c.edge == nil {
			f.Func, f.Nil = c.field.StructField(), c.field.Optional
		} else {
			f.Nil = c.edge.Optional
		}
		if !c.Sensitive {
			f.Type = f.valueType(c.edge != nil)
		}
		fs = append(fs, f)
	}
	for _, l := range t.Links {
		f := &filter{Name: l.Name, Formerly: l.Formerly, Func: l.edge.StructField(), Many: true, field: l.edge.Type.ID, own: t.Package()}
		f.Type = f.valueType(true)
		fs = append(fs, f)
	}
	return fs
}

// valueType returns the Go type of values, or "" if none can be compared. Foreign says that they are ids of another type, whose package
// cannot be imported.
func (f *filter) valueType(foreign bool) string {
	own := f.field
	if foreign && own.HasValueScanner() {
		return ""
	}
	if !own.HasValueScanner() && !own.IsJSON() && !own.ConvertedToBasic() && !own.Type.Valuer() {
		return ""
	}
	return strings.TrimPrefix(own.Type.String(), f.own+".")
}

// Imports returns the packages of the types of ids that edges lead to, by path, with their names.
func (t *typ) Imports() map[string]string {
	paths := make(map[string]string)
	own := make(map[string]bool)
	for _, f := range append(t.Type.Fields[:len(t.Type.Fields):len(t.Type.Fields)], t.Keys()...) {
		own[f.Type.PkgPath] = true
	}
	for _, f := range t.Filters() {
		if f.Type != "" && f.field.Type.PkgPath != "" && !own[f.field.Type.PkgPath] {
			paths[f.field.Type.PkgPath] = f.field.Type.PkgName
		}
	}
	return paths
}

// names returns the names of the filter's functions.
func (f *filter) names(prefix string) []string {
	n := prefix + f.Func
	names := []string{n + "Changed"}
	switch {
	case f.Type == "":
	case f.Many:
		names = append(names, n+"Added", n+"Removed")
	default:
		names = append(names, n+"ChangedFrom", n+"ChangedTo")
	}
	if f.Nil && !f.Many && f.Type != "" {
		names = append(names, n+"ChangedFromNil", n+"ChangedToNil")
	}
	return names
}

// logFilters are the names of the filters in the log's package.
var logFilters = []string{
	"Resource", "Actor", "Impersonator", "During", "Metadata", "MetadataValue",
	"FieldChanged", "FieldFrom", "FieldTo", "EdgeAdded", "EdgeRemoved",
}

// checkFilters returns an error if the name of a filter in t's package is one that ent makes there, or another filter's.
func (m *model) checkFilters(t *typ) error {
	made := packageNames(t.Type)
	if what, ok := made[m.HistoryName()+"Of"]; ok {
		return fail(t.Name, "%s makes %sOf, which is the name of a filter of the generated history: rename it, or the history with extension.WithHistoryName", what, m.HistoryName())
	}
	for _, f := range t.Filters() {
		what := "field"
		if f.Many || field(t.Type, f.Name) == nil {
			what = "edge"
		}
		for _, name := range f.names(m.Prefix) {
			if other, ok := made[name]; ok {
				return fail(t.Name, "%s makes %s, which is the name of a generated filter of %s %q: rename one of them, or the filters with extension.WithFilterPrefix", other, name, what, f.Name)
			}
			made[name] = fmt.Sprintf("%s %q", what, f.Name)
		}
	}
	return nil
}

// packageNames returns the names that ent makes in a type's package from its fields and edges, and from which of them.
func packageNames(t *gen.Type) map[string]string {
	names := make(map[string]string)
	for _, f := range t.Fields {
		own := f.StructField()
		what := fmt.Sprintf("field %q", f.Name)
		for _, n := range []string{f.Constant(), f.OrderName(), f.DefaultName(), f.UpdateDefaultName(), f.Validator()} {
			names[n] = what
		}
		if !f.IsJSON() {
			names[own] = what
		}
		for _, op := range f.Ops() {
			names[own+op.Name()] = what
		}
		for _, v := range f.EnumNames() {
			names[v] = what
		}
	}
	for _, e := range t.Edges {
		own := e.StructField()
		for _, n := range []string{
			"Has" + own, "Has" + own + "With", e.Constant(), e.TableConstant(), e.InverseTableConstant(), e.ColumnConstant(), e.PKConstant(),
			"By" + own, "By" + own + "Count", "By" + own + "Field",
		} {
			names[n] = fmt.Sprintf("edge %q", e.Name)
		}
	}
	return names
}
