// Command bench measures the media plane against a floor, over loopback: make
// bench-media builds and calls it.
//
// Every case is a fresh server process (this program as "server": a media node
// behind a little HTTP, with its profiler) and a generator process (`ochno
// loadgen`). The floor is a process too: one socket and SRTP alone at the same
// packet rate. Rounds are interleaved, because levels drift on shared machines:
// only the ratio to the floor of the same round counts, and the table shows the
// median of those. Every run is a JSON line; the table comes last.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"ochno/deploy/stack"
	"ochno/proctor/media/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "server":
			return serve(ctx, args[1:])
		case "floor":
			return serveFloor(ctx)
		}
	}
	return measure(ctx, args)
}

// trial is one thing to measure.
type trial struct {
	Name       string
	record     string // of the server; empty: the floor
	publishers int
	viewers    int
	late       int
	walls      int
	once       bool // measured in the first round alone
	seen       int  // publishers that each viewer sees; 0: all
	watched    bool // by a picture; measured only when there is one
}

func trials() []trial {
	all := []trial{
		{Name: "floor 50", publishers: 50, viewers: 1},
		{Name: "recording 50", record: "folder", publishers: 50, viewers: 1},
		{Name: "forwarding 50", record: "off", publishers: 50, viewers: 1},
		{Name: "floor 25", publishers: 25, viewers: 1},
		{Name: "recording 25", record: "folder", publishers: 25, viewers: 1},
		{Name: "forwarding 25", record: "off", publishers: 25, viewers: 1},
		{Name: "100 and 3 viewers", record: "folder", publishers: 100, viewers: 3, walls: 60, once: true},
		{Name: "100 join 50", record: "folder", publishers: 50, viewers: 1, late: 100, once: true},
	}
	all = append(all, trial{Name: "150 watched, 3 proctors", record: "folder", publishers: 150, viewers: 3, seen: 10, watched: true, once: true})
	if os.Getenv(stack.EnvMinioEndpoint) != "" {
		all[len(all)-1].record = "minio"
		all = slices.Insert(all, 2, trial{Name: "recording 50 into MinIO", record: "minio", publishers: 50, viewers: 1})
	}
	return all
}

// line is one run as it is printed.
type line struct {
	Trial string  `json:"trial"`
	Round int     `json:"round"`
	Ratio float64 `json:"ratio,omitempty"` // of the CPU to the floor's of the same round and size
	load.Result
}

type options struct {
	ochno   string
	seconds time.Duration
	join    time.Duration
	profile string
	picture string
}

func measure(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var o options
	rounds := flags.Int("rounds", 3, "interleaved rounds")
	only := flags.String("only", "", "`part` of the trials' names, or several with |")
	flags.StringVar(&o.ochno, "ochno", "bin/ochno", "`path` of ochno, for its generator")
	flags.DurationVar(&o.seconds, "measure", 15*time.Second, "`time` to measure, of every run")
	flags.DurationVar(&o.join, "join", 8*time.Second, "`time` over which publishers join")
	flags.StringVar(&o.profile, "profile", "", "`file` for a CPU profile of the last server")
	flags.StringVar(&o.picture, "picture", "", "IVF `file` with a face, for the trial in which everybody is watched")
	if err := flags.Parse(args); err != nil {
		return err
	}
	results := map[string][]line{}
	for round := 1; round <= *rounds; round++ {
		floors := map[int]float64{}
		for _, t := range trials() {
			if t.once && round > 1 || t.watched && o.picture == "" || *only != "" && !slices.ContainsFunc(strings.Split(*only, "|"), func(s string) bool { return strings.Contains(t.Name, s) }) {
				continue
			}
			l := line{Trial: t.Name, Round: round}
			var err error
			if l.Result, err = try(ctx, t, o); err != nil {
				return fmt.Errorf("%s: %w", t.Name, err)
			}
			if t.record == "" {
				floors[t.publishers] = l.CPUPerMinute
			}
			if f := floors[t.publishers]; f > 0 && t.late == 0 {
				l.Ratio = l.CPUPerMinute / f
			}
			results[t.Name] = append(results[t.Name], l)
			if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
				return err
			}
		}
	}
	table(results)
	return nil
}

