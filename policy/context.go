package policy

import (
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// Event is on what occasion a decision is asked for.
type Event string

// The occasions.
const (
	Scan      Event = "scan"      // somebody looks for what there is
	Hook      Event = "hook"      // a change by the user of this machine
	Gate      Event = "gate"      // a change by somebody who may not be trusted: a pull request, a push to a server
	Admission Event = "admission" // an object asks a cluster's API server to be admitted
	Audit     Event = "audit"     // an object is in a cluster already
)

// Context is what there is to know beside the findings. It is the same for all
// findings of a call, holds no value that was found, and is what policies see as
// input.context. What is not known stays zero and is absent there.
type Context struct {
	Event         Event  // "" is Scan
	Source        Source // what was scanned
	Branch        string // that the change is on, or HEAD
	TargetBranch  string // that a pull request wants to go into
	DefaultBranch string
	Protected     bool   // the branch, or the target branch, is protected
	Tag           string // the change is a tag
	Environment   string // a pipeline's deployment environment: "production"
	Platform      string // the CI system: "github", "gitlab"
	User          User   // who asks

	Namespace       string            // of the object
	NamespaceLabels map[string]string //
	Labels          map[string]string // the object's own
	Operation       string            // "CREATE", "UPDATE", "DELETE", "CONNECT"
	DryRun          bool

	// Old holds the IDs of findings that were there before: in the base of a
	// change, in the object's former version. nil: that is not known.
	Old map[string]bool

	// Now is the time that policies see; by it age and periods are counted. The
	// zero time is read from the clock.
	Now      time.Time
	Settings Settings
	Options  map[string]string // further ones of the caller: "push_option_skip"
}

// Source is what was scanned.
type Source struct {
	Kind string // "git", "dir", "stdin", "image", "ci", "k8s"
	Name string // as the user named it
	Part string // of a repository: "staged", "range A..B"
}

// User is who asks, as the system says that is being asked.
type User struct {
	Name   string
	Groups []string
}

// Settings are what the command line says about decisions. The zero value is
// its default, where nobody has trusted the target.
type Settings struct {
	DenyGeneric     string // severity from which a generic finding denies, or "never"; "" is "medium"
	RequireComplete bool   // gaps at a boundary count too
	Trusted         bool   // the comments in the target are those of its owner
}

// DenyGenericDefault lets what little is known of a generic finding decide:
// names such as "password" are of medium severity, those that are mostly set to
// something harmless of low.
const DenyGenericDefault = leak.Medium

// filled is c with its defaults.
func (c Context) filled() Context {
	if c.Event == "" {
		c.Event = Scan
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	c.Now = c.Now.UTC()
	if c.Settings.DenyGeneric == "" {
		c.Settings.DenyGeneric = DenyGenericDefault.String()
	}
	return c
}
