package esia

import "time"

// SetClock lets tests move the clock by which files are looked at.
func (k *FileKeys) SetClock(now func() time.Time) { k.now = now }
