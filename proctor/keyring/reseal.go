package keyring

import "fmt"

// Column is where values are kept that the ring sealed. Each room names its own; a rotation goes through all.
type Column struct {
	Table   string
	Key     string // the column of the row's uuid
	Name    string
	Wrapped bool // an object key, not a personal value
	Purpose func(id string) string
}

// Reseal opens a column's value and seals it under the key that seals now. One that stands under it already comes back as nil.
func (r *Ring) Reseal(c Column, id string, sealed []byte) ([]byte, error) {
	use := personal
	if c.Wrapped {
		use = wrap
	}
	plain, key, err := r.open(use, c.Purpose(id), sealed)
	if err != nil || key == 0 {
		return nil, err
	}
	return seal(use(r.keys[0]), c.Purpose(id), plain), nil
}

const purposeLookup = "the key of look-ups"

// WrapLookup is the key of look-ups, wrapped under the key that seals. It outlives master keys: what was hashed under it must go on being found.
func (r *Ring) WrapLookup() []byte { return seal(r.keys[0].wrap, purposeLookup, r.lookup) }

// UseLookup takes the key of look-ups from what WrapLookup made, before the ring is used. ErrBroken: no key of the ring is the installation's.
// Current tells whether it was wrapped under the key that seals.
func (r *Ring) UseLookup(wrapped []byte) (current bool, err error) {
	key, by, err := r.open(wrap, purposeLookup, wrapped)
	if err != nil {
		return false, err
	}
	if len(key) != KeySize {
		return false, fmt.Errorf("%s: want %d bytes, have %d", purposeLookup, KeySize, len(key))
	}
	r.lookup = key
	return by == 0, nil
}
