package main

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/key"
)

// keyVariable names the file of the key, where that is not in the state folder.
const keyVariable = "OAKUM_KEY_FILE"

// user is whose runs they are.
type user struct {
	key   *key.Key
	state string // the folder of what remediation remembers
	name  string // with the host's, for journals
}

func userOf(kit cli.Kit) (user, error) {
	state, err := kit.StateDir()
	if err != nil {
		return user{}, err
	}
	k, err := key.Open(cmp.Or(kit.Env(keyVariable), filepath.Join(state, "remediate.key")))
	host, _ := os.Hostname() // "" tells nothing wrong
	return user{k, filepath.Join(state, "remediate"), cmp.Or(kit.Env("USER"), kit.Env("USERNAME"), "somebody") + "@" + host}, err
}
