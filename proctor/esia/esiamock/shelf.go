package esiamock

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"sync"
	"time"
)

// shelf keeps things under random names for a while, a bounded number of them.
type shelf[T any] struct {
	lifetime time.Duration

	mu    sync.Mutex
	items map[string]kept[T]
}

type kept[T any] struct {
	item    T
	expires time.Time
}

const mostKept = 10_000

var errFull = errors.New("too many sign-ins at once")

func newShelf[T any](lifetime time.Duration) *shelf[T] {
	return &shelf[T]{lifetime: lifetime, items: make(map[string]kept[T])}
}

// put returns the name under which the item is kept.
func (s *shelf[T]) put(item T, now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.items) >= mostKept {
		for name, k := range s.items {
			if now.After(k.expires) {
				delete(s.items, name)
			}
		}
		if len(s.items) >= mostKept {
			return "", errFull
		}
	}
	var random [32]byte
	rand.Read(random[:])
	name := base64.RawURLEncoding.EncodeToString(random[:])
	s.items[name] = kept[T]{item, now.Add(s.lifetime)}
	return name, nil
}

// look leaves the item where it is.
func (s *shelf[T]) look(name string, now time.Time) (item T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.items[name]
	if !ok || now.After(k.expires) {
		return item, false
	}
	return k.item, true
}

// take removes the item: the second taker finds nothing.
func (s *shelf[T]) take(name string, now time.Time) (item T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.items[name]
	delete(s.items, name)
	if !ok || now.After(k.expires) {
		return item, false
	}
	return k.item, true
}
