package exam

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Listen calls changed for every attempt that changed, on any node, after its transaction committed, until ctx ends. A broken connection is
// opened again; changes in between are missed, so changed is then called with the zero id: «look again at everything».
func (x *Exams) Listen(ctx context.Context, logger *slog.Logger, changed func(attempt uuid.UUID)) {
	for ctx.Err() == nil {
		err := x.listen(ctx, changed)
		if ctx.Err() != nil {
			return
		}
		logger.Warn("the listener for changes lost PostgreSQL; trying again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (x *Exams) listen(ctx context.Context, changed func(uuid.UUID)) error {
	// A connection of its own: one that waits for minutes does not belong in the pool.
	conn, err := pgx.ConnectConfig(ctx, x.pool.Config().ConnConfig.Copy())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `listen attempt`); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	changed(uuid.Nil)
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		if id, err := uuid.Parse(n.Payload); err == nil {
			changed(id)
		}
	}
}
