// Package load makes the load of an exam room and measures what a server does
// with it: publishers that send VP8 and Opus like browsers, viewers that see
// all of them, the server's CPU and memory as the kernel counts them.
//
// It is a process of its own (`ochno loadgen`) so that its cost is not the
// server's. It may not import the media plane: it speaks WebRTC to whatever
// answers its HTTP requests (see Options.Server). Viewers account for packets
// at the socket by SSRC and sequence number, with the kernel's time of arrival,
// and decrypt one in 64 only, so that the generator itself is not what gets
// measured. Start reading at Run; Floor is the same load on bare SRTP.
package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options of a run.
type Options struct {
	// Server is the base URL of what is measured. POST whip?attempt=UUID takes
	// an offer and returns an answer (201); POST view takes {"attempts":[…]} and
	// returns {"id","sdp","tracks"}, an offer; POST view/ID takes the answer.
	Server string
	// Tokens publish one attempt each at a service instead (`ochno attempt
	// token`): its door is POST whip with a bearer. Nobody watches then.
	Tokens []string
	// Floor is the UDP address of a Floor server to measure instead.
	Floor string
	PID   int // of the server; 0 when its CPU is not to be read

	Publishers int
	Viewers    int           // each of all publishers, or of Seen
	Seen       int           // how many publishers a viewer sees, the next ones each; 0: all
	Walls      int           // proctors who each open a wall of nine when it was measured, one after the other
	Late       int           // publishers that join while it is measured, seen by nobody
	Join       time.Duration // over which publishers come, and the late ones
	Warm       time.Duration // before measuring
	Measure    time.Duration
	Progress   func(string) // nil: silence
}

// Result of a run. Counts are of packets sent while it was measured.
type Result struct {
	Publishers int     `json:"publishers"`
	Viewers    int     `json:"viewers"`
	Seconds    float64 `json:"seconds"`
	Sent       int64   `json:"sent"`     // by publishers
	Expected   int64   `json:"expected"` // by viewers
	Lost       int64   `json:"lost"`
	Decrypted  int64   `json:"decrypted"` // by viewers, of the one in 64 they look at

	CPU          float64 `json:"cpu"`            // seconds of the server, user and system
	CPUPerMinute float64 `json:"cpu_per_minute"` // and per publisher
	BaseMiB      float64 `json:"base_mib"`       // resident before anybody came
	PublisherMiB float64 `json:"publisher_mib"`  // resident per publisher, without the base
	LatencyP50   float64 `json:"latency_p50_ms"`
	LatencyP99   float64 `json:"latency_p99_ms"`
	LatencyMax   float64 `json:"latency_max_ms"`
	JoinSeconds  float64 `json:"join_seconds"` // until the last publisher of those that came in time was in
	LateSeconds  float64 `json:"late_seconds"` // the same of the late ones
	KeyFrames    int64   `json:"key_frames"`

	WallP50 float64 `json:"wall_p50_ms,omitempty"` // from asking for a wall of nine until a whole picture of each is there
	WallMax float64 `json:"wall_max_ms,omitempty"`

	Soak []Sample `json:"soak,omitempty"` // of a long measurement, a minute each
}

// Sample is the server at a moment of a long measurement.
type Sample struct {
	Seconds    float64 `json:"seconds"`
	MiB        float64 `json:"mib"`
	Goroutines int     `json:"goroutines,omitempty"` // where the server tells
	CPU        float64 `json:"cpu"`                  // seconds since the sample before
}

// transport carries the packets of the publishers and counts those of viewers.
type transport interface {
	publish(ctx context.Context, p *publisher) error
	view(ctx context.Context, publishers []*publisher) error
	decrypted() int64
	close()
}

