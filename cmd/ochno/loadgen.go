package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ochno/proctor/media/load"
)

var loadgenCommand = command{"loadgen", "", "load a media node with publishers and viewers, and measure it", `Sends VP8 at 500 kbit/s, 20 frames a second, and Opus from many publishers, watches all of them, and prints what came through as one line
of JSON: loss, latency, and with --pid the CPU and memory of the server as the kernel counts them. make bench-media calls it.
For loopback and networks of your own: it is a load.`, loadgen}

func loadgen(ctx context.Context, c *call) error {
	var o load.Options
	c.flags.StringVar(&o.Server, "server", "", "base `URL` with whip and view")
	c.flags.StringVar(&o.Floor, "floor", "", "`address` of the floor (bare SRTP) to measure instead")
	c.flags.IntVar(&o.PID, "pid", 0, "`process` whose CPU and memory to read")
	c.flags.IntVar(&o.Publishers, "publishers", 50, "how `many` send")
	c.flags.IntVar(&o.Viewers, "viewers", 1, "how `many` watch")
	c.flags.IntVar(&o.Seen, "seen", 0, "how `many` of the publishers each of them watches; 0: all")
	c.flags.IntVar(&o.Walls, "walls", 0, "how `many` then open a wall of nine, one after the other")
	c.flags.IntVar(&o.Late, "late", 0, "how `many` more join while it is measured")
	c.flags.DurationVar(&o.Join, "join", 5*time.Second, "`time` over which they come")
	c.flags.DurationVar(&o.Warm, "warm", 3*time.Second, "`time` before measuring")
	c.flags.DurationVar(&o.Measure, "measure", 15*time.Second, "`time` to measure")
	tokens := c.flags.String("tokens", "", "`file` with a token of an attempt on each line (ochno attempt token): publish at a service instead")
	minutes := c.flags.Float64("minutes", 0, "`minutes` to measure, instead of --measure")
	if err := c.parse(0); err != nil {
		return err
	}
	if (o.Server == "") == (o.Floor == "") {
		return usageError{errors.New("want --server or --floor")}
	}
	if *tokens != "" {
		text, err := os.ReadFile(*tokens)
		if err != nil {
			return err
		}
		o.Tokens = strings.Fields(string(text))
		if o.Publishers > len(o.Tokens) {
			o.Publishers = len(o.Tokens)
		}
		o.Viewers = 0
	}
	if *minutes > 0 {
		o.Measure = time.Duration(*minutes * float64(time.Minute))
	}
	o.Progress = func(s string) { fmt.Fprintln(c.stderr, s) }
	result, err := load.Run(ctx, o)
	if err != nil {
		return err
	}
	line, err := json.Marshal(result)
	if err == nil {
		_, err = fmt.Fprintf(c.stdout, "%s\n", line)
	}
	return err
}
