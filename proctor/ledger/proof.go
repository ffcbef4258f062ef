package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Prove is the proof that the leaf stands in the tree of that size: RFC 6962's audit path, the lowest sibling first. The tree must have been
// signed; a leaf outside of it is an error. tlog.CheckRecord checks it.
func (l *Log) Prove(ctx context.Context, leaf, size int64) (tlog.RecordProof, error) {
	return l.Prover(size).Prove(ctx, leaf)
}

// Consistency is the proof that the tree of size to begins with the whole tree of size from. tlog.CheckTree checks it.
func (l *Log) Consistency(ctx context.Context, from, to int64) (tlog.TreeProof, error) {
	if from < 1 || from > to {
		return nil, fmt.Errorf("consistency of sizes %d and %d: want 1 ≤ first ≤ second", from, to)
	}
	proof, err := tlog.ProveTree(to, from, newHashes(ctx, l.pool))
	if err != nil {
		return nil, fmt.Errorf("consistency of sizes %d and %d: %w", from, to, err)
	}
	return proof, nil
}

// Prover makes many proofs for one tree and reads no hash twice in a row of neighbours. Not safe for concurrent use.
type Prover struct {
	size    int64
	reached bool // the log has that many leaves
	read    *hashes
}

// Prover proves leaves of the tree of that size.
func (l *Log) Prover(size int64) *Prover {
	return &Prover{size: size, read: newHashes(context.Background(), l.pool)}
}

// proverCache bounds the tiles that a prover remembers: 8 KiB each.
const proverCache = 1024

// Prove is Log.Prove for the prover's tree.
func (p *Prover) Prove(ctx context.Context, leaf int64) (tlog.RecordProof, error) {
	if leaf < 0 || leaf >= p.size {
		return nil, fmt.Errorf("leaf %d is not in the tree of %d", leaf, p.size)
	}
	if len(p.read.tiles) > proverCache {
		clear(p.read.tiles)
	}
	p.read.ctx = ctx
	if !p.reached {
		if _, err := p.read.ReadHashes([]int64{tlog.StoredHashIndex(0, p.size-1)}); err != nil {
			return nil, fmt.Errorf("prove leaf %d of %d: %w", leaf, p.size, err)
		}
		p.reached = true
	}
	proof, err := tlog.ProveRecord(p.size, leaf, p.read)
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d: %w", leaf, err)
	}
	return proof, nil
}

// LeafHashes calls fn with the stored hash of every leaf below size, in order.
func (l *Log) LeafHashes(ctx context.Context, size int64, fn func(tlog.Hash) error) error {
	rows, _ := l.pool.Query(ctx, `select n, hashes from ledger_tile where level = 0 and n < ($1 + 255) / 256 order by n`, size)
	var (
		leaf, n int64
		stored  []byte
	)
	_, err := pgx.ForEachRow(rows, []any{&n, &stored}, func() error {
		width := min(1<<tileHeight, size-leaf)
		if n != leaf>>tileHeight || int64(len(stored)) < width*tlog.HashSize {
			return fmt.Errorf("the stored hash of leaf %d is missing", leaf)
		}
		for i := range width {
			if err := fn(tlog.Hash(stored[i*tlog.HashSize:][:tlog.HashSize])); err != nil {
				return err
			}
		}
		leaf += width
		return nil
	})
	if err == nil && leaf != size {
		err = fmt.Errorf("the stored hash of leaf %d is missing", leaf)
	}
	return err
}

// OpenCheckpoint reads a signed checkpoint and checks that the verifier's key signed it and that it is of the log which the key names.
func OpenCheckpoint(signed []byte, verifier note.Verifier) (Checkpoint, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint is not signed by the key of %s: %w", verifier.Name(), err)
	}
	origin, size, root, err := parseCheckpoint(opened.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if origin != verifier.Name() {
		return Checkpoint{}, fmt.Errorf("the checkpoint is of the log %q, the key is of %q", origin, verifier.Name())
	}
	return Checkpoint{Size: size, Root: root, Note: string(signed)}, nil
}
