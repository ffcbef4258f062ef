package identify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// ErrNotFound: no such identification.
var ErrNotFound = errors.New("not found")

// Identification is one that was decided. Nil fields were not measured.
type Identification struct {
	ID           uuid.UUID
	Attempt      uuid.UUID
	Number       int
	Kind         Kind
	Cause        Cause
	At           time.Time
	Outcome      Outcome
	Reason       string
	Threshold    float64
	Overall      *float64
	Photo        *float64
	Sound        *float64
	Liveness     *float64
	Quality      []ledger.Measure
	Flags        []ledger.Flag // doubts of our own
	Recording    uuid.NullUUID
	FrameMS      *int64
	FrameSHA256  []byte
	PhotoSHA256  []byte
	VoiceSHA256  []byte
	VerdictID    *string
	VerdictToken *string
	Leaf         *int64 // in the log's tree, nil until sealed
}

const selectIdentification = `select i.id, i.attempt_id as attempt, i.number, i.kind, i.cause, i.decided_at as at, i.outcome, i.reason, i.threshold, i.overall, i.photo, i.sound,
	i.liveness, i.quality, i.flags, i.recording_id as recording, i.frame_ms, i.frame_sha256, i.photo_sha256, i.voice_sha256, i.verdict_id, i.verdict as verdict_token,
	l.leaf from identification i join ledger_record r on r.id = i.record_id left join ledger_leaf l using (seq)`

// Identification reads one by id.
func (s *Service) Identification(ctx context.Context, id uuid.UUID) (Identification, error) {
	rows, _ := s.Pool.Query(ctx, selectIdentification+` where i.id = $1`, id)
	i, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Identification])
	if errors.Is(err, pgx.ErrNoRows) {
		return i, ErrNotFound
	}
	if err != nil {
		return i, fmt.Errorf("read the identification: %w", err)
	}
	return i, nil
}

// Of reads an attempt's identifications, in order.
func (s *Service) Of(ctx context.Context, attempt uuid.UUID) ([]Identification, error) {
	rows, _ := s.Pool.Query(ctx, selectIdentification+` where i.attempt_id = $1 order by i.number`, attempt)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Identification])
	if err != nil {
		return nil, fmt.Errorf("read the identifications: %w", err)
	}
	return list, nil
}

// Latest reads the last identification of each of the attempts that has one.
func (s *Service) Latest(ctx context.Context, attempts []uuid.UUID) (map[uuid.UUID]Identification, error) {
	rows, _ := s.Pool.Query(ctx, `select distinct on (attempt) * from (`+selectIdentification+` where i.attempt_id = any($1)) i order by attempt, number desc`, attempts)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Identification])
	if err != nil {
		return nil, fmt.Errorf("read the identifications: %w", err)
	}
	latest := make(map[uuid.UUID]Identification, len(list))
	for _, i := range list {
		latest[i.Attempt] = i
	}
	return latest, nil
}
