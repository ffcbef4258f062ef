package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
	"ochno/proctor/media"
)

// Recording is what was recorded of one source of an attempt, across reconnections. Each node that wrote some of it has a part of its own, whose
// segments are numbered and chained among themselves; all parts have one clock.
type Recording struct {
	ID        uuid.UUID   // of the first part
	Parts     []uuid.UUID // all of them, in the order in which they were begun
	Attempt   uuid.UUID
	Kind      string // camera, screen, phone
	StartedAt time.Time
	Segments  []Segment // of all parts, by time
}

// Segment is one stored WebM file of a recording. Times in milliseconds count from the recording's start.
type Segment struct {
	Recording  uuid.UUID `db:"recording_id"` // the part it is numbered and chained in
	Number     int
	Key        string
	StartedAt  time.Time
	StartMS    int64
	DurationMS int64
	Size       int64
	SHA256     []byte
	PrevSHA256 []byte
	Chain      []byte
	Video      bool
	Audio      bool
	Recovered  bool
	Gaps       []media.Gap
}

// EndMS is where the recording ends; 0 for an empty recording.
func (r Recording) EndMS() int64 {
	var end int64
	for _, s := range r.Segments {
		end = max(end, s.StartMS+s.DurationMS)
	}
	return end
}

// StoreSegment implements media.Sink: the object, then its row, then the spool file goes.
func (a *Archive) StoreSegment(ctx context.Context, s media.Segment) error {
	var attempt uuid.UUID
	err := a.pool.QueryRow(ctx, `select attempt_id from recording where id = $1`, s.Recording).Scan(&attempt)
	if err != nil {
		return fmt.Errorf("the recording of a segment: %w", err)
	}
	plain, err := os.ReadFile(s.Path)
	if err != nil {
		return fmt.Errorf("the spool file of a segment: %w", err)
	}
	sum := sha256.Sum256(plain)
	if sum != s.SHA256 {
		return fmt.Errorf("segment %d of recording %s changed on disk", s.Number, s.Recording)
	}
	key, err := a.Put(ctx, attempt, "recording/"+s.Recording.String(), "webm", plain)
	if errors.Is(err, ErrDestroyed) {
		return fmt.Errorf("%w: %w", media.ErrUnwanted, err)
	}
	if err != nil {
		return err
	}
	if err := a.index(ctx, s, key); err != nil {
		return fmt.Errorf("index segment %d of recording %s: %w", s.Number, s.Recording, err)
	}
	if err := os.Remove(s.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("drop a spool file: %w", err)
	}
	return nil
}

// index writes the segment's row, chained to the one before. The same segment again (a crash between row and spool) changes nothing.
func (a *Archive) index(ctx context.Context, s media.Segment, key string) error {
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select 1 from recording where id = $1 for update`, s.Recording); err != nil {
			return err
		}
		var there []byte
		err := tx.QueryRow(ctx, `select sha256 from segment where recording_id = $1 and number = $2`, s.Recording, s.Number).Scan(&there)
		switch {
		case err == nil && string(there) == string(s.SHA256[:]):
			return nil
		case err == nil:
			return errors.New("another segment is stored under this number")
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		// The one before may have any lower number: a file that could not be finished leaves a gap.
		prev := make([]byte, sha256.Size)
		var before []byte
		err = tx.QueryRow(ctx, `select sha256, chain from segment where recording_id = $1 and number < $2 order by number desc limit 1`, s.Recording, s.Number).Scan(&prev, &before)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("the segment before: %w", err)
		}
		if string(prev) != string(s.PrevSHA256[:]) {
			return errors.New("it does not follow the segment before it")
		}
		var ntp *time.Time
		if !s.NTP.IsZero() {
			ntp = &s.NTP
		}
		gaps := s.Gaps
		if gaps == nil {
			gaps = []media.Gap{}
		}
		_, err = tx.Exec(ctx, `insert into segment (recording_id, number, object_key, started_at, start_ms, duration_ms, size, sha256, prev_sha256, chain,
			recovered, video, audio, width, height, rtp_time, ntp_time, gaps) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
			s.Recording, s.Number, key, s.Started, s.Offset.Milliseconds(), s.Duration.Milliseconds(), s.Size, s.SHA256[:], s.PrevSHA256[:],
			chain(before, s.SHA256[:]), s.Recovered, s.Video, s.Audio, s.Width, s.Height, int64(s.RTPTime), ntp, gaps)
		return err
	})
}

// chain is the value that covers a segment and everything before it; before is empty for the first.
func chain(before, sum []byte) []byte {
	h := sha256.New()
	h.Write(before)
	h.Write(sum)
	return h.Sum(nil)
}

