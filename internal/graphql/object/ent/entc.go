//go:build ignore

package main

import (
	"log"
	"os"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/extension/graphql"
)

func main() {
	audit, err := extension.New()
	if err != nil {
		log.Fatalf("creating sqlaudit extension: %v", err)
	}
	gql, err := graphql.New(audit, graphql.WithQueryField("auditLogs"), graphql.WithEntGQL(
		entgql.WithSchemaGenerator(),
		entgql.WithSchemaPath("../ent.graphql"),
		entgql.WithWhereInputs(true),
	))
	if err != nil {
		log.Fatalf("creating graphql extension: %v", err)
	}
	if err := entc.Generate("./schema", &gen.Config{}, entc.Extensions(gql, audit)); err != nil {
		log.Fatalf("running ent codegen: %v", err)
	}
	if err := os.Chdir(".."); err != nil {
		log.Fatal(err)
	}
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		log.Fatalf("reading gqlgen.yml: %v", err)
	}
	if err := api.Generate(cfg); err != nil {
		log.Fatalf("running gqlgen: %v", err)
	}
}
