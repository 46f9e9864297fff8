package rotatetest_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/agefile"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
)

// TestApart keeps an id and its secret in two entries of stores that have no documents:
// an age file, which writes both at once, and Parameter Store, which cannot.
func TestApart(t *testing.T) {
	t.Run("age file", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Kills: 30, Modes: 20, Every: 68, Apart: true, Begin: begin(kinds["keys"]),
			Store: func(t testing.TB) (store.Driver, string) {
				dir := t.TempDir()
				d, err := agefile.Open(agefile.Options{File: filepath.Join(dir, "secrets.age"), Identity: agefile.Identity{File: filepath.Join(t.TempDir(), "identity.txt")}, Locks: dir})
				if err != nil {
					t.Fatal(err)
				}
				return d, "prod/"
			}})
	})
	t.Run("Parameter Store", func(t *testing.T) {
		moto, n := awstest.Start(t), atomic.Int64{}
		rotatetest.Run(t, rotatetest.Suite{Kills: 16, Modes: 20, Every: 204, Apart: true, Begin: begin(kinds["keys"]),
			Store: func(t testing.TB) (store.Driver, string) {
				return awsparams.New(moto.Config(t, moto.Admin), awsparams.Options{}), fmt.Sprintf("/prod%d/", n.Add(1))
			}})
	})
}
