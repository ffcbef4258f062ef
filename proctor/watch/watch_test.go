package watch_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
	"ochno/proctor/media/studenttest"
	"ochno/proctor/vision"
	"ochno/proctor/watch"
)

// seat is a student's stream that shows what the test says, a picture each second by its own clock.
type seat struct {
	feed      media.Feed
	recording uuid.UUID
	at        time.Time
	gone      time.Duration
	hidden    atomic.Bool // her screen

	mu    sync.Mutex
	asked int
}

func (s *seat) Tap(ctx context.Context) (*media.Tap, error) { return s.feed.Tap(ctx) }

// Sharing implements watch.Stream.
func (s *seat) Sharing() bool { return !s.hidden.Load() }

func (s *seat) RequestKeyFrame() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
}

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

// room is an exam with one student in it.
type room struct {
	pool    *pgxpool.Pool
	exams   *exam.Exams
	exam    exam.Exam
	attempt uuid.UUID
	seat    *seat
	service *watch.Service
	spoken  atomic.Bool // a proctor speaks to her aloud

	mu    sync.Mutex
	backs []time.Duration
}

func newRoom(t *testing.T, change func(*exam.Policy)) *room {
	t.Helper()
	ctx := t.Context()
	r := &room{pool: stacktest.Database(t), seat: &seat{recording: uuid.New(), at: time.Now()}}
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	must(t, err)
	_, public, err := note.GenerateKey(nil, "watch.test/log")
	must(t, err)
	log := ledger.Open(r.pool, ring, public)
	accounts := account.New(r.pool, ring, log, time.Now)
	r.exams = exam.New(r.pool, accounts, log, time.Now)
	organisation, err := accounts.EnsureOrganisation(ctx, account.Organisation{Name: "Университет", ShortName: "У"})
	must(t, err)
	r.exam = exam.Exam{
		Organisation: organisation, Code: "exam", Title: "Экзамен", StartsAt: time.Now().Add(-time.Hour), EndsAt: time.Now().Add(time.Hour), Policy: exam.DefaultPolicy(),
	}
	change(&r.exam.Policy)
	r.exam.ID, err = r.exams.Ensure(ctx, r.exam)
	must(t, err)
	name, birth := account.Name{Last: "Ёлкина", First: "Мария"}, time.Date(2004, 1, 2, 0, 0, 0, 0, time.UTC)
	_, err = r.exams.Import(ctx, r.exam, []exam.RosterRow{{Line: 2, Name: name, BirthDate: birth, SNILS: "00000009901"}}, account.Person{})
	must(t, err)
	people, err := accounts.SignIn(ctx, account.Claims{OID: "9901", Name: name, BirthDate: birth, SNILS: "00000009901", Level: account.Confirmed}, nil)
	must(t, err)
	a, err := r.exams.Join(ctx, r.exam, people[0].ID)
	must(t, err)
	r.attempt = a.ID
	for _, to := range []exam.State{exam.Ready, exam.Identifying, exam.Identified, exam.Admitted, exam.InProgress} {
		r.move(t, to)
	}
	finder, err := vision.NewFinder(vision.Config{})
	must(t, err)
	r.service = watch.New(watch.Config{
		Exams: r.exams, Finder: finder, Logger: slog.New(slog.DiscardHandler),
		Live:     func(attempt uuid.UUID) (watch.Stream, bool) { return r.seat, attempt == r.attempt },
		SpokenTo: func(attempt uuid.UUID) bool { return attempt == r.attempt && r.spoken.Load() },
		Back: func(_ context.Context, attempt uuid.UUID, away time.Duration) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.backs = append(r.backs, away)
			return nil
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.service.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		finder.Close()
	})
	within(t, "she is looked at", func() bool { return r.seat.feed.Taps() == 1 })
	return r
}

func (r *room) move(t *testing.T, to exam.State) {
	t.Helper()
	must(t, pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
		_, err := r.exams.Move(t.Context(), tx, r.attempt, exam.Move{To: to})
		return err
	}))
}

