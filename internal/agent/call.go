package agent

// Event is when a hook runs.
type Event int

const (
	Other  Event = iota // nothing that could carry a value: a session begins
	Before              // before a tool runs
	After               // when a tool has run, before the model sees its answer
	Prompt              // before a person's words are sent
)

// Call is what an agent asks about.
type Call struct {
	Agent *Agent
	Event Event
	Word  string // the event, as the agent calls it
	Tool  string // "" where the event has none
	Dir   string // the folder in which the agent works; "" where it did not say
	Reads []Read // files that the tool would show
	Texts []Text // texts of the call itself
	Guard string // what it would change that only a person may: see guard.go; "" for nothing

	body object
}

// Read is a file that a tool would show, from line From up to and with line To,
// from 1. Where To is 0 it shows the file to its end.
type Read struct {
	Path     string // as the agent wrote it
	From, To int
}

// Shows tells whether a value that begins in one line and ends in another would be
// seen, at least in part.
func (r Read) Shows(line, end int) bool {
	return max(line, end) >= r.From && (r.To == 0 || line <= r.To)
}

// Role is what a text is to its call.
type Role int

const (
	Sent    Role = iota // an argument of a tool that is neither of the following
	Written             // what a file is to hold
	Command             // what a shell is to run
	Shown               // what a tool answered, or a file that the agent has read already
	Said                // what a person typed
)

// Text is a piece of the call that can hold a value.
type Text struct {
	Role  Role
	Value string
	File  string // the file that it is of, as the agent wrote it; "" where it is of none
	Old   string // what it takes the place of in File
	Key   string // the name that it has in the call, for a name can tell what a value is

	at []any // where it stands in the call: see steps.go
}

// Verdict is what a hook can say.
type Verdict int

const (
	Allow Verdict = iota
	Mask          // go on, with the values taken out
	Ask           // let a person decide
	Deny
)

// Answer is what is said to a call.
type Answer struct {
	Verdict Verdict
	Reason  string         // for the model: what was kept from it, and what to do in its place
	Notice  string         // for the person
	Masked  map[int]string // Mask: what takes the place of Texts, by their index
}

// Reply is an Answer in the agent's words.
type Reply struct {
	Out  string // for stdout
	Err  string // for stderr
	Code int    // of exit
}

// Can tells whether the agent's contract can express v in the place of this call.
// Allow can always be said.
func (c *Call) Can(v Verdict) bool { return v == Allow || c.Agent.can(c, v) }

// Reply words a, which says nothing that Can denies.
func (c *Call) Reply(a Answer) Reply { return c.Agent.reply(c, a) }

// Masks tells whether the answer of the tool that is called here can be masked once
// it is there, so that its file may be read.
func (c *Call) Masks() bool {
	after := *c
	after.Event = After
	return c.Event == Before && c.Agent.can(&after, Mask)
}
