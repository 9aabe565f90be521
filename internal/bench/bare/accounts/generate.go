// Package accounts makes the changes of internal/bench/audited/accounts without a log. All files but this one come from there.
package accounts

//go:generate sh -c "(echo '// Code generated from internal/bench/audited/accounts. DO NOT EDIT.'; echo; sed s,internal/bench/audited/ent,internal/bench/bare/ent, ../../audited/accounts/accounts.go) > accounts.go"
