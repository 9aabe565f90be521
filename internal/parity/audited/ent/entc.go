//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/internal/parity/mirror"
)

func main() {
	audit, err := extension.New()
	if err != nil {
		log.Fatalf("creating sqlaudit extension: %v", err)
	}
	if err := entc.Generate("./schema", mirror.Config(), entc.Extensions(audit)); err != nil {
		log.Fatalf("running ent codegen: %v", err)
	}
}
