package extension

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

const entPackage = "entgo.io/ent"

// importEnt sees that the generated client.go in a directory imports ent. Ent's template leaves that to goimports, which finds it in the files beside, but
// ent formats those at the same time: while the right one is being written it finds another package called ent, where the module has one.
// Where nothing is generated there is nothing to see to, as when another extension runs our hooks for what they add to the graph.
func importEnt(dir string) error {
	name := filepath.Join(dir, "client.go")
	src, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return err
	}
	var wrong string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		switch {
		case p == entPackage:
			return nil
		case i.Name == nil && path.Base(p) == "ent":
			wrong = i.Path.Value
		}
	}
	if wrong == "" {
		return fmt.Errorf("sqlaudit: %s does not import %s: generate it again", name, entPackage)
	}
	return os.WriteFile(name, bytes.Replace(src, []byte(wrong), []byte(strconv.Quote(entPackage)), 1), 0o644) //nolint:gosec // as ent writes it
}
