// Package mirror makes the folder bare of the parity suite from the folder audited, and configures the generation of both. It
// is no part of what is generated.
package mirror

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"entgo.io/ent/entc/gen"
)

const module = "github.com/sqlaudit/sqlaudit/internal/parity/"

// own is the file that the two folders do not share: it says what is tracked.
const own = "ent/schema/tracked.go"

// Config returns the configuration that both packages are generated with.
func Config() *gen.Config {
	return &gen.Config{Features: []gen.Feature{
		gen.FeaturePrivacy, gen.FeatureIntercept, gen.FeatureUpsert, gen.FeatureModifier, gen.FeatureExecQuery, gen.FeatureLock,
		gen.FeatureNamedEdges, gen.FeatureSnapshot,
	}}
}

// Differing returns the names of the copies that are missing, out of date, or left over, sorted.
func Differing(root string) ([]string, error) {
	want, err := files(root, "audited")
	if err != nil {
		return nil, err
	}
	got, err := files(root, "bare")
	if err != nil {
		return nil, err
	}
	var names []string
	for name, b := range want {
		if copied, ok := got[name]; !ok || !bytes.Equal(b, copied) {
			names = append(names, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Write brings the copies up to date.
func Write(root string) error {
	names, err := Differing(root)
	if err != nil {
		return err
	}
	want, err := files(root, "audited")
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(root, "bare", filepath.FromSlash(name))
		if b, ok := want[name]; ok {
			err = os.WriteFile(path, b, 0o644)
		} else {
			err = os.Remove(path)
		}
		if err != nil {
			return fmt.Errorf("write copy: %w", err)
		}
	}
	return nil
}

// files returns the schemas and scripts of one of the two folders below root, by path, as they are to stand in the folder bare.
func files(root, folder string) (map[string][]byte, error) {
	found := make(map[string][]byte)
	for _, pattern := range []string{"ent/schema/*.go", "script/*.go"} {
		paths, err := filepath.Glob(filepath.Join(root, folder, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name, err := filepath.Rel(filepath.Join(root, folder), path)
			if err != nil {
				return nil, err
			}
			if name = filepath.ToSlash(name); name == own {
				continue
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			found[name] = bytes.ReplaceAll(b, []byte(module+"audited/"), []byte(module+"bare/"))
		}
	}
	return found, nil
}
