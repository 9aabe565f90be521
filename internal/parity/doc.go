// Package parity holds the suite that says: nobody notices. The same schemas are generated twice, with auditing and without
// (audited/ent, bare/ent); the same scripts run against both, and what they write down must be equal, line by line, on
// every database.
//
// Scripts and schemas are written in the folder audited. Those of the folder bare are copies, which "go generate" makes.
package parity
