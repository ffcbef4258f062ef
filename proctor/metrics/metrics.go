// Package metrics gives the service's numbers to Prometheus, on a listener of its own that is nobody's but the operator's. It holds no personal
// values and no ids: what a number counts is said by its name. It does not know what the numbers mean; whoever wires the service says where they
// come from. Start reading at New.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Sample is a value with the values of its metric's labels.
type Sample struct {
	Labels []string
	Value  float64
}

// Value is a sample without labels.
func Value(v float64) []Sample { return []Sample{{Value: v}} }

// Source is a metric that is read when it is asked for. A failure leaves it out, and is counted.
type Source struct {
	Name   string // without the prefix
	Help   string
	Labels []string
	Read   func(ctx context.Context) ([]Sample, error)
}

const (
	prefix    = "ochno_"
	patience  = 10 * time.Second // for all sources of one question
	atOnce    = 2                // questions that are answered at the same time
	readLimit = 5 * time.Second
)

// Server answers with the sources' numbers and the process's own.
type Server struct {
	http   *http.Server
	logger *slog.Logger
}

// New makes a server.
func New(sources []Source, logger *slog.Logger) (*Server, error) {
	c := &collector{sources: sources, logger: logger}
	for _, s := range sources {
		c.descs = append(c.descs, prometheus.NewDesc(prefix+s.Name, s.Help, s.Labels, nil))
	}
	c.failed = prometheus.NewDesc(prefix+"metric_failed", "1 where a metric could not be read just now.", []string{"metric"}, nil)
	registry := prometheus.NewRegistry()
	for _, one := range []prometheus.Collector{c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := registry.Register(one); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: atOnce, Timeout: patience + time.Second}))
	return &Server{logger: logger, http: &http.Server{
		Handler: mux, ReadHeaderTimeout: readLimit, ReadTimeout: readLimit, WriteTimeout: 2 * patience, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}}, nil
}

// Handler answers GET /metrics.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve answers on the listener until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) {
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), readLimit)
		defer cancel()
		_ = s.http.Shutdown(limit)
	})
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		s.logger.Error("metrics are not given any more", "error", err)
	}
	if !stop() {
		<-stopped
	}
}

// collector reads the sources when it is asked.
type collector struct {
	sources []Source
	descs   []*prometheus.Desc
	failed  *prometheus.Desc
	logger  *slog.Logger
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
	out <- c.failed
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i, s := range c.sources {
		samples, err := s.Read(ctx)
		var metrics []prometheus.Metric
		for _, sample := range samples {
			m, fault := prometheus.NewConstMetric(c.descs[i], prometheus.GaugeValue, sample.Value, sample.Labels...)
			err = errors.Join(err, fault)
			metrics = append(metrics, m)
		}
		bad := 0.0
		if err != nil {
			bad = 1
			c.logger.Warn("a metric could not be read", "metric", s.Name, "error", err)
		} else {
			for _, m := range metrics {
				out <- m
			}
		}
		out <- prometheus.MustNewConstMetric(c.failed, prometheus.GaugeValue, bad, s.Name)
	}
}
