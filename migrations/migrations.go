// Package migrations holds the numbered SQL that makes and changes Ochno's tables, and applies it.
//
// Migrations go forward only and must be safe on a live database: they add, they never rewrite a large table under a lock.
// Nothing but the embed and the call to goose belongs here.
package migrations

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Status tells how far a database is: Current of Latest.
type Status struct {
	Current, Latest int64
}

// Up applies what is missing, under an advisory lock so that two starting nodes do not race. It returns how many were applied.
func Up(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	provider, closeDB, err := open(pool)
	if err != nil {
		return 0, err
	}
	defer closeDB()
	results, err := provider.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}

// Check reads the database's version without changing anything.
func Check(ctx context.Context, pool *pgxpool.Pool) (Status, error) {
	provider, closeDB, err := open(pool)
	if err != nil {
		return Status{}, err
	}
	defer closeDB()
	// goose makes its table even to read a version; a database without one has none.
	var there bool
	if err := pool.QueryRow(ctx, `select to_regclass($1) is not null`, goose.DefaultTablename).Scan(&there); err != nil {
		return Status{}, fmt.Errorf("read the migration version: %w", err)
	}
	if !there {
		sources := provider.ListSources()
		return Status{Latest: sources[len(sources)-1].Version}, nil
	}
	current, latest, err := provider.GetVersions(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("read the migration version: %w", err)
	}
	return Status{Current: current, Latest: latest}, nil
}

func open(pool *pgxpool.Pool) (*goose.Provider, func(), error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks every second for five minutes
	if err != nil {
		return nil, nil, fmt.Errorf("migration lock: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		db.Close()
		return nil, nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, func() { db.Close() }, nil
}
