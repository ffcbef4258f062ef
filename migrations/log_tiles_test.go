package migrations_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"golang.org/x/mod/sumdb/tlog"

	"ochno/migrations"
)

// A log from before its tiles keeps every place and every hash.
func TestLogTilesKeepTheTree(t *testing.T) {
	const sealed, waiting = 1<<16 + 600, 3 // three levels of tiles
	pool, _ := empty(t)
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	old, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), 39); err != nil {
		t.Fatal(err)
	}
	var all []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = all[index]
		}
		return out, nil
	})
	body := func(i int) []byte { return fmt.Appendf(nil, `{"n":%d}`, i) }
	for i := range sealed {
		added, err := tlog.StoredHashes(int64(i), body(i), reader)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, added...)
	}
	copyIn := func(table string, columns []string, n int, row func(i int) []any) {
		t.Helper()
		if _, err := pool.CopyFrom(t.Context(), pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil })); err != nil {
			t.Fatal(err)
		}
	}
	copyIn("ledger_record", []string{"id", "type", "at", "body", "leaf"}, sealed+waiting, func(i int) []any {
		leaf := any(int64(i))
		if i >= sealed {
			leaf = nil
		}
		return []any{uuid.New(), "access", time.Now(), body(i), leaf}
	})
	copyIn("ledger_hash", []string{"index", "hash"}, len(all), func(i int) []any { return []any{int64(i), all[i][:]} })
	copyIn("ledger_checkpoint", []string{"size", "root", "note", "at"}, 1, func(int) []any { return []any{int64(sealed), all[0][:], "", time.Now()} })

	if _, err := migrations.Up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	tiles := tlog.NewTiles(8, 0, sealed)
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			t.Fatal(err)
		}
		var have []byte
		if err := pool.QueryRow(t.Context(), `select hashes from ledger_tile where level = $1 and n = $2`, tile.L, tile.N).Scan(&have); err != nil || !bytes.Equal(have, want) {
			t.Fatalf("tile %d/%d: %d bytes, %v; want %d", tile.L, tile.N, len(have), err, len(want))
		}
	}
	var stored, placed, pending int
	if err := pool.QueryRow(t.Context(), `select (select count(*) from ledger_tile),
		(select count(*) from ledger_leaf join ledger_record using (seq) where body = convert_to('{"n":' || leaf || '}', 'UTF8') and hash is null),
		(select count(*) from ledger_leaf join ledger_record using (seq) where leaf is null and hash = sha256('\x00'::bytea || body))`).Scan(&stored, &placed, &pending); err != nil {
		t.Fatal(err)
	}
	if stored != len(tiles) || placed != sealed || pending != waiting {
		t.Errorf("%d tiles, %d leaves in their place, %d waiting; want %d, %d, %d", stored, placed, pending, len(tiles), sealed, waiting)
	}
}
