package auditlog

// Named returns the described type of that name, or nil.
func (s *Schema) Named(name string) *Type { return s.byName[name] }

// TargetType returns the type that the edge leads to.
func (e *Edge) TargetType() *Type { return e.target }
