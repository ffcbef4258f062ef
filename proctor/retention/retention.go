// Package retention decides when what is kept ends: by class, by the organisation's terms and an exam's own, unless a hold (an appeal, an order)
// stops it. It erases what is due, destroying keys before objects, and leaves a receipt in the log.
//
// It owns retention_term, retention_hold and retention_run. Start reading at Service.Run, then Service.Hold.
package retention

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/archive"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Config wires a Service.
type Config struct {
	Pool    *pgxpool.Pool
	Ring    *keyring.Ring
	Log     *ledger.Log
	Archive *archive.Archive
	Now     func() time.Time
	Logger  *slog.Logger
}

// Service is one node's. Any number may run: a lock in PostgreSQL lets one erase at a time.
type Service struct{ Config }

// New makes a service; its Run does the daily work.
func New(c Config) *Service { return &Service{c} }
