// Package stacktest gives tests a database and a bucket of their own in the one stack that `make test` started.
package stacktest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack"
	"ochno/migrations"
)

// DatabaseURL makes an empty, unmigrated database that is dropped when the test ends.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	server := mustEnv(t, stack.EnvPostgres)
	name := "test_" + strings.ToLower(rand.Text()[:16])
	admin(t, server, "create database "+name)
	t.Cleanup(func() { admin(t, server, "drop database "+name+" with (force)") })
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatalf("%s: %v", stack.EnvPostgres, err)
	}
	return strings.Replace(server, "/"+config.Database+"?", "/"+name+"?", 1)
}

// Database is a migrated database of the test's own.
func Database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), DatabaseURL(t))
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(pool.Close)
	if _, err := migrations.Up(context.Background(), pool); err != nil {
		t.Fatal(err)
	}
	return pool
}

// Minio tells where the stack's MinIO is.
func Minio(t testing.TB) stack.Minio {
	t.Helper()
	return stack.Minio{Endpoint: mustEnv(t, stack.EnvMinioEndpoint), AccessKey: "ochno", SecretKey: mustEnv(t, stack.EnvMinioSecret)}
}

// Bucket is a name for a bucket of the test's own (not yet made).
func Bucket() string { return "test-" + strings.ToLower(rand.Text()[:16]) }

func admin(t testing.TB, server, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("test PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func mustEnv(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: this test needs the local stack; run `make test`, or `bin/ochno stack -- go test ./…`", name)
	}
	return value
}
