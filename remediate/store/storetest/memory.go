package storetest

import (
	"context"
	"maps"
	"strconv"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Memory is a store in memory, for tests of what stands on a store.
type Memory struct {
	Full    string // begins its entries' full names, where they have such
	mu      sync.Mutex
	entries map[string]*kept
	Who     string // part of its identity
	Deny    bool   // every call but Describe is refused
}

type kept struct {
	tags     map[string]string
	versions []leak.Secret // version n is at n-1
	tokens   []string
	current  int
	pending  int
	deleted  bool
}

// MaxMemory is the most bytes that a value in memory has.
const MaxMemory = 64 << 10

func (m *Memory) Describe(context.Context) (store.Description, error) {
	return store.Description{Kind: "memory", Identity: "memory " + m.Who, Ref: store.Ref{Prefix: "ref+memory://"},
		Names: store.Names{Pattern: `[A-Za-z0-9/_.-]+`, Max: 200, Join: "/"}, MaxValue: MaxMemory, Atomic: true}, nil
}

// open is the entry of a name, with the lock held.
func (m *Memory) open(ctx context.Context, name string) (*kept, error) {
	if err := ctx.Err(); err != nil {
		return nil, store.Fail(store.Canceled, err)
	}
	if m.Deny {
		return nil, store.Failf(store.PermissionDenied, "you may not")
	}
	if k := m.entries[name]; k != nil {
		return k, nil
	}
	return nil, store.Failf(store.NotFound, "nothing has this name")
}

func (m *Memory) Stat(ctx context.Context, name string) (store.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.open(ctx, name)
	if err != nil {
		return store.Entry{}, err
	}
	e := k.entry(name, k.current)
	if m.Full != "" {
		e.Full = m.Full + name
	}
	return e, nil
}

func (k *kept) entry(name string, version int) store.Entry {
	e := store.Entry{Name: name, Version: strconv.Itoa(version), Tags: maps.Clone(k.tags)}
	if k.pending > 0 {
		e.Pending = strconv.Itoa(k.pending)
	}
	if k.deleted {
		e.State = store.Deleted
	}
	return e
}

func (m *Memory) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.open(ctx, name)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	if k.deleted {
		return store.Entry{}, leak.Secret{}, store.Failf(store.GoneName, "it is scheduled for deletion")
	}
	n := k.current
	if version != "" {
		if n, err = strconv.Atoi(version); err != nil || n < 1 || n > len(k.versions) {
			return store.Entry{}, leak.Secret{}, store.Failf(store.NotFound, "no such version")
		}
	}
	return k.entry(name, n), k.versions[n-1], nil
}

func (m *Memory) Write(ctx context.Context, w store.Write) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.open(ctx, w.Name)
	switch code := store.CodeOf(err); {
	case code == store.NotFound && w.From == "":
		k = &kept{}
		if m.entries == nil {
			m.entries = map[string]*kept{}
		}
		m.entries[w.Name] = k
	case err != nil:
		return "", err
	case k.deleted:
		return "", store.Failf(store.GoneName, "it is scheduled for deletion")
	case w.From == "":
		return "", store.Failf(store.AlreadyExists, "the name is taken")
	case w.From != strconv.Itoa(k.current):
		return "", store.Failf(store.Conflict, "version %d is current", k.current)
	}
	k.tags = maps.Clone(w.Tags)
	k.versions, k.tokens = append(k.versions, w.Value), append(k.tokens, w.Token)
	if w.Pending {
		k.pending = len(k.versions)
	} else {
		k.current = len(k.versions)
	}
	return strconv.Itoa(len(k.versions)), nil
}

func (m *Memory) Delete(ctx context.Context, name, version string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.open(ctx, name)
	if err != nil {
		return err
	}
	if version != strconv.Itoa(k.current) {
		return store.Failf(store.Conflict, "version %d is current", k.current)
	}
	delete(m.entries, name)
	return nil
}

func (m *Memory) Promote(ctx context.Context, name, version, from string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.open(ctx, name)
	if err != nil {
		return err
	}
	if version == strconv.Itoa(k.current) {
		return nil
	}
	if from != strconv.Itoa(k.current) || version != strconv.Itoa(k.pending) {
		return store.Failf(store.Conflict, "version %d is current, %d waits", k.current, k.pending)
	}
	k.current, k.pending = k.pending, 0
	return nil
}

// Abandon forgets that a version waits.
func (m *Memory) Abandon(ctx context.Context, name, version string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.open(ctx, name)
	if err == nil && version == strconv.Itoa(k.pending) {
		k.pending = 0
	}
	return err
}

// Bury puts a name into the state in which clouds keep what was deleted.
func (m *Memory) Bury(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[name].deleted = true
	return nil
}

// Names are the names that hold something.
func (m *Memory) Names() map[string]leak.Secret {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]leak.Secret{}
	for name, k := range m.entries {
		if k.current > 0 && !k.deleted {
			all[name] = k.versions[k.current-1]
		}
	}
	return all
}

// Versions is how many values a name was ever given.
func (m *Memory) Versions(name string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.entries[name]; k != nil {
		return len(k.versions)
	}
	return 0
}
