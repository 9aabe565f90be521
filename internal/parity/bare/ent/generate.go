// Package ent is generated from the schemas beside it, without auditing. The schemas and scripts are copied first.
package ent

//go:generate go run -mod=mod entc.go
