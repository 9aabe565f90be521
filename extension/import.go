package extension

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/imports"
)

const entPackage = "entgo.io/ent"

// importEnt sees that the generated client.go in a directory imports ent. Ent's template leaves that to goimports, which finds it in the files beside, but
// ent formats those at the same time: while the right one is being written it finds another package called ent, where the module has one. The right one is put
// where goimports would have, so that the file is the same.
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
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
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
			wrong = p
		}
	}
	if wrong == "" {
		return fmt.Errorf("sqlaudit: %s does not import %s: generate it again", name, entPackage)
	}
	astutil.DeleteImport(fset, f, wrong)
	astutil.AddImport(fset, f, entPackage)
	var b bytes.Buffer
	if err := format.Node(&b, fset, f); err != nil {
		return err
	}
	out, err := imports.Process(name, b.Bytes(), &imports.Options{FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8})
	if err != nil {
		return err
	}
	return os.WriteFile(name, out, 0o644) //nolint:gosec // as ent writes it
}
