package main

import (
	"context"
	"fmt"

	"ochno/proctor"
)

// mailRetry gives letters another chance.
func mailRetry(ctx context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if err != nil {
		return err
	}
	store, err := proctor.OpenStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Pool.Close()
	n, err := store.Mail.Revive(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%d letters are back in the queue.\n", n)
	return nil
}
