package proctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"ochno/ebsclient"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/witness"
	"ochno/proctor/media"
	"ochno/proctor/metrics"
)

// listenMetrics opens the listener of the numbers, where one is configured.
func (s *Service) listenMetrics(cfg Config, v verifier) (err error) {
	if cfg.Metrics == "" {
		return nil
	}
	if s.metrics, err = s.openMetrics(v, s.media); err != nil {
		return err
	}
	if s.numbers, err = net.Listen("tcp", cfg.Metrics); err != nil {
		return fmt.Errorf("OCHNO_METRICS: %w", err)
	}
	s.logger.Info("metrics", "address", s.numbers.Addr().String())
	return nil
}

// openMetrics makes what gives the numbers of a node and of the installation; every node of one gives the latter alike.
func (s *Service) openMetrics(v verifier, node *media.Node) (*metrics.Server, error) {
	turn := s.relay
	sources := s.logMetrics()
	sources = append(sources, s.retentionMetrics()...)
	sources = append(sources, s.roomMetrics()...)
	return metrics.New(append(sources,
		metrics.Source{Name: "exports", Help: "Exports that are made apart, by state.", Labels: []string{"state"}, Read: func(ctx context.Context) ([]metrics.Sample, error) {
			numbers, err := s.exports.Numbers(ctx)
			var out []metrics.Sample
			for state, n := range numbers {
				out = append(out, metrics.Sample{Labels: []string{string(state)}, Value: float64(n)})
			}
			return out, err
		}},
		metrics.Source{Name: "mail_waiting", Help: "Letters that wait to be sent.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.Mail.State(ctx)
			return metrics.Value(float64(state.Waiting)), err
		}},
		metrics.Source{Name: "mail_given_up", Help: "Letters that could not be sent and are not tried any more.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.Mail.State(ctx)
			return metrics.Value(float64(state.Dead)), err
		}},
		metrics.Source{Name: "media_publishers", Help: "Students whose media this node receives.", Read: func(context.Context) ([]metrics.Sample, error) {
			return metrics.Value(float64(node.Load().Publishers)), nil
		}},
		metrics.Source{Name: "media_viewers", Help: "Proctors' connections to which this node forwards media.", Read: func(context.Context) ([]metrics.Sample, error) {
			return metrics.Value(float64(node.Load().Viewers)), nil
		}},
		metrics.Source{Name: "media_tcp_connections", Help: "Connections on the TCP port for media.", Read: func(context.Context) ([]metrics.Sample, error) {
			open, _ := node.TCPLoad()
			return metrics.Value(float64(open)), nil
		}},
		metrics.Source{Name: "media_tcp_refused", Help: "Connections there that were closed since the start because there were too many.", Read: func(context.Context) ([]metrics.Sample, error) {
			_, refused := node.TCPLoad()
			return metrics.Value(float64(refused)), nil
		}},
		metrics.Source{Name: "turn_allocations", Help: "Browsers' addresses that this node's TURN server relays; absent without one.", Read: func(context.Context) ([]metrics.Sample, error) {
			if turn == nil {
				return nil, nil
			}
			return metrics.Value(float64(turn.Allocations())), nil
		}},
		metrics.Source{Name: "spool_segments", Help: "Pieces of recordings that wait on this node to be stored.", Read: func(context.Context) ([]metrics.Sample, error) {
			b, err := node.Backlog()
			return metrics.Value(float64(b.Segments)), err
		}},
		metrics.Source{Name: "spool_bytes", Help: "What they take on the disk.", Read: func(context.Context) ([]metrics.Sample, error) {
			b, err := node.Backlog()
			return metrics.Value(float64(b.Bytes)), err
		}},
		metrics.Source{Name: "spool_oldest_seconds", Help: "How long ago the oldest of them began; 0: none waits.", Read: func(context.Context) ([]metrics.Sample, error) {
			b, err := node.Backlog()
			if b.Oldest.IsZero() {
				return metrics.Value(0), err
			}
			return metrics.Value(time.Since(b.Oldest).Seconds()), err
		}},
		metrics.Source{Name: "spool_free_bytes", Help: "What is free on the spool's disk; recording stops with a gap when nothing is.", Read: func(context.Context) ([]metrics.Sample, error) {
			b, err := node.Backlog()
			return metrics.Value(float64(b.Free)), err
		}},
		metrics.Source{Name: "verifier_circuit_open", Help: "1 while this node does not ask the verifier because it failed too often.", Read: func(context.Context) ([]metrics.Sample, error) {
			return metrics.Value(truth(v.Circuit() != ebsclient.CircuitClosed)), nil
		}},
	), s.logger)
}

