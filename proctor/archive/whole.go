package archive

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/media/webm"
)

// Whole is a recording as one WebM file, made of its segments while it is read: nothing is stored a second time.
type Whole struct {
	io.ReadSeeker
	Attempt   uuid.UUID
	Kind      string // camera, screen, phone
	StartedAt time.Time
	Size      int64
	// Version names what the file is made of: the head of the recording's chain, so that a reader who goes on where he was does not go on in
	// another file.
	Version string
}

// Whole opens what is stored of a recording until now. Segments are read, and checked against their rows, when their bytes are. ErrNotFound says that
// there is no such recording, or nothing stored of it.
func (a *Archive) Whole(ctx context.Context, recording uuid.UUID) (Whole, error) {
	rows, _ := a.pool.Query(ctx, `select attempt_id, kind, started_at from recording where id = $1`, recording)
	w, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (w Whole, err error) {
		return w, row.Scan(&w.Attempt, &w.Kind, &w.StartedAt)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, ErrNotFound
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read the recording: %w", err)
	}
	segments, err := a.segments(ctx, recording)
	if err != nil {
		return Whole{}, err
	}
	if len(segments) == 0 {
		return Whole{}, ErrNotFound
	}
	first, err := a.Segment(ctx, recording, segments[0].Number)
	if err != nil {
		return Whole{}, err
	}
	head, err := webm.Scan(bytes.NewReader(first), nil)
	if err != nil {
		return Whole{}, fmt.Errorf("read the first segment of recording %s: %w", recording, err)
	}
	parts := make([]webm.Part, 0, len(segments))
	for _, s := range segments {
		parts = append(parts, webm.Part{Size: s.Size, Start: time.Duration(s.StartMS) * time.Millisecond})
	}
	duration := time.Duration(Recording{Segments: segments}.EndMS()) * time.Millisecond
	joined := webm.Join(webm.Header{Epoch: w.StartedAt, Width: head.Width, Height: head.Height}, duration, parts)
	w.Size, w.Version = joined.Size(), hex.EncodeToString(segments[len(segments)-1].Chain)
	w.ReadSeeker = joined.Open(func(i int) ([]byte, error) { return a.Segment(ctx, recording, segments[i].Number) })
	return w, nil
}