// Run joins everybody, waits, measures and leaves.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Publishers < 1 || o.Publishers > 1000 || o.Viewers < 0 || o.Viewers > 20 || o.Late < 0 || o.Late > 1000 || o.Seen < 0 || o.Seen > o.Publishers || o.Walls < 0 || o.Walls > 100 {
		return Result{}, errors.New("load: want 1 to 1000 publishers, at most 20 viewers, at most 1000 late ones")
	}
	if o.Tokens != nil && (len(o.Tokens) < o.Publishers+o.Late || o.Viewers > 0 || o.Walls > 0) {
		return Result{}, errors.New("load: want a token for each publisher, and nobody who watches")
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	count := &counter{}
	var t transport
	var err error
	if o.Floor != "" {
		t, err = newFloorTransport(o.Floor, count)
	} else {
		t, err = newRTCTransport(o.Server, o.Tokens, count)
	}
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer func() {
		cancel()
		senders.Wait()
		t.close()
	}()
	result := Result{Publishers: o.Publishers, Viewers: o.Viewers}
	if result.BaseMiB, err = residentMiB(o.PID); err != nil {
		return result, err
	}
	publishers, took, err := join(ctx, t, &senders, count, o.Publishers, o.Join)
	if err != nil {
		return result, err
	}
	result.JoinSeconds = took.Seconds()
	o.Progress(fmt.Sprintf("%d publishers in after %.1f s", o.Publishers, took.Seconds()))
	if err := pause(ctx, time.Second); err != nil { // the server sees their tracks
		return result, err
	}
	for i := range o.Viewers {
		seen := publishers
		if o.Seen > 0 {
			from := i * o.Seen % (len(publishers) - o.Seen + 1)
			seen = publishers[from : from+o.Seen]
		}
		if err := t.view(ctx, seen); err != nil {
			return result, err
		}
		for _, p := range seen {
			p.viewers.Add(1)
		}
	}
	o.Progress(fmt.Sprintf("%d viewers in", o.Viewers))
	if err := pause(ctx, o.Warm); err != nil {
		return result, err
	}

	cpu, err := cpuSeconds(o.PID)
	if err != nil {
		return result, err
	}
	began := time.Now()
	count.open(began)
	var late sync.WaitGroup
	var lateErr error
	if o.Late > 0 {
		late.Go(func() {
			var took time.Duration
			_, took, lateErr = join(ctx, t, &senders, &counter{}, o.Late, o.Join)
			result.LateSeconds = took.Seconds()
		})
	}
	if result.Soak, err = soak(ctx, o, cpu); err != nil {
		return result, err
	}
	count.close(time.Now())
	after, err := cpuSeconds(o.PID)
	if err != nil {
		return result, err
	}
	result.Seconds = time.Since(began).Seconds()
	resident, err := residentMiB(o.PID)
	if err != nil {
		return result, err
	}
	late.Wait()
	if lateErr != nil {
		return result, lateErr
	}
	if err := pause(ctx, time.Second); err != nil { // what is on its way
		return result, err
	}
	result.CPU = after - cpu
	result.CPUPerMinute = result.CPU / float64(o.Publishers) * 60 / result.Seconds
	result.PublisherMiB = (resident - result.BaseMiB) / float64(o.Publishers+o.Late)
	result.Decrypted = t.decrypted()
	count.into(&result)
	if o.Walls > 0 {
		took, err := walls(ctx, t, publishers, o.Walls)
		if err != nil {
			return result, err
		}
		slices.Sort(took)
		result.WallP50, result.WallMax = took[len(took)/2].Seconds()*1000, took[len(took)-1].Seconds()*1000
	}
	return result, nil
}

// join lets publishers come evenly over a time and returns when all are in.
func join(ctx context.Context, t transport, senders *sync.WaitGroup, count *counter, n int, over time.Duration) ([]*publisher, time.Duration, error) {
	began := time.Now()
	publishers, errs := make([]*publisher, n), make([]error, n)
	var joins sync.WaitGroup
	for i := range publishers {
		joins.Go(func() {
			if errs[i] = pause(ctx, over*time.Duration(i)/time.Duration(n)); errs[i] != nil {
				return
			}
			p := &publisher{attempt: uuid.New(), count: count}
			for m := range p.tracks {
				p.tracks[m].ssrc, p.tracks[m].seq = rand.Uint32(), uint16(rand.Uint32())
			}
			if errs[i] = t.publish(ctx, p); errs[i] != nil {
				return
			}
			publishers[i] = p
			senders.Go(func() { p.send(ctx) })
		})
	}
	joins.Wait()
	return publishers, time.Since(began), errors.Join(errs...)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
