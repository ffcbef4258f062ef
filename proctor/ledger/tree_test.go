package ledger

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// A tree grown leaf by leaf has the roots and the tiles that tlog computes, over three levels of tiles.
func TestGrowingTree(t *testing.T) {
	const size = 1<<(2*tileHeight) + 2*(1<<tileHeight) + 3
	var grown growingTree
	var all []tlog.Hash
	stored := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = all[index]
		}
		return out, nil
	})
	checked := 0
	for n := range int64(size) {
		leaf := tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(n)))
		added, err := tlog.StoredHashesForRecordHash(n, leaf, stored)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, added...)
		grown.add(leaf)
		if n < 600 || n%997 == 0 || n > size-10 {
			want, err := tlog.TreeHash(n+1, stored)
			if err != nil {
				t.Fatal(err)
			}
			if got := grown.root(); got != want {
				t.Fatalf("root of %d leaves: %v; want %v", n+1, got, want)
			}
			checked++
		}
	}
	tiles := tlog.NewTiles(tileHeight, 0, size)
	if len(tiles) != len(grown.tiles) || checked < 600 {
		t.Errorf("%d tiles; want %d", len(grown.tiles), len(tiles))
	}
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(grown.tiles[nameOf(tile)], want) {
			t.Errorf("tile %d/%d is another", tile.L, tile.N)
		}
	}
}
