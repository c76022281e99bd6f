package token

import (
	"sync"
	"sync/atomic"
	"time"
)

// cache remembers tokens that were read, so that not each request costs a statement.
// What is unknown is not remembered: whoever makes tokens up would fill it with them.
type cache struct {
	size int
	keep time.Duration

	mu      sync.RWMutex
	entries map[digest]*entry
	drops   uint64 // how many there were
}

// entry is a token at the time it was read. Only noting changes.
type entry struct {
	record
	read time.Time

	// noting is set by the one request that notes the use of the token; until it
	// is read again nobody else tries.
	noting atomic.Bool
}

func newCache(size int, keep time.Duration) *cache {
	return &cache{size: size, keep: keep, entries: map[digest]*entry{}}
}

// get returns what is remembered, nil if nothing is or it is too old. drops is for put.
func (c *cache) get(hash digest, now time.Time) (e *entry, drops uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e = c.entries[hash]
	if e != nil {
		if age := now.Sub(e.read); age < 0 || age >= c.keep {
			e = nil
		}
	}
	return e, c.drops
}

// dropped is for put, as what get returns.
func (c *cache) dropped() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.drops
}

// put remembers what was read after get, unless anything was dropped since: what was
// read might be of before a revocation.
func (c *cache) put(e *entry, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != drops || c.keep < 0 || c.size <= 0 {
		return
	}
	if _, ok := c.entries[e.hash]; !ok && len(c.entries) >= c.size {
		delete(c.entries, c.oldest())
	}
	c.entries[e.hash] = e
}

// sample is among how many entries the one to forget is looked for. Go iterates over
// maps from a random place, so that this is nearly as good as knowing the order.
const sample = 8

func (c *cache) oldest() (hash digest) {
	var oldest *entry
	n := 0
	for key, e := range c.entries {
		if oldest == nil || e.read.Before(oldest.read) {
			hash, oldest = key, e
		}
		if n++; n == sample {
			break
		}
	}
	return hash
}

// drop forgets a token that was changed.
func (c *cache) drop(hash digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	delete(c.entries, hash)
}
