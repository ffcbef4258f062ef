package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Audited is what Audit looked at.
type Audited struct {
	Recordings int
	Segments   int
	Objects    int // read, decrypted and hashed
	Destroyed  int // segments whose key was destroyed: their objects can be read by nobody
	Findings   []string
}

// maxFindings bounds a report about a store that is wholly gone.
const maxFindings = 1000

func (a *Audited) find(format string, args ...any) {
	if len(a.Findings) < maxFindings {
		a.Findings = append(a.Findings, fmt.Sprintf(format, args...))
	}
}

// Audit holds every recording against the heads that the log sealed, and with objects every stored file against its hash. The log itself must be
// verified beside it. An error says that it could not be done; what does not fit is in the findings, each naming its recording and segment.
func (a *Archive) Audit(ctx context.Context, objects bool) (Audited, error) {
	var report Audited
	heads := map[uuid.UUID][]ledger.RecordingHead{}
	err := a.log.Each(ctx, ledger.Filter{Type: ledger.TypeRecordingHead}, func(r ledger.Row) error {
		var head ledger.RecordingHead
		if err := r.Data(&head); err != nil {
			return err
		}
		id, err := uuid.Parse(head.Recording)
		if err != nil {
			return fmt.Errorf("record %s: %w", r.ID, err)
		}
		heads[id] = append(heads[id], head)
		return nil
	})
	if err != nil {
		return report, fmt.Errorf("audit: %w", err)
	}
	erased := map[uuid.UUID]bool{}
	if err := a.log.Each(ctx, ledger.Filter{Type: ledger.TypeErasure}, func(r ledger.Row) error {
		erased[r.Attempt] = true
		return nil
	}); err != nil {
		return report, fmt.Errorf("audit: %w", err)
	}
	type recording struct {
		ID        uuid.UUID
		Attempt   uuid.UUID
		Sealed    int
		Destroyed bool
	}
	rows, _ := a.pool.Query(ctx, `select r.id, r.attempt_id, r.sealed, coalesce(k.wrapped is null, false) and k.attempt_id is not null from recording r left join object_key k using (attempt_id) order by r.started_at, r.id`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[recording])
	if err != nil {
		return report, fmt.Errorf("audit: read the recordings: %w", err)
	}
	for _, r := range list {
		segments, err := a.segments(ctx, r.ID)
		if err != nil {
			return report, fmt.Errorf("audit: %w", err)
		}
		slices.SortFunc(segments, func(a, b Segment) int { return cmp.Compare(a.Number, b.Number) }) // as they are chained, whatever their rows say of time
		report.Recordings++
		report.Segments += len(segments)
		report.rows(r.ID, r.Sealed, segments, heads[r.ID])
		delete(heads, r.ID)
		if r.Destroyed {
			report.Destroyed += len(segments)
			if !erased[r.Attempt] {
				report.find("the key of recording %s is gone, and no record of the log tells of its erasure", r.ID)
			}
			continue
		}
		if !objects {
			continue
		}
		for _, s := range segments {
			if err := ctx.Err(); err != nil {
				return report, err
			}
			report.Objects++
			plain, err := a.Get(ctx, r.Attempt, s.Key)
			switch sum := sha256.Sum256(plain); {
			case errors.Is(err, ErrNotFound):
				report.find("segment %d of recording %s: its file is gone from the store", s.Number, r.ID)
			case errors.Is(err, keyring.ErrBroken):
				report.find("segment %d of recording %s: its file was changed or swapped in the store", s.Number, r.ID)
			case err != nil:
				return report, fmt.Errorf("audit: segment %d of recording %s: %w", s.Number, r.ID, err)
			case !bytes.Equal(sum[:], s.SHA256) || int64(len(plain)) != s.Size:
				report.find("segment %d of recording %s: its file is not the one that was stored", s.Number, r.ID)
			}
		}
	}
	for id := range heads {
		report.find("recording %s, which the log sealed, was removed", id)
	}
	return report, nil
}

// rows holds a recording's rows against each other and against the heads of the log.
func (a *Audited) rows(recording uuid.UUID, sealed int, segments []Segment, heads []ledger.RecordingHead) {
	there := map[int]Segment{}
	prev := make([]byte, sha256.Size)
	var before []byte
	for _, s := range segments {
		if !bytes.Equal(s.PrevSHA256, prev) {
			a.find("segment %d of recording %s does not follow the one before it: that was changed or removed", s.Number, recording)
		}
		before = chain(before, s.SHA256)
		if !bytes.Equal(before, s.Chain) {
			a.find("segment %d of recording %s: its chain value is not that of the segments up to it", s.Number, recording)
		}
		prev = s.SHA256
		there[s.Number] = s
	}
	last := -1
	for _, head := range heads {
		last = max(last, head.Segment)
		s, ok := there[head.Segment]
		switch {
		case !ok:
			a.find("segment %d of recording %s, which the log sealed, was removed", head.Segment, recording)
		case hex.EncodeToString(s.Chain) != head.Chain || hex.EncodeToString(s.SHA256) != head.SHA256:
			a.find("segment %d of recording %s is not the one that the log sealed", head.Segment, recording)
		case s.StartMS+s.DurationMS != head.ToMS:
			a.find("segment %d of recording %s: its times are not those that the log sealed", head.Segment, recording)
		}
	}
	if last != sealed {
		a.find("recording %s is said to be sealed up to segment %d, the log sealed segment %d", recording, sealed, last)
	}
}
