package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// sampleEvery is how often the server is looked at while it is measured for long.
const sampleEvery = time.Minute

// soak waits while it is measured, and takes samples if that is long. cpu is the server's when it began.
func soak(ctx context.Context, o Options, cpu float64) ([]Sample, error) {
	if o.Measure < 2*sampleEvery {
		return nil, pause(ctx, o.Measure)
	}
	began := time.Now()
	var samples []Sample
	for left := o.Measure; left > 0; left = o.Measure - time.Since(began) {
		if err := pause(ctx, min(left, sampleEvery)); err != nil {
			return samples, err
		}
		now, err := cpuSeconds(o.PID)
		if err != nil {
			return samples, err
		}
		s := Sample{Seconds: time.Since(began).Seconds(), CPU: now - cpu, Goroutines: goroutines(ctx, o.Server)}
		if s.MiB, err = residentMiB(o.PID); err != nil {
			return samples, err
		}
		cpu = now
		samples = append(samples, s)
		o.Progress(fmt.Sprintf("after %.0f s: %.0f MiB, %d goroutines, %.1f CPU s", s.Seconds, s.MiB, s.Goroutines, s.CPU))
	}
	return samples, nil
}

// goroutines asks a server that tells (GET memory); 0: it does not.
func goroutines(ctx context.Context, server string) int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(server, "/")+"/memory", nil)
	if err != nil {
		return 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var told struct{ Goroutines int }
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&told) != nil {
		return 0
	}
	return told.Goroutines
}