// seen are the events of the behaviour lane.
func (r *room) seen(t *testing.T) (list []exam.Event) {
	t.Helper()
	events, err := r.exams.Timeline(t.Context(), r.attempt)
	must(t, err)
	for _, e := range events {
		if e.Lane == exam.LaneBehaviour {
			list = append(list, e)
		}
	}
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWatch: what is seen of real pictures becomes an event while it goes on, with its place, and has its end afterwards; whoever is back is told
// of; nobody looks after the end.
func TestWatch(t *testing.T) {
	r := newRoom(t, func(p *exam.Policy) { p.Again.AwaySeconds = 10 })
	face := studenttest.NewClip(t, studenttest.Face, studenttest.Silence).KeyFrame()
	wall := studenttest.NewClip(t, studenttest.Nobody, studenttest.Silence).KeyFrame()
	r.seat.show(t, face, 4)
	if events := r.seen(t); len(events) != 0 {
		t.Fatalf("a face was seen as %+v", events)
	}
	began := r.seat.gone + time.Second
	r.seat.show(t, wall, 8)
	within(t, "an event while it goes on", func() bool { return len(r.seen(t)) == 1 })
	r.seat.show(t, wall, 4)
	last := r.seat.at
	r.seat.show(t, face, 5)
	within(t, "its end", func() bool { return r.seen(t)[0].Until.Equal(last.UTC().Truncate(time.Microsecond)) })
	e := r.seen(t)[0]
	if len(r.seen(t)) != 1 || e.Kind != string(exam.CameraCovered) || e.OffsetMS != began.Milliseconds() || e.Recording != r.seat.recording || e.Confidence < 0.5 {
		t.Errorf("a grey wall is %+v from %s", e, began)
	}
	within(t, "she is back", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.backs) == 1 && r.backs[0] == 12*time.Second
	})
	r.move(t, exam.Finished)
	within(t, "nobody looks after the end", func() bool { return r.seat.feed.Taps() == 0 })
}

// TestSpokenTo: what her microphone hears while a proctor speaks to her is nobody's behaviour; what it hears afterwards is.
func TestSpokenTo(t *testing.T) {
	r := newRoom(t, func(p *exam.Policy) { p.Watch = map[exam.Behaviour]exam.Watched{exam.Speech: {After: 2, Limit: -60}} })
	speech := studenttest.NewClip(t, studenttest.Face, studenttest.Digits).Sound("0123456789", 0)
	talk := func() {
		t.Helper()
		for _, packet := range speech {
			r.seat.at, r.seat.gone = r.seat.at.Add(20*time.Millisecond), r.seat.gone+20*time.Millisecond
			r.seat.feed.Sound(media.AudioPacket{Data: packet, Recording: r.seat.recording, Offset: r.seat.gone, At: r.seat.at})
			within(t, "a packet is taken", func() bool { return r.seat.feed.Waiting() == 0 })
		}
	}
	r.spoken.Store(true)
	talk()
	if events := r.seen(t); len(events) != 0 {
		t.Errorf("a talk with the proctor was seen as %+v", events)
	}
	r.spoken.Store(false)
	talk()
	within(t, "speech that nobody asked for", func() bool { return len(r.seen(t)) == 1 })
}

// TestWatchEndsWithTheStream: an event that goes on ends where the pictures end, and a rule that is switched off looks at nobody.
func TestWatchEndsWithTheStream(t *testing.T) {
	r := newRoom(t, func(*exam.Policy) {})
	wall := studenttest.NewClip(t, studenttest.Nobody, studenttest.Silence).KeyFrame()
	r.seat.show(t, wall, 9)
	within(t, "an event", func() bool { return len(r.seen(t)) == 1 })
	within(t, "a picture is asked for when none comes", func() bool {
		r.seat.mu.Lock()
		defer r.seat.mu.Unlock()
		return r.seat.asked > 0
	})
	policy := r.exam.Policy
	policy.Watch = map[exam.Behaviour]exam.Watched{}
	for _, b := range exam.Behaviours() {
		policy.Watch[b] = exam.Watched{}
	}
	must(t, policy.Check())
	r.exam.Policy = policy
	_, err := r.exams.Ensure(t.Context(), r.exam)
	must(t, err)
	within(t, "nobody looks", func() bool { return r.seat.feed.Taps() == 0 })
	within(t, "its end", func() bool { return r.seen(t)[0].Until.Equal(r.seat.at.UTC().Truncate(time.Microsecond)) })
}

// TestWatchScreen: a screen that is required and not shared is an event with its place while that lasts; one that nobody asked for is none.
func TestWatchScreen(t *testing.T) {
	r := newRoom(t, func(p *exam.Policy) { p.Screen = exam.Required })
	face := studenttest.NewClip(t, studenttest.Face, studenttest.Silence).KeyFrame()
	r.seat.show(t, face, 2)
	r.seat.hidden.Store(true)
	within(t, "an event", func() bool { return len(r.seen(t)) == 1 })
	e := r.seen(t)[0]
	if e.Kind != string(exam.ScreenLost) || e.Recording != r.seat.recording || e.OffsetMS < r.seat.gone.Milliseconds() || e.Confidence != 1 {
		t.Errorf("a screen that is not shared is %+v", e)
	}
	r.seat.hidden.Store(false)
	policy := r.exam.Policy
	policy.Screen = exam.NotWanted
	r.exam.Policy = policy
	_, err := r.exams.Ensure(t.Context(), r.exam)
	must(t, err)
	r.seat.hidden.Store(true)
	r.move(t, exam.Finished)
	within(t, "nobody looks after the end", func() bool { return r.seat.feed.Taps() == 0 })
	if events := r.seen(t); len(events) != 1 || !events[0].Until.After(e.At) {
		t.Errorf("in the end %+v", events)
	}
}
