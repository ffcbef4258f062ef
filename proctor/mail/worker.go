package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Letter is a message on its way out.
type Letter struct {
	ID       uuid.UUID // the same at every try, so that a server can recognise what it has already
	QueuedAt time.Time
	To       string
	Subject  string
	Text     string
}

// Sender hands a letter to a server. What it returns shows neither address nor text. A *Refused says why the server took it not; any other
// error that there was no server to say so.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// Refused is a server's answer about one letter.
type Refused struct {
	Code      int  // of SMTP: 4xx, 5xx; 0: the talk broke off over it
	Permanent bool // trying again is useless
}

func (r *Refused) Error() string {
	if r.Code == 0 {
		return "the mail server broke off"
	}
	return fmt.Sprintf("the mail server answered %d", r.Code)
}

// The worker's times.
const (
	poll    = time.Second      // how often the queue is looked at
	pause   = 30 * time.Second // after the server could not be reached
	lease   = 5 * time.Minute  // how long one node has a letter for itself; longer than any sending
	sendFor = 20 * time.Second // one letter, at most: less than the service takes to stop
	giveUp  = 72 * time.Hour   // a letter that old is not worth trying
	sweep   = time.Hour
	keepFor = 90 * 24 * time.Hour // rows of sent letters, emptied, are kept that long
)

// backoff is how long a letter waits after its n-th try (1, 2, …) was refused for now.
func backoff(n int) time.Duration {
	return min(time.Minute<<min(n-1, 10), 8*time.Hour)
}

// Worker takes letters out of the queue. Several may run, on several nodes.
type Worker struct {
	queue  *Queue
	sender Sender
	logger *slog.Logger
}

// NewWorker makes a worker; its Run does the work.
func NewWorker(queue *Queue, sender Sender, logger *slog.Logger) *Worker {
	return &Worker{queue: queue, sender: sender, logger: logger}
}

// Run sends what is due until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	var swept time.Time
	for ctx.Err() == nil {
		wait := poll
		if _, err := w.Deliver(ctx); err != nil && ctx.Err() == nil {
			w.logger.Error("mail waits: it cannot be sent now", "error", err)
			wait = pause
		}
		if now := w.queue.now(); now.Sub(swept) >= sweep {
			swept = now
			if err := w.queue.erase(ctx); err != nil && ctx.Err() == nil {
				w.logger.Error("old mail is not erased", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// Deliver sends everything that is due now; how many letters a server took. An error says that there is no sending at the moment: the letter it
// happened with keeps its tries, and the others their place.
func (w *Worker) Deliver(ctx context.Context) (sent int, err error) {
	for ctx.Err() == nil {
		c, err := w.queue.claim(ctx)
		if errors.Is(err, pgx.ErrNoRows) {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
		took, err := w.try(ctx, c)
		if err != nil {
			return sent, err
		}
		if took {
			sent++
		}
	}
	return sent, ctx.Err()
}

func (w *Worker) try(ctx context.Context, c claimed) (sent bool, err error) {
	letter, err := w.queue.open(c)
	if err != nil {
		return false, w.bury(ctx, c, "it cannot be decrypted")
	}
	now := w.queue.now()
	// A letter that is half handed over goes all the way although the service is stopping: cut off, it might arrive and be sent again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendFor)
	defer cancel()
	failure := w.sender.Send(ctx, letter)
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	var refused *Refused
	switch {
	case failure == nil:
		w.logger.Info("mail sent", "message", c.ID, "kind", c.Kind)
		return true, w.queue.set(ctx, c, `sent_at = $3, content = null, failure = ''`, now)
	case errors.As(failure, &refused) && refused.Permanent:
		return false, w.bury(ctx, c, refused.Error())
	case now.Sub(c.QueuedAt) >= giveUp:
		return false, w.bury(ctx, c, "given up after three days: "+failure.Error())
	case refused != nil:
		return false, w.queue.set(ctx, c, `next_at = $3, failure = $4`, now.Add(backoff(c.Tries)), refused.Error())
	}
	if err := w.queue.set(ctx, c, `next_at = $3, tries = tries - 1, failure = 'no connection'`, now); err != nil {
		return false, err
	}
	return false, failure
}

// bury gives a letter up, loudly.
func (w *Worker) bury(ctx context.Context, c claimed, why string) error {
	w.logger.Error("A MESSAGE COULD NOT BE SENT AND IS GIVEN UP", "message", c.ID, "kind", c.Kind, "tries", c.Tries, "why", why)
	return w.queue.set(ctx, c, `dead_at = $3, failure = $4`, w.queue.now(), why)
}

// claimed is a message that this node alone may send until next_at.
type claimed struct {
	ID       uuid.UUID
	Kind     string
	Content  []byte
	QueuedAt time.Time
	NextAt   time.Time
	Tries    int
}

func (q *Queue) claim(ctx context.Context) (claimed, error) {
	now := q.now()
	rows, _ := q.pool.Query(ctx, `update mail_message set next_at = $2, tries = tries + 1
		where id = (select id from mail_message where sent_at is null and dead_at is null and next_at <= $1 order by next_at limit 1 for update skip locked)
		returning id, kind, content, queued_at, next_at, tries`, now, now.Add(lease))
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[claimed])
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return c, fmt.Errorf("take a message: %w", err)
	}
	return c, err
}

// set changes a claimed message, unless its lease ran out and another node has it.
func (q *Queue) set(ctx context.Context, c claimed, what string, args ...any) error {
	if _, err := q.pool.Exec(ctx, `update mail_message set `+what+` where id = $1 and next_at = $2 and sent_at is null and dead_at is null`,
		append([]any{c.ID, c.NextAt}, args...)...); err != nil {
		return fmt.Errorf("keep what became of a message: %w", err)
	}
	return nil
}

func (q *Queue) open(c claimed) (Letter, error) {
	plain, err := q.ring.Unseal(purpose(c.ID), c.Content)
	if err != nil {
		return Letter{}, err
	}
	var text content
	if err := json.Unmarshal(plain, &text); err != nil {
		return Letter{}, err
	}
	return Letter{ID: c.ID, QueuedAt: c.QueuedAt, To: text.To, Subject: text.Subject, Text: text.Text}, nil
}

// erase empties what was given up long ago and forgets what was sent long ago.
func (q *Queue) erase(ctx context.Context) error {
	now := q.now()
	if _, err := q.pool.Exec(ctx, `update mail_message set content = null where dead_at < $1 and content is not null`, now.Add(-DeadFor)); err != nil {
		return fmt.Errorf("empty old messages: %w", err)
	}
	if _, err := q.pool.Exec(ctx, `delete from mail_message where sent_at < $1 or dead_at < $1`, now.Add(-keepFor)); err != nil {
		return fmt.Errorf("forget old messages: %w", err)
	}
	return nil
}
