package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	// Version names what the file is made of, so that a reader who goes on where he was does not go on in another file.
	Version string
}

// Whole opens what is stored until now of the recording that has this part, all its parts together. Segments are read, and checked against their rows, when their bytes are. ErrNotFound says that
// there is no such recording, or nothing stored of it.
func (a *Archive) Whole(ctx context.Context, recording uuid.UUID) (Whole, error) {
	rows, _ := a.pool.Query(ctx, `select p.id, p.attempt_id, p.kind, p.started_at from recording r join recording p using (attempt_id, kind) where r.id = $1 order by p.part`, recording)
	var w Whole
	var part uuid.UUID
	var all []uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&part, &w.Attempt, &w.Kind, &w.StartedAt}, func() error {
		all = append(all, part)
		return nil
	}); err != nil {
		return Whole{}, fmt.Errorf("read the recording: %w", err)
	}
	segments, err := a.segments(ctx, all...)
	if err != nil {
		return Whole{}, err
	}
	if len(segments) == 0 {
		return Whole{}, ErrNotFound
	}
	first, err := a.Segment(ctx, segments[0].Recording, segments[0].Number)
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
	w.Size, w.Version = joined.Size(), version(segments)
	w.ReadSeeker = joined.Open(func(i int) ([]byte, error) { return a.Segment(ctx, segments[i].Recording, segments[i].Number) })
	return w, nil
}

// version is the head of the recording's chain; of a recording in several parts, a hash over all the heads.
func version(segments []Segment) string {
	heads := map[uuid.UUID][]byte{}
	var order []uuid.UUID
	for _, s := range segments {
		if heads[s.Recording] == nil {
			order = append(order, s.Recording)
		}
		heads[s.Recording] = s.Chain
	}
	if len(order) == 1 {
		return hex.EncodeToString(heads[order[0]])
	}
	sum := sha256.New()
	for _, part := range order {
		sum.Write(heads[part])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
