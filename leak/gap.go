package leak

import (
	"encoding/json"
	"errors"
)

// Gap is something that was not looked at: an error, and data for the report.
// A Source yields it in a Blob's place and goes on; nothing is only logged.
type Gap struct {
	Place Place
	Class GapClass
	Code  string // what kind, for machines: one of the Gap… constants
	Why   error  // for people: what happened and what to do

	Decision *Decision // where a policy says another than its class does; nil: a Failure makes the scan incomplete
}

// The kinds of gaps. A new one is added here, with its meaning.
const (
	GapUnreadable = "unreadable"    // no permission, I/O error
	GapCorrupt    = "corrupt"       // does not parse as what it says it is
	GapTruncated  = "truncated"     // ends before it should
	GapLimit      = "limit"         // larger, deeper or slower than we were allowed
	GapMissing    = "missing"       // named, but not there, or not there any more
	GapChanged    = "changed"       // changed while it was read
	GapSpecial    = "special"       // a device, socket or pipe
	GapUnknown    = "unsupported"   // a format that oakum cannot read
	GapSubmodule  = "submodule"     // another repository
	GapLFS        = "lfs-pointer"   // content lies on an LFS server
	GapShallow    = "shallow"       // history ends at a shallow clone's boundary
	GapPartial    = "partial-clone" // objects that a promisor remote holds
	GapEncrypted  = "encrypted"     // an archive or file that needs a password
	GapHidden     = "hidden"        // a value that its keeper gives to nobody: a CI system's secret
	GapElsewhere  = "elsewhere"     // content lies in another store, which was not asked
	GapInterrupt  = "interrupted"   // the scan was stopped before it came here
)

func (g *Gap) Error() string {
	if g.Place == nil {
		return g.Why.Error()
	}
	return g.Place.String() + ": " + g.Why.Error()
}

func (g *Gap) Unwrap() error { return g.Why }

type gapJSON struct {
	Place placeJSON `json:"place"`
	Class GapClass  `json:"class"`
	Code  string    `json:"code"`
	Why   string    `json:"why"`

	Decision *Decision `json:"decision,omitempty"`
}

func (g *Gap) MarshalJSON() ([]byte, error) {
	return json.Marshal(gapJSON{placeJSON{g.Place}, g.Class, g.Code, g.Why.Error(), g.Decision})
}

func (g *Gap) UnmarshalJSON(b []byte) error {
	var j gapJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*g = Gap{j.Place.Place, j.Class, j.Code, errors.New(j.Why), j.Decision}
	return nil
}