// try measures one trial with a server of its own.
func try(ctx context.Context, t trial, o options) (load.Result, error) {
	var result load.Result
	dir, err := os.MkdirTemp("", "ochno-bench-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return result, err
	}
	args := []string{"floor"}
	if t.record != "" {
		args = []string{"server", "-dir", dir, "-record", t.record}
	}
	if t.watched {
		args = append(args, "-watch", o.picture)
	}
	server := exec.CommandContext(ctx, self, args...)
	server.Stderr = os.Stderr
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := server.StdoutPipe()
	if err != nil {
		return result, err
	}
	if err := server.Start(); err != nil {
		return result, err
	}
	at, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		result, err = generate(ctx, t, o, strings.TrimSpace(at), server.Process.Pid)
	}
	stop := server.Process.Signal(syscall.SIGTERM)
	return result, errors.Join(err, stop, server.Wait())
}

func generate(ctx context.Context, t trial, o options, at string, pid int) (load.Result, error) {
	var result load.Result
	where := "--floor"
	if t.record != "" {
		where = "--server"
	}
	join := min(o.join, 10*time.Second)
	generator := exec.CommandContext(ctx, o.ochno, "loadgen", where, at, "--pid", fmt.Sprint(pid), "--publishers", fmt.Sprint(t.publishers),
		"--viewers", fmt.Sprint(t.viewers), "--seen", fmt.Sprint(t.seen), "--late", fmt.Sprint(t.late), "--walls", fmt.Sprint(t.walls), "--join", join.String(), "--measure", o.seconds.String())
	generator.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	var said strings.Builder
	generator.Stderr = &said
	if o.profile != "" && t.record != "" {
		wait := (join + 7*time.Second).Seconds()
		fetch := exec.CommandContext(ctx, "sh", "-c", fmt.Sprintf("sleep %.0f; curl -s -o %s '%s/debug/pprof/profile?seconds=%.0f'; curl -s -o %s.heap '%s/debug/pprof/heap'; curl -s %s/memory >&2",
			wait, o.profile, at, max(o.seconds.Seconds()-4, 3), o.profile, at, at))
		fetch.Stderr = os.Stderr
		if err := fetch.Start(); err != nil {
			return result, err
		}
		defer fetch.Wait()
	}
	if o.seconds >= 2*time.Minute { // a long one tells how it goes
		generator.Stderr = io.MultiWriter(&said, os.Stderr)
	}
	text, err := generator.Output()
	if err != nil {
		return result, fmt.Errorf("generator: %w: %s", err, said.String())
	}
	return result, json.Unmarshal(text, &result)
}

// table prints medians.
func table(results map[string][]line) {
	fmt.Printf("\n| median of the rounds | CPU s per publisher-minute | × the floor | MiB per publisher | lost of packets | p50, p99, max ms | joined in s | wall of nine, p50, max ms |\n|---|---|---|---|---|---|---|---|\n")
	for _, t := range trials() {
		lines := results[t.Name]
		if len(lines) == 0 {
			continue
		}
		median := func(of func(line) float64) float64 {
			var all []float64
			for _, l := range lines {
				all = append(all, of(l))
			}
			slices.Sort(all)
			return all[len(all)/2]
		}
		var lost, expected int64
		for _, l := range lines {
			lost, expected = lost+l.Lost, expected+l.Expected
		}
		joined := fmt.Sprintf("%.1f", median(func(l line) float64 { return l.JoinSeconds }))
		if t.late > 0 {
			joined = fmt.Sprintf("%d more: %.1f", t.late, median(func(l line) float64 { return l.LateSeconds }))
		}
		wall := ""
		if t.walls > 0 {
			wall = fmt.Sprintf("%.0f, %.0f", median(func(l line) float64 { return l.WallP50 }), median(func(l line) float64 { return l.WallMax }))
		}
		fmt.Printf("| %s | %.3f | %.2f | %.2f | %d of %d | %.1f, %.1f, %.1f | %s | %s |\n", t.Name,
			median(func(l line) float64 { return l.CPUPerMinute }), median(func(l line) float64 { return l.Ratio }),
			median(func(l line) float64 { return l.PublisherMiB }), lost, expected,
			median(func(l line) float64 { return l.LatencyP50 }), median(func(l line) float64 { return l.LatencyP99 }), median(func(l line) float64 { return l.LatencyMax }),
			joined, wall)
	}
}
