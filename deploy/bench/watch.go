package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"ochno/proctor/media"
	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

// watcher does to every publisher what watching costs the service: a key frame a second, asked for when none came, is decoded and looked at for
// faces, one at a time; every packet of sound is decoded. The generator's pictures show nothing, so a real one is decoded in the place of each.
type watcher struct {
	finder  *vision.Finder
	picture []byte
	turns   chan struct{}
	running sync.WaitGroup
}

// newWatcher reads the picture, an IVF file that begins with a VP8 key frame.
func newWatcher(file string) (*watcher, error) {
	ivf, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	const header, frameHeader = 32, 12
	if len(ivf) < header+frameHeader || string(ivf[:4]) != "DKIF" {
		return nil, errors.New("the picture is no IVF file")
	}
	size := int(binary.LittleEndian.Uint32(ivf[header:]))
	if len(ivf) < header+frameHeader+size {
		return nil, errors.New("the picture is cut short")
	}
	w := &watcher{picture: ivf[header+frameHeader:][:size], turns: make(chan struct{}, 1)}
	if w.finder, err = vision.NewFinder(vision.Config{}); err != nil {
		return nil, err
	}
	picture, err := vision.DecodeKeyFrame(w.picture)
	if err != nil {
		return nil, err
	}
	seen, err := w.finder.Track().Assess(context.Background(), picture)
	if err == nil && len(seen.Faces) != 1 {
		err = fmt.Errorf("the picture shows %d faces", len(seen.Faces))
	}
	return w, err
}

// watch follows a publisher until it ends.
func (w *watcher) watch(ctx context.Context, p *media.Publisher) {
	w.running.Go(func() {
		if err := w.follow(ctx, p); err != nil && !errors.Is(err, media.ErrClosed) && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "watching ended:", err)
		}
	})
}

func (w *watcher) follow(ctx context.Context, p *media.Publisher) error {
	tap, err := p.Tap(ctx)
	if err != nil {
		return err
	}
	defer tap.Close()
	decoder, err := voice.NewDecoder()
	if err != nil {
		return err
	}
	tracker := w.finder.Track()
	ask := time.NewTicker(time.Second)
	defer ask.Stop()
	came, last := true, time.Time{}
	for {
		select {
		case <-ask.C:
			if !came {
				p.RequestKeyFrame()
			}
			came = false
		case packet, open := <-tap.Audio():
			if !open {
				return nil
			}
			if _, err := decoder.Decode(packet.Data); err != nil {
				return err
			}
		case frame, open := <-tap.Frames():
			if !open {
				return nil
			}
			came = true
			if frame.At.Sub(last) < 800*time.Millisecond {
				continue
			}
			last = frame.At
			if err := w.look(ctx, tracker); err != nil {
				return err
			}
		}
	}
}

func (w *watcher) look(ctx context.Context, tracker *vision.Tracker) error {
	select {
	case w.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turns }()
	picture, err := vision.DecodeKeyFrame(w.picture)
	if err != nil {
		return err
	}
	defer vision.Wipe(picture)
	seen, err := tracker.Assess(ctx, picture)
	if err == nil {
		seen.Patch.Wipe()
	}
	return err
}
