package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Sequencer takes committed records into the tree. Any number of nodes may run one: a lock in PostgreSQL lets one work at a time.
type Sequencer struct {
	pool   *pgxpool.Pool
	signer note.Signer
	now    func() time.Time
	logger *slog.Logger
}

// NewSequencer makes a sequencer that signs with signer; the signer's name is the log's origin.
func NewSequencer(pool *pgxpool.Pool, signer note.Signer, now func() time.Time, logger *slog.Logger) *Sequencer {
	return &Sequencer{pool: pool, signer: signer, now: now, logger: logger}
}

const (
	batchSize        = 1000
	sequenceInterval = 200 * time.Millisecond
	sequenceLock     = 0x6f63686e6f // "ochno"
)

// Run sequences until ctx ends. Faults are logged and tried again: a record waits, it is never lost.
func (s *Sequencer) Run(ctx context.Context) {
	tick := time.NewTicker(sequenceInterval)
	defer tick.Stop()
	for {
		for {
			n, err := s.Sequence(ctx)
			if err != nil && ctx.Err() == nil {
				s.logger.Error("the log cannot take records into its tree", "error", err)
			}
			if err != nil || n < batchSize {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sequence takes one batch into the tree, signs a checkpoint over it, and returns how many records it took.
func (s *Sequencer) Sequence(ctx context.Context) (int, error) {
	var taken int
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, int64(sequenceLock)).Scan(&mine)
		if err == nil && mine {
			taken, err = s.batch(ctx, tx)
		}
		return err
	})
	return taken, err
}

// batch is Sequence for who holds the lock already.
func (s *Sequencer) batch(ctx context.Context, tx pgx.Tx) (int, error) {
	size, signed, err := head(ctx, tx)
	if err != nil {
		return 0, err
	}
	type pending struct {
		Seq  int64
		Hash []byte
	}
	rows, _ := tx.Query(ctx, `select seq, hash from ledger_leaf where leaf is null order by seq limit $1`, batchSize)
	batch, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pending])
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	if err := signs(ctx, tx, s.signer); err != nil {
		return 0, err
	}
	work := newHashes(ctx, tx)
	// A stored hash that was changed would go into every later root, and no checkpoint could ever be made true again.
	if root, err := tlog.TreeHash(size, work); err != nil {
		return 0, fmt.Errorf("tree of %d: %w", size, err)
	} else if size > 0 && root != signed {
		return 0, fmt.Errorf("the stored hashes do not have the root that the checkpoint of size %d signed: the log must be verified", size)
	}
	from := size
	seqs, leaves := make([]int64, len(batch)), make([]int64, len(batch))
	for i, r := range batch {
		if len(r.Hash) != tlog.HashSize {
			return 0, fmt.Errorf("the record that was appended as number %d waits with a hash of %d bytes", r.Seq, len(r.Hash))
		}
		leaf := tlog.Hash(r.Hash)
		if err := work.add(from+int64(i), leaf); err != nil {
			return 0, err
		}
		seqs[i], leaves[i] = r.Seq, from+int64(i)
	}
	size += int64(len(batch))
	root, err := tlog.TreeHash(size, work)
	if err != nil {
		return 0, fmt.Errorf("tree of %d: %w", size, err)
	}
	text, err := note.Sign(&note.Note{Text: checkpointText(s.signer.Name(), size, root)}, s.signer)
	if err != nil {
		return 0, fmt.Errorf("sign the checkpoint: %w", err)
	}
	// One statement for all rows of a table: a statement for each would cost several times what the rows cost.
	queue := &pgx.Batch{}
	if err := work.store(queue, from, size); err != nil {
		return 0, err
	}
	queue.Queue(`update ledger_leaf l set leaf = v.leaf, hash = null from unnest($1::bigint[], $2::bigint[]) v(seq, leaf) where l.seq = v.seq`, seqs, leaves)
	queue.Queue(`insert into ledger_checkpoint (size, root, note, at) values ($1, $2, $3, $4)`, size, root[:], string(text), s.now().UTC())
	queue.Queue(`select pg_notify('ledger', $1)`, strconv.FormatInt(size, 10))
	if err := tx.SendBatch(ctx, queue).Close(); err != nil {
		return 0, fmt.Errorf("store the batch: %w", err)
	}
	return len(batch), nil
}

// head is the newest checkpoint's size and root; zero values when the log is empty.
func head(ctx context.Context, q querier) (int64, tlog.Hash, error) {
	var (
		size int64
		raw  []byte
		root tlog.Hash
	)
	err := q.QueryRow(ctx, `select size, root from ledger_checkpoint order by size desc limit 1`).Scan(&size, &raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, root, nil
	}
	copy(root[:], raw)
	return size, root, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// checkpointText is the signed text of C2SP's tlog-checkpoint: origin, size, root.
func checkpointText(origin string, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root[:]))
}

// parseCheckpoint reads what checkpointText wrote.
func parseCheckpoint(text string) (origin string, size int64, root tlog.Hash, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return "", 0, root, errors.New("checkpoint: want origin, size and root")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return "", 0, root, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(raw) != len(root) {
		return "", 0, root, errors.New("checkpoint: root is not a SHA-256 in base64")
	}
	copy(root[:], raw)
	return lines[0], size, root, nil
}
