package trace

import (
	"bytes"
	"hash/maphash"
	"strings"
	"sync"
)

// names numbers the names of entries that are kept, for all goroutines.
type names struct {
	mu   sync.Mutex
	at   map[string]int32
	list []string
	deep map[int32]bool // names with a slash, which no honest tree has
}

func newNames() *names { return &names{at: map[string]int32{}, deep: map[int32]bool{}} }

func (n *names) number(name string) int32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	i, ok := n.at[name]
	if !ok {
		i = int32(len(n.list))
		n.list = append(n.list, name)
		n.at[name] = i
		if strings.IndexByte(name, '/') >= 0 {
			n.deep[i] = true
		}
	}
	return i
}

// lexicon is what one goroutine knows of the names that it met lately. It forgets,
// so that a repository of a million names takes no more than one of a thousand.
type lexicon struct {
	all  *names
	test func(component []byte) bool // nil: no name is a token
	seed maphash.Seed
	slot [1 << 12]word
}

// word is a name. number is -1 while nothing is kept that has it.
type word struct {
	name   string
	number int32
	token  bool
}

func newLexicon(all *names, test func([]byte) bool) *lexicon {
	return &lexicon{all: all, test: test, seed: maphash.MakeSeed()}
}

// look finds or makes the word for name, which is valid until the next look.
func (l *lexicon) look(name []byte) *word {
	w := &l.slot[maphash.Bytes(l.seed, name)%uint64(len(l.slot))]
	if w.name != string(name) { // an empty name is no entry's
		*w = word{name: string(name), number: -1, token: l.token(name)}
	}
	return w
}

func (l *lexicon) token(name []byte) bool {
	if l.test == nil {
		return false
	}
	for len(name) > 0 {
		component, rest, _ := bytes.Cut(name, []byte("/"))
		if l.test(component) {
			return true
		}
		name = rest
	}
	return false
}

func (l *lexicon) number(w *word) int32 {
	if w.number < 0 {
		w.number = l.all.number(w.name)
	}
	return w.number
}
