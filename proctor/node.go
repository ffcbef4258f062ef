package proctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media"
	"ochno/proctor/metrics"
	"ochno/proctor/room"
)

// openNode makes this process the node of its spool, and known to the others.
func (s *Service) openNode(ctx context.Context, cfg Config) (err error) {
	if s.spool, err = media.ClaimSpool(cfg.Spool); err != nil {
		return err
	}
	s.Archive.WriteFrom(s.spool.ID)
	s.rooms, err = room.Open(ctx, room.Config{
		Pool: s.Pool, Node: s.spool.ID, URL: cfg.NodeURL, Version: Version(), Weigh: s.Exams.Expected, Logger: s.logger,
	})
	if errors.Is(err, room.ErrOthers) {
		return fmt.Errorf("OCHNO_NODE_URL: %w", err)
	}
	return err
}

// closeNode gives this node's rooms to others, and its spool to the next process.
func (s *Service) closeNode(ctx context.Context) {
	if s.rooms != nil {
		if err := s.rooms.Drain(ctx); err != nil {
			s.logger.Error("this node's rooms are free when their leases end", "error", err)
		}
		s.rooms = nil
	}
	if s.spool != nil {
		if err := s.spool.Release(); err != nil {
			s.logger.Error("the spool is not released", "error", err)
		}
		s.spool = nil
	}
}

// recover stores and seals what the spool still holds, before anything new is recorded. One broken recording must not keep a whole university from
// its exams: when not all can be stored now, new recordings begin beside those that wait, and Serve goes on trying.
func (s *Service) recover(ctx context.Context, spool string) error {
	limit, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err := media.Recover(limit, spool, s.Archive, s.logger)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := s.seal(ctx); err != nil {
		return err
	}
	if err != nil {
		s.logger.Error("RECORDINGS OF AN EARLIER RUN ARE NOT STORED YET; they stay in the spool and are tried again every minute", "spool", spool, "error", err)
		s.Archive.WriteFrom(uuid.New())
		s.waiting = spool
	}
	return nil
}

// seal takes into the log what this node recorded and did not seal.
func (s *Service) seal(ctx context.Context) error {
	open, err := s.Archive.Unsealed(ctx)
	if err != nil {
		return err
	}
	for _, id := range open {
		a, err := s.Exams.Attempt(ctx, id)
		if err != nil {
			return err
		}
		if err := s.Archive.Seal(ctx, a.ExamID, id, true); err != nil {
			return err
		}
	}
	return nil
}

// recoverLater goes on storing what an earlier run left, until all of it is, or ctx ends.
func (s *Service) recoverLater(ctx context.Context) {
	again := time.NewTicker(time.Minute)
	defer again.Stop()
	for s.waiting != "" {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if err := media.Recover(ctx, s.waiting, s.Archive, s.logger); err != nil {
			continue // each segment that fails is told of
		}
		s.logger.Info("the recordings of an earlier run are stored")
		s.waiting = ""
	}
}

// roomMetrics are the numbers of who has what.
func (s *Service) roomMetrics() []metrics.Source {
	count := func(of func(room.Node) int) func(context.Context) ([]metrics.Sample, error) {
		return func(ctx context.Context) ([]metrics.Sample, error) {
			nodes, err := s.rooms.Nodes(ctx)
			n := 0
			for _, one := range nodes {
				n += of(one)
			}
			return metrics.Value(float64(n)), err
		}
	}
	return []metrics.Source{
		{Name: "nodes", Help: "Nodes of the service that are up.", Read: count(func(n room.Node) int { return int(truth(n.Up)) })},
		{Name: "rooms", Help: "Exams that are on this node, where there are several nodes.", Read: count(func(n room.Node) int {
			if n.ID == s.rooms.Node() {
				return n.Rooms
			}
			return 0
		})},
	}
}

// setNodeURL reads where other nodes reach this one.
func setNodeURL(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Port() == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+u.Host != value {
		return errors.New("want http(s)://host:port, nothing behind it")
	}
	c.NodeURL = value
	return nil
}
