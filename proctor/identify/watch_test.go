package identify_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/media"
	"ochno/proctor/media/studenttest"
)

// seat is a student's stream that shows what the test says, a picture each second by its own clock.
type seat struct {
	feed      media.Feed
	recording uuid.UUID

	mu   sync.Mutex
	taps int
	at   time.Time
	gone time.Duration
}

func (s *seat) Tap(ctx context.Context) (*media.Tap, error) {
	tap, err := s.feed.Tap(ctx)
	s.mu.Lock()
	s.taps++
	s.mu.Unlock()
	return tap, err
}

func (s *seat) tapped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taps > 0
}

func (s *seat) RequestKeyFrame() {}

func (s *seat) Cut(context.Context) (media.Head, error) { return media.Head{}, nil }

// show gives pictures; the next one only when nothing is left of those before, for a tap drops what is not taken.
func (s *seat) show(t *testing.T, frame []byte, seconds int) {
	t.Helper()
	for range seconds {
		s.at, s.gone = s.at.Add(time.Second), s.gone+time.Second
		s.feed.Frame(media.Frame{Data: frame, Key: true, Width: 640, Height: 480, Recording: s.recording, Offset: s.gone, At: s.at})
		within(t, "a picture is taken", func() bool { return s.feed.Waiting() == 0 })
	}
}

func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// TestFaceAway: a face that is away longer than the policy allows is an event with its place, and is identified again when it is back; one that
// looks aside for a moment is nothing.
func TestFaceAway(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.exam.Policy.Again.AwaySeconds = 10
	_, err := h.exams.Ensure(ctx, h.exam)
	must(t, err)
	a := h.student(t, "8801")
	for _, m := range []exam.Move{{To: exam.Identifying}, {To: exam.Identified}, {To: exam.Admitted}, {To: exam.InProgress}} {
		h.move(t, a.ID, m)
	}
	start, err := h.archive.Begin(ctx, a.ID, "camera")
	must(t, err)
	s := &seat{recording: start.ID, at: time.Now()}
	room := seats{a.ID: s}
	face := studenttest.NewClip(t, studenttest.Face, studenttest.Silence).KeyFrame()
	nobody := studenttest.NewClip(t, studenttest.Nobody, studenttest.Silence).KeyFrame()
	must(t, h.service.Round(ctx, room))
	within(t, "she is looked at", s.tapped)

	events := func() int {
		return h.count(t, `select count(*) from event where attempt_id = $1 and kind = 'face_absent'`, a.ID)
	}
	asked := func() int {
		return h.count(t, `select count(*) from reidentification where attempt_id = $1 and cause = 'away' and due_at is not null`, a.ID)
	}
	s.show(t, face, 3)
	s.show(t, nobody, 6) // looks for a pen
	s.show(t, face, 3)
	s.show(t, nobody, 1) // a miss of the cascade
	s.show(t, face, 3)
	if events() != 0 || asked() != 0 {
		t.Errorf("away for 6 s of 10: %d events, %d asked", events(), asked())
	}
	left := s.gone + time.Second
	s.show(t, nobody, 13)
	within(t, "an event while she is still away", func() bool { return events() == 1 })
	if asked() != 0 {
		t.Error("nobody is there to be identified")
	}
	if at := h.count(t, `select offset_ms from event where attempt_id = $1 and kind = 'face_absent'`, a.ID); int64(at) != left.Milliseconds() {
		t.Errorf("the event is at %d ms, want %d", at, left.Milliseconds())
	}
	s.show(t, face, 3)
	within(t, "she is identified again", func() bool { return asked() == 1 })

	h.move(t, a.ID, exam.Move{To: exam.Finished})
	must(t, h.service.Round(ctx, room))
	within(t, "nobody looks after the end", func() bool { return s.feed.Taps() == 0 })
}

// seats is a room of such streams.
type seats map[uuid.UUID]*seat

func (r seats) Stream(attempt uuid.UUID) (identify.Stream, bool) {
	s, ok := r[attempt]
	return s, ok
}

func (seats) Tell(exam.Attempt, identify.Progress) {}
