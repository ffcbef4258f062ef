package identify

import "time"

// Early lets tests ask it of any wait at any time.
func Early(w Waiting, now time.Time) bool { return w.early(now) }
