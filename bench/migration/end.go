//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// clean checks out the branch that the plan made in each repository, and scans the files.
func clean(oakum, plan string, dirs []string) error {
	text, err := os.ReadFile(plan)
	if err != nil {
		return err
	}
	var p struct {
		Targets []struct{ Dir, Branch string }
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	if len(p.Targets) != len(dirs) {
		return fmt.Errorf("the plan is of %d repositories, and there are %d", len(p.Targets), len(dirs))
	}
	for _, t := range p.Targets {
		if out, err := exec.Command("git", "-C", t.Dir, "checkout", "-q", t.Branch).CombinedOutput(); err != nil {
			return fmt.Errorf("check out what was made in %s: %w: %s", t.Dir, err, out)
		}
	}
	if out, err := exec.Command(oakum, "scan", "dir", filepath.Dir(dirs[0])).CombinedOutput(); err != nil {
		return fmt.Errorf("the repositories are not clean: %w: %.2000s", err, out)
	}
	return nil
}

// once tells whether the store has each of the values once, and nothing else.
func once(file, identity string, values map[string]bool) error {
	key, err := os.Open(identity)
	if err != nil {
		return err
	}
	defer key.Close()
	ids, err := age.ParseIdentities(key)
	if err != nil {
		return err
	}
	sealed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), ids...)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var c struct {
		Entries map[string]struct{ Values map[string][]byte }
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	seen := map[string]bool{}
	for name, e := range c.Entries {
		for _, v := range e.Values {
			if !values[string(v)] || seen[string(v)] || len(e.Values) != 1 {
				return fmt.Errorf("the store has something at %s that should not be there, or twice", name)
			}
			seen[string(v)] = true
		}
	}
	if len(seen) != len(values) {
		return fmt.Errorf("the store has %d of %d values", len(seen), len(values))
	}
	return nil
}
