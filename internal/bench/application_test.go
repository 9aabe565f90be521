package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// How much larger an application becomes, and how much longer it takes to start, by a log.
func BenchmarkApplication(b *testing.B) {
	dir := b.TempDir()
	build := func(variant, ldflags string) (file string, size float64) {
		file = filepath.Join(dir, variant)
		out, err := exec.Command("go", "build", "-ldflags", ldflags, "-o", file, "./"+variant+"/app").CombinedOutput() //nolint:gosec // of this file
		require.NoError(b, err, string(out))
		require.NoError(b, exec.Command(file, "work").Run()) //nolint:gosec // of this file
		info, err := os.Stat(file)
		require.NoError(b, err)
		return file, float64(info.Size()) / 1e6
	}
	_, strippedBare := build("bare", "-s -w")
	_, strippedAudited := build("audited", "-s -w")
	bare, without := build("bare", "")
	audited, with := build("audited", "")
	start := func(file string) func() {
		return func() {
			for range 20 {
				require.NoError(b, exec.Command(file).Run()) //nolint:gosec // of this file
			}
		}
	}
	ratios := byTurns(b, start(bare), start(audited))
	fmt.Printf("\nan application: %.2f MB, and %.2f MB larger with a log (stripped %.2f and %.2f); %d rounds of starting it: %.2f (%.2f–%.2f) times without\n",
		without, with-without, strippedBare, strippedAudited-strippedBare, turns, median(ratios), ratios[0], ratios[turns-1])
}
