// Package witness takes the log's checkpoints out of the house: each hour and after each exam, to the places that the university names. Who runs
// the log can then change, cut or reorder nothing that a place has seen. It also has the whole log verified every day, against all that has left.
//
// It decides nothing and holds nobody up: a place that does not answer is tried again, and is told of by State. Start reading at Service.Step.
package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/ledger"
)

// Publication is a checkpoint on its way out.
type Publication struct {
	Checkpoint ledger.Checkpoint
	CMS        []byte // detached CMS signature of the checkpoint's text, or nil
	Reason     string // ledger.EveryHour or ledger.AfterExam
	Subject    string
	AskedAt    time.Time
	Previous   int64 // size of what the place took last, 0: nothing yet
}

// Place is where checkpoints are kept by somebody else.
type Place interface {
	// Name tells places apart, in the database and in reports. It holds no secret.
	Name() string
	// Deliver returns what the place answered, to be kept: a cosignature, an object's key. It may be called again with the same publication.
	Deliver(ctx context.Context, p Publication) (answer string, err error)
}

// Signer makes detached CMS signatures (DER).
type Signer interface {
	Sign(ctx context.Context, text []byte) ([]byte, error)
}

// Config says what to do; Signer and Places may be missing.
type Config struct {
	Pool   *pgxpool.Pool
	Log    *ledger.Log
	Places []Place
	Signer Signer
	Also   func(ctx context.Context) error // verified beside the log each day: an error says what is wrong; may be nil
	Now    func() time.Time
	Logger *slog.Logger
}

// Service is one node's. Any number may run: a lock in PostgreSQL lets one work at a time.
type Service struct{ Config }

// New makes a service; its Run does the work.
func New(c Config) *Service { return &Service{c} }

const (
	poll        = 5 * time.Second
	verifyEvery = 24 * time.Hour
	late        = time.Hour                 // a delivery that waits so long is told of
	deliverFor  = 20 * time.Second          // one delivery, at most
	witnessLock = 0x6f63686e6f77            // "ochnow"
	verifyLate  = verifyEvery + 2*time.Hour // without a verification for so long somebody should look
)

// Run works until ctx ends. Faults are logged and tried again.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.Logger.Error("checkpoints do not leave the house", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Step does what is due: asks for the hour's checkpoint, takes those that were asked for, delivers them, and verifies the log once a day.
func (s *Service) Step(ctx context.Context) error {
	conn, err := s.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(witnessLock)).Scan(&mine); err != nil || !mine {
		return err
	}
	defer func() {
		// The lock belongs to the connection: when it cannot be given back the connection must go.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(witnessLock)); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	return errors.Join(s.askHourly(ctx), s.take(ctx), s.deliver(ctx), s.verify(ctx))
}

func (s *Service) askHourly(ctx context.Context) error {
	now := s.Now()
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		return s.Log.AskCheckpoint(ctx, tx, ledger.EveryHour, now.UTC().Format("2006-01-02T15"), now)
	})
}

// take gives every occasion whose records are all sealed the newest checkpoint, and a delivery to each place.
func (s *Service) take(ctx context.Context) error {
	rows, _ := s.Pool.Query(ctx, `select id from ledger_occasion o where size is null
		and not exists (select from ledger_leaf where leaf is null and seq <= o.after) order by id`)
	open, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("read the occasions: %w", err)
	}
	if len(open) == 0 {
		return nil
	}
	latest, err := s.Log.Latest(ctx)
	if errors.Is(err, ledger.ErrEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	var cms []byte
	if s.Signer != nil {
		if cms, err = s.Signer.Sign(ctx, []byte(latest.Note)); err != nil {
			return fmt.Errorf("sign the checkpoint of size %d by CMS: %w", latest.Size, err)
		}
	}
	names := make([]string, len(s.Places))
	for i, p := range s.Places {
		names[i] = p.Name()
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update ledger_occasion set size = $2, cms = $3 where id = any($1)`, open, latest.Size, cms); err != nil {
			return fmt.Errorf("take a checkpoint: %w", err)
		}
		if _, err := tx.Exec(ctx, `insert into ledger_delivery (occasion_id, place, next_at) select o, p, $3 from unnest($1::bigint[]) o, unnest($2::text[]) p`,
			open, names, s.Now()); err != nil {
			return fmt.Errorf("queue the deliveries: %w", err)
		}
		return nil
	})
}

type due struct {
	ID      int64
	Size    int64
	CMS     []byte
	Reason  string
	Subject string
	AskedAt time.Time
	Tries   int
}

// deliver brings each place the newest checkpoint that it has not seen. The older ones went with it: it signs all that they signed.
func (s *Service) deliver(ctx context.Context) error {
	var faults []error
	for _, place := range s.Places {
		if err := s.deliverTo(ctx, place); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (s *Service) deliverTo(ctx context.Context, place Place) error {
	rows, _ := s.Pool.Query(ctx, `select o.id, o.size, o.cms, o.reason, o.subject, o.asked_at, d.tries from ledger_delivery d join ledger_occasion o on o.id = d.occasion_id
		where d.place = $1 and d.delivered_at is null and d.next_at <= $2 order by o.size desc, o.id desc limit 1`, place.Name(), s.Now())
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[due])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the deliveries: %w", err)
	}
	p := Publication{CMS: d.CMS, Reason: d.Reason, Subject: d.Subject, AskedAt: d.AskedAt}
	if err := s.Pool.QueryRow(ctx, `select coalesce(max(o.size), 0) from ledger_delivery d join ledger_occasion o on o.id = d.occasion_id
		where d.place = $1 and d.delivered_at is not null`, place.Name()).Scan(&p.Previous); err != nil {
		return fmt.Errorf("read the deliveries: %w", err)
	}
	if p.Checkpoint, err = s.Log.CheckpointAt(ctx, d.Size); err != nil {
		return err
	}
	var answer string
	if d.Size > p.Previous {
		limited, cancel := context.WithTimeout(ctx, deliverFor)
		answer, err = place.Deliver(limited, p)
		cancel()
	}
	if err != nil {
		wait := min(time.Minute<<min(d.Tries, 10), 2*time.Hour)
		s.Logger.Error("a checkpoint was not taken", "place", place.Name(), "size", d.Size, "tries", d.Tries+1, "again in", wait, "error", err)
		_, err = s.Pool.Exec(ctx, `update ledger_delivery set tries = tries + 1, next_at = $3, error = $4 where occasion_id = $1 and place = $2`,
			d.ID, place.Name(), s.Now().Add(wait), shorten(err.Error()))
		return err
	}
	_, err = s.Pool.Exec(ctx, `update ledger_delivery d set delivered_at = $3, answer = case when d.occasion_id = $1 then $4 else '' end, error = ''
		from ledger_occasion o where o.id = d.occasion_id and d.place = $2 and d.delivered_at is null and o.size <= $5`, d.ID, place.Name(), s.Now(), shorten(answer), d.Size)
	return err
}

// shorten bounds what somebody else's words take.
func shorten(text string) string {
	const most = 4 << 10
	if len(text) > most {
		return text[:most]
	}
	return text
}
