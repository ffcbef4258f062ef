package media

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestReconnect ends a publisher and begins again from the stored rows: the
// same chain goes on, the gap is marked.
func TestReconnect(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, attempt, recording := uuid.New(), uuid.New(), uuid.New()
	started := time.Now()
	watcher := joinProctor(t, node, room)
	if err := watcher.viewer.Watch([]uuid.UUID{attempt}); err != nil {
		t.Fatal(err)
	}

	first := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: RecordingStart{ID: recording, Started: started}})
	sink.waitFor(t, recording, 2)
	first.leave() // the browser vanishes
	if err := first.pub.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := node.Publisher(attempt); ok {
		t.Error("the closed publisher is still there")
	}
	if _, err := first.pub.Cut(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("cut after close: %v", err)
	}
	if _, err := first.pub.Tap(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("tap after close: %v", err)
	}
	rows := sink.of(recording)
	last := rows[len(rows)-1]
	watcher.mu.Lock()
	seen := len(watcher.frames[attempt.String()])
	watcher.mu.Unlock()

	second := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: RecordingStart{
		ID: recording, Started: started,
		NextSegment: last.Number + 1, PrevSHA256: last.SHA256, Offset: last.Offset + last.Duration,
	}})
	sink.waitFor(t, recording, len(rows)+2)
	watcher.wait("pictures of the second connection", func() bool {
		return len(watcher.frames[attempt.String()]) >= seen+15
	})
	if err := second.pub.Close(); err != nil {
		t.Fatal(err)
	}
	// A page that reloads may read the rows before the last one is there.
	third := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: RecordingStart{ID: recording, Started: started}})
	sink.waitFor(t, recording, len(sink.of(recording))+1)
	if err := third.pub.Close(); err != nil {
		t.Fatal(err)
	}
	all := sink.of(recording)
	checkChain(t, sink, all)
	next := all[len(rows)]
	if len(next.Gaps) == 0 || next.Gaps[0].Reason != GapDisconnect || next.Gaps[0].Offset != last.Offset+last.Duration {
		t.Fatalf("the gap is not marked: %+v", next.Gaps)
	}
	// The block that showed the gap need not be the one that sorts first.
	if d := next.Gaps[0].Offset + next.Gaps[0].Duration - next.Offset; d.Abs() > 50*time.Millisecond {
		t.Errorf("the gap %+v does not reach the next segment at %v", next.Gaps[0], next.Offset)
	}
	if wall := time.Since(started); next.Offset > wall || next.Offset < wall-20*time.Second {
		t.Errorf("offset %v after %v of wall clock", next.Offset, wall)
	}
}

// TestTakeOver lets the same attempt publish from a second device, with rows
// that lag behind.
func TestTakeOver(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, attempt, recording := uuid.New(), uuid.New(), uuid.New()
	start := RecordingStart{ID: recording, Started: time.Now()}

	first := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: start})
	sink.waitFor(t, recording, 1)
	sink.setFail(errAway) // from now on the rows lag behind
	second := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: start})
	if reason := first.waitState(t, Closed); reason != ReasonTakenOver {
		t.Errorf("the older was closed because %s", reason)
	}
	if p, ok := node.Publisher(attempt); !ok || p != second.pub {
		t.Error("the newer is not the attempt's publisher")
	}
	second.waitState(t, Live)
	sink.setFail(nil)
	sink.waitFor(t, recording, 4)
	if err := first.pub.Close(); err != nil {
		t.Errorf("close of the taken-over: %v", err)
	}
	if err := second.pub.Close(); err != nil {
		t.Fatal(err)
	}
	checkChain(t, sink, sink.of(recording))
}

// TestPublishWhileClosing begins again while the older connection is ending.
func TestPublishWhileClosing(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	o := studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: uuid.New(), Started: time.Now()}}
	for range 3 {
		s := joinStudent(t, node, o)
		s.waitState(t, Live)
		closed := make(chan error, 1)
		go func() { closed <- s.pub.Close() }()
		next, err := node.Publish(t.Context(), PublishOptions{Room: o.room, Attempt: o.attempt, Recording: o.recording})
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := node.Publisher(o.attempt); !ok || p != next {
			t.Error("the newer is not the attempt's publisher")
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	}
	checkChain(t, sink, sink.of(o.recording.ID))
}

func TestRecordingOfAnotherAttempt(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	opts := PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: RecordingStart{ID: uuid.New()}}
	if _, err := node.Publish(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	opts.Attempt = uuid.New()
	if _, err := node.Publish(t.Context(), opts); !errors.Is(err, ErrRecordingInUse) {
		t.Errorf("got %v", err)
	}
	if _, ok := node.Publisher(opts.Attempt); ok {
		t.Error("the refused publisher is there")
	}
}

// TestStoreAway closes the node while the store is away: nothing is lost, the
// next start hands everything over.
func TestStoreAway(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	recording := uuid.New()
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording}})
	sink.waitFor(t, recording, 1)
	sink.setFail(errAway)

	cut, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := s.pub.Cut(cut); !errors.Is(err, ErrNotStored) {
		t.Errorf("cut while the store is away: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := node.Close(over); !errors.Is(err, ErrNotStored) {
		t.Errorf("close: %v", err)
	}
	if s.waitState(t, Closed) != ReasonShutdown {
		t.Error("wrong reason")
	}
	if err := node.Close(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("second close: %v", err)
	}
	if err := Recover(over, node.cfg.SpoolDir, sink, nil); !errors.Is(err, ErrNotStored) {
		t.Errorf("recover while the store is away: %v", err)
	}
	sink.setFail(nil)
	if err := Recover(t.Context(), node.cfg.SpoolDir, sink, testLogger(t)); err != nil {
		t.Fatal(err)
	}
	segments := sink.of(recording)
	if len(segments) < 2 {
		t.Fatalf("%d segments", len(segments))
	}
	checkChain(t, sink, segments)
	for _, g := range segments {
		if g.Recovered {
			t.Errorf("segment %d was finished, yet is marked as recovered", g.Number)
		}
	}
	mustBeEmpty(t, node.cfg.SpoolDir)
}

// What the sink may not keep goes from the spool, while the node lives and at the next start, and holds up nothing behind it.
func TestUnwantedSegments(t *testing.T) {
	sink := newMemorySink()
	sink.setFail(ErrUnwanted)
	node := newTestNode(t, sink)
	erased, recording := uuid.New(), uuid.New()
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: erased}})
	s.waitState(t, Live)
	if err := s.pub.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	sink.setFail(errAway)
	s = joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording}})
	s.waitState(t, Live)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := node.Close(over); !errors.Is(err, ErrNotStored) {
		t.Errorf("close: %v", err)
	}
	sink.setFail(fmt.Errorf("%w: erased", ErrUnwanted))
	if err := Recover(t.Context(), node.cfg.SpoolDir, sink, testLogger(t)); err != nil {
		t.Error(err)
	}
	if n := len(sink.of(erased)) + len(sink.of(recording)); n > 0 {
		t.Errorf("%d segments stored", n)
	}
	mustBeEmpty(t, node.cfg.SpoolDir)
}