func (s *Service) logMetrics() []metrics.Source {
	checkpoint := func(read func(ledger.Checkpoint) float64) func(ctx context.Context) ([]metrics.Sample, error) {
		return func(ctx context.Context) ([]metrics.Sample, error) {
			c, err := s.Log.Latest(ctx)
			if errors.Is(err, ledger.ErrEmpty) {
				return nil, nil
			}
			return metrics.Value(read(c)), err
		}
	}
	return []metrics.Source{
		{Name: "log_records", Help: "Records in the tree that the newest checkpoint signs.", Read: checkpoint(func(c ledger.Checkpoint) float64 { return float64(c.Size) })},
		{Name: "log_checkpoint_timestamp_seconds", Help: "When the newest checkpoint was signed; it is older than a second only while nothing is recorded.", Read: checkpoint(func(c ledger.Checkpoint) float64 { return seconds(c.At) })},
		{Name: "log_unsealed_records", Help: "Records that wait for their place in the tree.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			n, _, err := s.Log.Backlog(ctx)
			return metrics.Value(float64(n)), err
		}},
		{Name: "log_unsealed_age_seconds", Help: "How long the oldest of them waits; 0: none does.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			_, oldest, err := s.Log.Backlog(ctx)
			if oldest == nil {
				return metrics.Value(0), err
			}
			return metrics.Value(max(0, time.Since(*oldest).Seconds())), err
		}},
		{Name: "log_verified_timestamp_seconds", Help: "When the whole log was last verified; absent before the first time.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.witness.State(ctx)
			if state.Last == nil {
				return nil, err
			}
			return metrics.Value(seconds(state.Last.EndedAt)), err
		}},
		{Name: "log_verification_failed", Help: "1: the last verification says that the log is not what was signed. Somebody must look at once.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.witness.State(ctx)
			return metrics.Value(truth(state.Last != nil && state.Last.Error != "")), err
		}},
		{Name: "log_verification_late", Help: "1: the log was not verified for more than a day.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.witness.State(ctx)
			return metrics.Value(truth(state.Late)), err
		}},
		{Name: "log_witnessed_records", Help: "Records that the newest checkpoint signs which a place outside of the house has, by place in the order of the settings.", Labels: []string{"place"}, Read: s.places(func(p witness.PlaceState) float64 { return float64(p.Size) })},
		{Name: "log_witness_waiting_seconds", Help: "How long a checkpoint waits for that place; 0: none does.", Labels: []string{"place"}, Read: s.places(func(p witness.PlaceState) float64 {
			if p.Waiting == nil {
				return 0
			}
			return max(0, time.Since(*p.Waiting).Seconds())
		})},
	}
}

func (s *Service) retentionMetrics() []metrics.Source {
	return []metrics.Source{
		{Name: "retention_run_timestamp_seconds", Help: "When all that had expired was last erased; absent before the first time.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.Retention.State(ctx)
			if state.Good == nil {
				return nil, err
			}
			return metrics.Value(seconds(*state.Good)), err
		}},
		{Name: "retention_run_failed", Help: "1: the last run did not erase all that had expired.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.Retention.State(ctx)
			return metrics.Value(truth(state.Last != nil && state.Last.Error != "")), err
		}},
		{Name: "retention_run_late", Help: "1: what has expired was not erased for more than a day. Personal data are kept without a ground.", Read: func(ctx context.Context) ([]metrics.Sample, error) {
			state, err := s.Retention.State(ctx)
			return metrics.Value(truth(state.Late)), err
		}},
	}
}

// places reads something of each place. Its name may hold an address, so its number stands for it.
func (s *Service) places(read func(witness.PlaceState) float64) func(ctx context.Context) ([]metrics.Sample, error) {
	return func(ctx context.Context) ([]metrics.Sample, error) {
		state, err := s.witness.State(ctx)
		var out []metrics.Sample
		for i, p := range state.Places {
			out = append(out, metrics.Sample{Labels: []string{strconv.Itoa(i + 1)}, Value: read(p)})
		}
		return out, err
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }
