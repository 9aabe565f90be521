package auditdriver

import (
	"maps"
	"sync"
)

// A Path is a way that the record of a mutation was taken.
type Path string

// paths counts the paths taken.
type paths struct {
	mu sync.Mutex
	n  map[Path]int
}

// Took counts a path.
func (d *Driver) Took(p Path) {
	d.paths.mu.Lock()
	defer d.paths.mu.Unlock()
	if d.paths.n == nil {
		d.paths.n = make(map[Path]int)
	}
	d.paths.n[p]++
}

// Paths returns how often each path was taken since the driver was made.
func (d *Driver) Paths() map[Path]int {
	d.paths.mu.Lock()
	defer d.paths.mu.Unlock()
	return maps.Clone(d.paths.n)
}

// Remember returns what f returned at its first call for the key on this driver, or what it returns, if it fails or none has succeeded.
func (d *Driver) Remember(key any, f func() (any, error)) (any, error) {
	if v, ok := d.checked.Load(key); ok {
		return v, nil
	}
	v, err := f()
	if err == nil {
		d.checked.Store(key, v)
	}
	return v, err
}

// Forget has the next Remember of a key call its function.
func (d *Driver) Forget(key any) { d.checked.Delete(key) }
