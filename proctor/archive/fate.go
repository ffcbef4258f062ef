package archive

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Fate says how long an attempt's objects stay readable.
type Fate struct {
	DestroyAt   *time.Time // set ahead of the usual term; nil: not
	DestroyedAt *time.Time // nil: they can be read
}

// Fate of an attempt's objects; the zero one where there are none.
func (a *Archive) Fate(ctx context.Context, attempt uuid.UUID) (Fate, error) {
	var f Fate
	if err := a.pool.QueryRow(ctx, `select max(destroy_at), max(destroyed_at) from object_key where attempt_id = $1`, attempt).Scan(&f.DestroyAt, &f.DestroyedAt); err != nil {
		return f, fmt.Errorf("read the end of recordings: %w", err)
	}
	return f, nil
}
