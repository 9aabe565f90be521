//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/sqlaudit/sqlaudit/extension"
)

func main() {
	audit, err := extension.New()
	if err != nil {
		log.Fatalf("creating sqlaudit extension: %v", err)
	}
	if err := entc.Generate("./schema", &gen.Config{
		Features: []gen.Feature{gen.FeatureUpsert},
	}, entc.Extensions(audit)); err != nil {
		log.Fatalf("running ent codegen: %v", err)
	}
}
