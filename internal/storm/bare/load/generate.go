// Package load makes the changes of internal/storm/load without a log. All files but this one come from there.
package load

//go:generate sh -c "(echo '// Code generated from internal/storm/load. DO NOT EDIT.'; echo; sed s,internal/conformance/ent,internal/storm/bare/ent, ../../load/load.go) > load.go"
//go:generate sh -c "(echo '// Code generated from internal/storm/load. DO NOT EDIT.'; echo; sed s,internal/conformance/ent,internal/storm/bare/ent, ../../load/step.go) > step.go"
//go:generate sh -c "(echo '// Code generated from internal/storm/load. DO NOT EDIT.'; echo; sed s,internal/conformance/ent,internal/storm/bare/ent, ../../load/links.go) > links.go"
