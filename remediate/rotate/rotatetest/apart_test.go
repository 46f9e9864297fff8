package rotatetest_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/agefile"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
	"github.com/oakum-sec/oakum/remediate/store/awssecrets"
	"github.com/oakum-sec/oakum/remediate/stores"
)

// TestApart keeps an id and its secret in two entries of real stores: an age file, which
// writes both at once, and others, which cannot.
func TestApart(t *testing.T) {
	t.Run("age file", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Kills: 15, Modes: 20, Every: 136, Apart: true, Begin: begin(kinds["keys"]),
			Store: func(t testing.TB) (store.Driver, string) {
				dir := t.TempDir()
				d, err := agefile.Open(agefile.Options{File: filepath.Join(dir, "secrets.age"), Identity: agefile.Identity{File: filepath.Join(t.TempDir(), "identity.txt")}, Locks: dir})
				if err != nil {
					t.Fatal(err)
				}
				return d, "prod/"
			}})
	})
	t.Run("Vault", func(t *testing.T) {
		bao, n := realtest.StartOpenBao(t, ""), atomic.Int64{}
		rotatetest.Run(t, rotatetest.Suite{Kills: 12, Modes: 20, Every: 272, Apart: true, Begin: begin(kinds["keys"]),
			Store: func(t testing.TB) (store.Driver, string) {
				d, err := stores.Opener{Getenv: func(name string) string {
					return map[string]string{"VAULT_ADDR": bao.Address, "VAULT_TOKEN": bao.Token}[name]
				}}.Open(t.Context(), "vaultkv://secret")
				if err != nil {
					t.Fatal(err)
				}
				return d, fmt.Sprintf("prod%d/", n.Add(1))
			}})
	})
	t.Run("Secrets Manager", func(t *testing.T) {
		moto, n := awstest.Start(t), atomic.Int64{}
		rotatetest.Run(t, rotatetest.Suite{Kills: 4, Modes: 5, Every: 204, Apart: true, Begin: begin(kinds["keys"]), Without: slow("killed", "lost replies", "disk full"),
			Store: func(t testing.TB) (store.Driver, string) {
				return awssecrets.New(moto.Config(t, moto.Admin), awssecrets.Options{}), fmt.Sprintf("prod%d/", n.Add(1))
			}})
	})
	t.Run("Parameter Store", func(t *testing.T) {
		moto, n := awstest.Start(t), atomic.Int64{}
		rotatetest.Run(t, rotatetest.Suite{Kills: 6, Modes: 8, Every: 204, Apart: true, Begin: begin(kinds["keys"]), Without: slow(),
			Store: func(t testing.TB) (store.Driver, string) {
				return awsparams.New(moto.Config(t, moto.Admin), awsparams.Options{}), fmt.Sprintf("/prod%d/", n.Add(1))
			}})
	})
}

// slow are the cases that moto, which takes some twenty milliseconds for an answer, is asked
// where all are asked for: they are about the machine, and no store has more of a say in them
// than one in memory.
func slow(more ...string) map[string]string {
	without := map[string]string{}
	if killtest.All() {
		return without
	}
	for _, name := range append(more, "asks before it hurts", "not valid at once", "already dead", "public first", "no value leaves", "on a schedule", "still used", "a trap",
		"refused where programs run", "tried from here only", "still stands somewhere", "nothing in its place") {
		without[name] = "moto is slow: make kill"
	}
	return without
}
