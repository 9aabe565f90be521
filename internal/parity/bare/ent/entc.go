//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"

	"github.com/sqlaudit/sqlaudit/internal/parity/mirror"
)

func main() {
	if err := mirror.Write("../.."); err != nil {
		log.Fatalf("copying schemas and scripts: %v", err)
	}
	if err := entc.Generate("./schema", mirror.Config()); err != nil {
		log.Fatalf("running ent codegen: %v", err)
	}
}
