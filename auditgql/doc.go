// Package auditgql is what generated code uses where GraphQL shows the log: pages of a connection, the histories of a query's entities read
// together, and recorded values as JSON. Package extension/graphql generates that code; an application that serves no GraphQL links nothing of it.
package auditgql
