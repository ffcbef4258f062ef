package ledger

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// growingTree is a tree that is built leaf by leaf from nothing. It keeps its right edge only, and the tiles that nobody has taken yet.
type growingTree struct {
	size  int64
	edge  []tlog.Hash         // by height; of perfect subtrees, one for each bit of size
	tiles map[tileName][]byte // not compared yet
}

// add puts a leaf behind the others.
func (t *growingTree) add(hash tlog.Hash) {
	height := 0
	t.keep(height, hash)
	for ; t.size>>height&1 == 1; height++ {
		hash = tlog.NodeHash(t.edge[height], hash)
		t.keep(height+1, hash)
	}
	if height == len(t.edge) {
		t.edge = append(t.edge, hash)
	}
	t.edge[height] = hash
	t.size++
}

// keep writes the hash of a perfect subtree into its tile, when it stands in a tile's row.
func (t *growingTree) keep(height int, hash tlog.Hash) {
	if height%tileHeight != 0 {
		return
	}
	if t.tiles == nil {
		t.tiles = map[tileName][]byte{}
	}
	name := tileName{height / tileHeight, t.size >> (height + tileHeight)}
	t.tiles[name] = append(t.tiles[name], hash[:]...)
}

// root is RFC 6962's Merkle Tree Hash of at least one leaf.
func (t *growingTree) root() tlog.Hash {
	var root tlog.Hash
	found := false
	for height, hash := range t.edge {
		switch {
		case t.size>>height&1 == 0:
		case found:
			root = tlog.NodeHash(hash, root)
		default:
			root, found = hash, true
		}
	}
	return root
}

// compare holds tiles against those that are stored and forgets them: the full ones, at the end all.
func (t *growingTree) compare(ctx context.Context, q querier, end bool) error {
	read := newHashes(ctx, q)
	var names []tileName
	for name, hashes := range t.tiles {
		if end || len(hashes) == tlog.HashSize<<tileHeight {
			names = append(names, name)
		}
	}
	if err := read.load(names); err != nil {
		return err
	}
	for _, name := range names {
		if stored := read.tiles[name]; stored == nil {
			return fmt.Errorf("tile %d/%d of the stored hashes is missing", name.level, name.n)
		} else if !bytes.Equal(stored, t.tiles[name]) {
			return fmt.Errorf("tile %d/%d of the stored hashes is not the one that the records have", name.level, name.n)
		}
		delete(t.tiles, name)
	}
	if !end {
		return nil
	}
	rows, _ := q.Query(ctx, `select level, n from ledger_tile where n < 0 or level not between 0 and 7 or n >= ((($1::bigint >> (8 * level)) + 255) >> 8) limit 1`, t.size)
	var beyond tileName
	_, err := pgx.ForEachRow(rows, []any{&beyond.level, &beyond.n}, func() error {
		return fmt.Errorf("tile %d/%d of the stored hashes belongs to no record", beyond.level, beyond.n)
	})
	return err
}
