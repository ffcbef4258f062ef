package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// What of others somebody may look at; see Look.
const (
	SawRecording       = "recording"
	SawTimeline        = "timeline"
	SawIdentifications = "identifications"
	SawLog             = "log.page"
	SawReadiness       = "readiness"
	SawAppeal          = "appeal"
	SawConsents        = "consents.page"
	SawLive            = "live"       // the student large, with sound at hand
	SawExport          = "log.export" // the file of an export that was ordered
)

// Look is somebody's look at personal data or recordings of others.
type Look struct {
	What    string
	Subject uuid.UUID // what tells one look from another: the attempt or exam
	Exam    uuid.UUID // zero: none
	Attempt uuid.UUID // zero: of no single attempt
	Actor   uuid.UUID
	Name    string // the actor's
	Outcome string // viewed, played or downloaded
	At      time.Time
}

// Saw writes a look into the log, once for each actor, kind, subject and hour. It has committed when Saw returns: what is shown after it is shown
// to somebody of whom the log tells. A failure means that nothing may be shown.
func (l *Log) Saw(ctx context.Context, k Look) error {
	hour := k.At.UTC().Truncate(time.Hour)
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		// Of two at once the second waits here for the first.
		tag, err := tx.Exec(ctx, `insert into ledger_seen (actor, what, subject, hour) values ($1, $2, $3, $4) on conflict do nothing`, k.Actor, k.What, k.Subject, hour)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from ledger_seen where actor = $1 and hour < $2`, k.Actor, hour.Add(-24*time.Hour)); err != nil {
			return err
		}
		_, err = l.Append(ctx, tx, Entry{
			Type: TypeAccess, At: k.At, Exam: k.Exam, Attempt: k.Attempt, Person: k.Actor, Outcome: k.Outcome,
			Data: Access{What: k.What}, Personal: map[string]string{"actor": k.Name},
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("note who looked: %w", err)
	}
	return nil
}
