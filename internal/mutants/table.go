package main

import "slices"

const (
	postgres = "postgres"
	mariadb  = "mariadb"
)

var (
	suite = []string{"./internal/conformance"}
	storm = []string{"./internal/storm"}
)

// The breakages. What is said of them in docs/traceability.md is said in their names here.
var breakages = slices.Concat(races, records, transactions, reading, access)
