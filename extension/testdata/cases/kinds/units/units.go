// Package units holds Go types of fields.
package units

// Number is an int.
type Number int

// Digest is bytes.
type Digest []byte