// Recordings reads what was recorded of an attempt, one for each kind.
func (a *Archive) Recordings(ctx context.Context, attempt uuid.UUID) ([]Recording, error) {
	rows, _ := a.pool.Query(ctx, `select id, kind, started_at from recording where attempt_id = $1 order by kind, part`, attempt)
	var list []Recording
	var part Recording
	_, err := pgx.ForEachRow(rows, []any{&part.ID, &part.Kind, &part.StartedAt}, func() error {
		if n := len(list); n > 0 && list[n-1].Kind == part.Kind {
			list[n-1].Parts = append(list[n-1].Parts, part.ID)
			return nil
		}
		list = append(list, Recording{ID: part.ID, Parts: []uuid.UUID{part.ID}, Attempt: attempt, Kind: part.Kind, StartedAt: part.StartedAt.UTC()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the recordings: %w", err)
	}
	for i := range list {
		if list[i].Segments, err = a.segments(ctx, list[i].Parts...); err != nil {
			return nil, err
		}
	}
	return list, nil
}

const selectSegment = `select recording_id, number, object_key as key, started_at, start_ms, duration_ms, size, sha256, prev_sha256, chain, video, audio, recovered, gaps from segment`

// segments are those of a recording's parts by time; of one part that is by number.
func (a *Archive) segments(ctx context.Context, parts ...uuid.UUID) ([]Segment, error) {
	rows, _ := a.pool.Query(ctx, selectSegment+` where recording_id = any($1) order by start_ms, array_position($1, recording_id), number`, parts)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Segment])
	if err != nil {
		return nil, fmt.Errorf("read the segments: %w", err)
	}
	return list, nil
}

// AttemptOf tells whose recording it is.
func (a *Archive) AttemptOf(ctx context.Context, recording uuid.UUID) (uuid.UUID, error) {
	var attempt uuid.UUID
	err := a.pool.QueryRow(ctx, `select attempt_id from recording where id = $1`, recording).Scan(&attempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return attempt, ErrNotFound
	}
	if err != nil {
		return attempt, fmt.Errorf("read the recording: %w", err)
	}
	return attempt, nil
}

// Segment reads one stored file of a recording and checks that it is the one that was stored.
func (a *Archive) Segment(ctx context.Context, recording uuid.UUID, number int) ([]byte, error) {
	attempt, err := a.AttemptOf(ctx, recording)
	if err != nil {
		return nil, err
	}
	rows, _ := a.pool.Query(ctx, selectSegment+` where recording_id = $1 and number = $2`, recording, number)
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[Segment])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read the segment: %w", err)
	}
	plain, err := a.Get(ctx, attempt, s.Key)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(plain); string(sum[:]) != string(s.SHA256) {
		return nil, fmt.Errorf("segment %d of recording %s is not the one that was stored", number, recording)
	}
	return plain, nil
}

// Seal appends the heads of the attempt's recordings to the log: what was stored until now cannot be changed unnoticed any more. A head that is
// in the log already is not appended again. Of a part that another node wrote more may come, whatever is final here. Exam is the exam's id, for the log's filters.
func (a *Archive) Seal(ctx context.Context, exam, attempt uuid.UUID, final bool) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		type head struct {
			ID     uuid.UUID
			Number int
			SHA256 []byte
			Chain  []byte
			ToMS   int64
			Ours   bool
		}
		if _, err := tx.Exec(ctx, `select 1 from recording where attempt_id = $1 for update`, attempt); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `select r.id, s.number, s.sha256, s.chain, s.start_ms + s.duration_ms, `+ours("$2")+` from recording r
			join lateral (select * from segment where recording_id = r.id order by number desc limit 1) s on true
			where r.attempt_id = $1 and s.number > r.sealed`, attempt, a.spool)
		heads, err := pgx.CollectRows(rows, pgx.RowToStructByPos[head])
		if err != nil {
			return err
		}
		for _, h := range heads {
			if _, err := a.log.Append(ctx, tx, ledger.Entry{
				Type: ledger.TypeRecordingHead, At: a.now(), Exam: exam, Attempt: attempt,
				Data: ledger.RecordingHead{
					Recording: h.ID.String(), Segment: h.Number, SHA256: hex.EncodeToString(h.SHA256), Chain: hex.EncodeToString(h.Chain),
					ToMS: h.ToMS, Final: final && h.Ours,
				},
			}); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `update recording set sealed = $2 where id = $1`, h.ID, h.Number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seal the recordings: %w", err)
	}
	return nil
}

// SealExam seals what is stored of an exam's recordings and whose head is not in the log, whichever node recorded it.
func (a *Archive) SealExam(ctx context.Context, exam uuid.UUID) error {
	rows, _ := a.pool.Query(ctx, `select distinct r.attempt_id from attempt t join recording r on r.attempt_id = t.id join segment s on s.recording_id = r.id
		where t.exam_id = $1 and s.number > r.sealed`, exam)
	attempts, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("find an exam's unsealed recordings: %w", err)
	}
	for _, attempt := range attempts {
		if err := a.Seal(ctx, exam, attempt, false); err != nil {
			return err
		}
	}
	return nil
}

// Unsealed lists attempts with recordings of this node whose head is not in the log, as a crash leaves them.
func (a *Archive) Unsealed(ctx context.Context) ([]uuid.UUID, error) {
	rows, _ := a.pool.Query(ctx, `select distinct r.attempt_id from recording r join segment s on s.recording_id = r.id where s.number > r.sealed and `+ours("$1"), a.spool)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("find unsealed recordings: %w", err)
	}
	return ids, nil
}
