// Package templates holds what the extension adds to ent's generated code, through ent's own extension points. A template
// writes down data and forwards; what happens is in ordinary Go, in the packages hook and auditlog.
//
// No file selects from a variable of another (auditSchema.With): goimports, with which ent formats what it generates, would take that for a package, and parse
// all files beside it in search of one.
//
// It is a package because //go:embed cannot reach outside of one.
package templates

import "embed"

// FS holds the templates.
//
//go:embed *.tmpl
var FS embed.FS

// GraphQL holds those of package extension/graphql.
//
//go:embed graphql/*.tmpl
var GraphQL embed.FS
