package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight makes a row of ledger_tile hold 256 hashes: a row for each hash would cost more than the records do.
const tileHeight = 8

// tileName is a tile's place: its level counts tiles, not the tree's own levels.
type tileName struct {
	level int
	n     int64
}

func nameOf(t tlog.Tile) tileName { return tileName{t.L, t.N} }

// hashes reads stored hashes for tlog: the fresh ones of a batch first, the others out of their tiles. Not safe for concurrent use.
type hashes struct {
	ctx   context.Context
	q     querier
	fresh map[int64]tlog.Hash
	tiles map[tileName][]byte // as they are stored; empty where there is none
}

func newHashes(ctx context.Context, q querier) *hashes {
	return &hashes{ctx: ctx, q: q, fresh: map[int64]tlog.Hash{}, tiles: map[tileName][]byte{}}
}

// ReadHashes is tlog.HashReader's.
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []tileName
	for _, index := range indexes {
		if _, ok := h.fresh[index]; ok {
			continue
		}
		name := nameOf(tlog.TileForIndex(tileHeight, index))
		if _, ok := h.tiles[name]; !ok {
			h.tiles[name] = nil
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		if err := h.load(missing); err != nil {
			return nil, err
		}
	}
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, ok := h.fresh[index]
		if !ok {
			tile := tlog.TileForIndex(tileHeight, index)
			stored := h.tiles[nameOf(tile)]
			if len(stored) < tile.W*tlog.HashSize {
				return nil, fmt.Errorf("tile %d/%d of the stored hashes has %d bytes, want %d", tile.L, tile.N, len(stored), tile.W*tlog.HashSize)
			}
			var err error
			if hash, err = tlog.HashFromTile(tile, stored, index); err != nil {
				return nil, err
			}
		}
		out[i] = hash
	}
	return out, nil
}

func (h *hashes) load(names []tileName) error {
	levels, numbers := make([]int32, len(names)), make([]int64, len(names))
	for i, name := range names {
		levels[i], numbers[i] = int32(name.level), name.n
	}
	rows, _ := h.q.Query(h.ctx, `select t.level, t.n, t.hashes from unnest($1::int[], $2::bigint[]) w(level, n) join ledger_tile t using (level, n)`, levels, numbers)
	var (
		name   tileName
		stored []byte
	)
	_, err := pgx.ForEachRow(rows, []any{&name.level, &name.n, &stored}, func() error {
		h.tiles[name] = stored
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the stored hashes: %w", err)
	}
	return nil
}

// add hashes the leaf that comes after size others and keeps what it completes.
func (h *hashes) add(size int64, leaf tlog.Hash) error {
	stored, err := tlog.StoredHashesForRecordHash(size, leaf, h)
	if err != nil {
		return fmt.Errorf("hash leaf %d: %w", size, err)
	}
	first := tlog.StoredHashIndex(0, size)
	for i, hash := range stored {
		h.fresh[first+int64(i)] = hash
	}
	return nil
}

// store queues the tiles that a tree of size from became a tree of size to with.
func (h *hashes) store(queue *pgx.Batch, from, to int64) error {
	var levels []int32
	var numbers []int64
	var contents [][]byte
	for _, tile := range tlog.NewTiles(tileHeight, from, to) {
		content, err := tlog.ReadTileData(tile, h)
		if err != nil {
			return fmt.Errorf("tile %d/%d: %w", tile.L, tile.N, err)
		}
		levels, numbers, contents = append(levels, int32(tile.L)), append(numbers, tile.N), append(contents, content)
	}
	queue.Queue(`insert into ledger_tile (level, n, hashes) select * from unnest($1::int[], $2::bigint[], $3::bytea[])
		on conflict (level, n) do update set hashes = excluded.hashes`, levels, numbers, contents)
	return nil
}
