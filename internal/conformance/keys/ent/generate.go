// Package ent is generated from the schemas beside it.
package ent

//go:generate go run -mod=mod entc.go
