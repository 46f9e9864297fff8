package odb

import (
	"container/list"
	"sync"
)

// cache keeps the objects read last, up to a number of bytes, for the deltas
// that are built upon them.
type cache struct {
	mu    sync.Mutex
	left  int
	byKey map[cacheKey]*list.Element
	order *list.List // most recently used first
}

type cacheKey struct {
	pack *packed
	off  int64
}

type cached struct {
	key  cacheKey
	kind Kind
	data []byte
}

// maxCached keeps one large object from throwing out everything else.
const maxCached = 8 << 20

func newCache(size int) *cache {
	return &cache{left: size, byKey: map[cacheKey]*list.Element{}, order: list.New()}
}

func (c *cache) get(key cacheKey) (Kind, []byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return 0, nil, false
	}
	c.order.MoveToFront(e)
	o := e.Value.(*cached)
	return o.kind, o.data, true
}

func (c *cache) put(key cacheKey, kind Kind, data []byte) {
	if cap(data) > maxCached {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	c.byKey[key] = c.order.PushFront(&cached{key, kind, data})
	c.left -= cost(data)
	for c.left < 0 {
		last := c.order.Back()
		o := c.order.Remove(last).(*cached)
		delete(c.byKey, o.key)
		c.left += cost(o.data)
	}
}

// cost counts an entry's share of map and list (about 200 bytes) too, which
// exceeds many objects.
func cost(data []byte) int { return cap(data) + 200 }
