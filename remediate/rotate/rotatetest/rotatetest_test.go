package rotatetest_test

import (
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
)

// kinds are the ways in which providers differ.
var kinds = map[string]rotate.Traits{
	"two users": {Kind: "two-users", Chooser: rotate.Oakum, Parts: []string{rotate.Username, rotate.Password}, Overlap: true, Reversible: true, SeesNew: true},
	"one user":  {Kind: "one-user", Chooser: rotate.Oakum, Parts: []string{rotate.Username, rotate.Password}},
	"keys":      {Kind: "keys", Chooser: rotate.Provider, Parts: []string{rotate.AccessKeyID, rotate.SecretAccessKey}, Overlap: true, Reversible: true, SeesNew: true},
	"tokens":    {Kind: "tokens", Chooser: rotate.Provider, Parts: []string{rotate.KeyID, rotate.Token}, Overlap: true},
}

// begin makes a provider in memory.
func begin(traits rotate.Traits) func(testing.TB, func() error) *rotatetest.Scene {
	return func(_ testing.TB, hook func() error) *rotatetest.Scene {
		f, old := rotatetest.NewFake(traits, hook)
		return &rotatetest.Scene{Rotator: f.Rotator(), Old: old, Works: f.Works, Count: f.Count, Use: f.Use}
	}
}

// TestFakes asks the machine, and the suite itself, with providers in memory.
func TestFakes(t *testing.T) {
	for name, traits := range kinds {
		t.Run(name, func(t *testing.T) {
			rotatetest.Run(t, rotatetest.Suite{Kills: 40, Modes: 25, Every: 41, Begin: begin(traits)})
		})
		t.Run(name+" apart", func(t *testing.T) {
			rotatetest.Run(t, rotatetest.Suite{Kills: 12, Modes: 25, Every: 127, Begin: begin(traits), Apart: true})
		})
	}
}
