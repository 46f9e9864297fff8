package server

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/oakum-sec/oakum/policy"
)

// disk is what files say of how to judge: the configuration, and what it names.
type disk struct {
	config *Config
	policy policy.Options
	index  []byte // of known secrets
	rules  []byte
}

func readDisk(file string) (d disk, err error) {
	if d.config, err = ReadConfig(file); err != nil {
		return d, err
	}
	if d.config.Policy != "" {
		if d.policy, err = policy.Read(d.config.Policy); err != nil {
			return d, err
		}
	}
	if d.index, err = d.config.Known.read(); err != nil {
		return d, err
	}
	d.rules, err = readRules(d.config.Rules)
	return d, err
}

// sum tells what was read from what was read before.
func (d *disk) sum() [sha256.Size]byte {
	h := sha256.New()
	text, _ := json.Marshal(d.config) // of strings, numbers and times
	h.Write(text)
	for _, name := range slices.Sorted(maps.Keys(d.policy.Files)) {
		fmt.Fprintf(h, "%q %d\n%s\n", name, len(d.policy.Files[name]), d.policy.Files[name])
	}
	for _, content := range [][]byte{d.index, d.rules} {
		fmt.Fprintf(h, "%d\n%s\n", len(content), content)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
