package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/media"
	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

// Stream is what a student sends. [media.Publisher] is one.
type Stream interface {
	Tap(ctx context.Context) (*media.Tap, error)
	RequestKeyFrame()
	// Sharing tells whether her screen arrives.
	Sharing() bool
}

// Config of a Service.
type Config struct {
	Exams  *exam.Exams
	Finder *vision.Finder
	// Live is a student's stream, if she is connected here.
	Live func(attempt uuid.UUID) (Stream, bool)
	// Back is told that a face is seen again, and how long it was away. It is not told of those that were away shorter than a few pictures.
	Back func(ctx context.Context, attempt uuid.UUID, away time.Duration) error
	// SpokenTo tells whether a proctor speaks to the student aloud just now: what her microphone hears then is judged by nobody. Optional.
	SpokenTo func(attempt uuid.UUID) bool
	// AtOnce is how many pictures are looked at in the same moment: the part of the machine that is left to watching. Default a quarter of its
	// processors, at least one.
	AtOnce int
	Logger *slog.Logger
}

// Service looks at everybody who sits an exam and is connected here. Its methods may be called from any goroutine.
type Service struct {
	Config
	turns   chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	watched map[uuid.UUID]*watched
}

// watched is a student who is looked at.
type watched struct {
	stop  context.CancelFunc
	rules chan Rules // the newest, until they are taken
}

// lookEvery is how often a student is looked at, where there is time.
const lookEvery = time.Second

// New makes a service. It does nothing before Run.
func New(cfg Config) *Service {
	if cfg.AtOnce == 0 {
		cfg.AtOnce = max(1, runtime.GOMAXPROCS(0)/4)
	}
	return &Service{Config: cfg, turns: make(chan struct{}, cfg.AtOnce), watched: map[uuid.UUID]*watched{}}
}

// Run looks until the context ends, and returns when nobody is looked at any more.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	defer s.running.Wait()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Round(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.Logger.Error("STUDENTS WHO CAME ARE NOT LOOKED AT; it is tried again every second", "error", err)
		}
		failing = err != nil
	}
}

// Round begins to look at those who came, and leaves those who finished. What it begins ends with the context.
func (s *Service) Round(ctx context.Context) error {
	sittings, err := s.Exams.Sittings(ctx)
	if err != nil {
		return err
	}
	sits := make(map[uuid.UUID]bool, len(sittings))
	for _, sitting := range sittings {
		rules := RulesOf(sitting.Policy)
		if len(rules) == 0 && sitting.Policy.Again.AwaySeconds == 0 {
			continue
		}
		sits[sitting.Attempt] = true
		if stream, live := s.Live(sitting.Attempt); live {
			s.watch(ctx, sitting.Attempt, stream, rules)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for attempt, w := range s.watched {
		if !sits[attempt] {
			w.stop()
		}
	}
	return nil
}

// watch begins to look at a student, or tells whoever looks at her of the rules.
func (s *Service) watch(ctx context.Context, attempt uuid.UUID, stream Stream, rules Rules) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.watched[attempt]; w != nil {
		select {
		case <-w.rules:
		default:
		}
		w.rules <- rules
		return
	}
	ctx, stop := context.WithCancel(ctx)
	w := &watched{stop: stop, rules: make(chan Rules, 1)}
	s.watched[attempt] = w
	s.running.Go(func() {
		defer func() {
			s.mu.Lock()
			delete(s.watched, attempt)
			s.mu.Unlock()
			stop()
		}()
		if err := s.follow(ctx, attempt, stream, rules, w.rules); err != nil && ctx.Err() == nil {
			s.Logger.Error("a student is not looked at any more; it is begun again", "attempt", attempt, "error", err)
		}
	})
}

// follow looks until the stream or the context ends.
func (s *Service) follow(ctx context.Context, attempt uuid.UUID, stream Stream, rules Rules, changed <-chan Rules) error {
	tap, err := stream.Tap(ctx)
	if errors.Is(err, media.ErrClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	defer tap.Close()
	decoder, err := voice.NewDecoder()
	if err != nil {
		return fmt.Errorf("listen to a student: %w", err)
	}
	l := &looker{
		service: s, attempt: attempt, rules: rules, observer: NewObserver(rules),
		eye: eye{tracker: s.Finder.Track()}, ear: ear{decoder: decoder},
	}
	defer l.eye.wipe()
	defer l.ear.wipe()
	ask := time.NewTicker(lookEvery)
	defer ask.Stop()
	came := true
	for {
		select {
		case <-ask.C:
			if !came {
				stream.RequestKeyFrame()
			}
			came = false
			err = l.tell(ctx, l.observer.Share(l.here(time.Now()), stream.Sharing()))
		case l.rules = <-changed:
			err = l.tell(ctx, l.observer.Follow(l.rules))
		case packet, open := <-tap.Audio():
			if !open {
				return l.end(ctx)
			}
			err = l.listen(ctx, packet)
		case frame, open := <-tap.Frames():
			if !open {
				return l.end(ctx)
			}
			came = true
			err = l.look(ctx, frame)
		}
		if err != nil {
			return errors.Join(err, l.end(ctx))
		}
	}
}

// looker is the look at one student.
type looker struct {
	service  *Service
	attempt  uuid.UUID
	rules    Rules
	observer *Observer
	eye      eye
	ear      ear
	presence presence
	last     time.Time // of the newest picture that was looked at
	place    Place     // of the newest picture
}

// here is a moment's place, by the newest picture: none without one.
func (l *looker) here(now time.Time) Place {
	at := Place{At: now, Recording: l.place.Recording}
	if at.Recording != uuid.Nil {
		at.Offset = max(l.place.Offset+now.Sub(l.place.At), 0)
	}
	return at
}

func (l *looker) look(ctx context.Context, frame media.Frame) error {
	l.place = place(frame)
	if frame.At.Sub(l.last) < lookEvery*8/10 {
		return nil
	}
	l.last = frame.At
	select {
	case l.service.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	look, ok, err := l.eye.look(ctx, frame)
	<-l.service.turns
	if err != nil {
		return err
	}
	if !ok {
		look = Look{Place: place(frame), Eyes: -1, Turn: -1, Mouth: -1, Luma: 255, Spread: 255} // a picture that cannot be decoded shows nobody
	}
	if err := l.tell(ctx, l.observer.See(look)); err != nil {
		return err
	}
	if away, back := l.presence.see(look.Faces > 0, look.At); back && l.service.Back != nil {
		return l.service.Back(ctx, l.attempt, away)
	}
	return nil
}

func (l *looker) listen(ctx context.Context, p media.AudioPacket) error {
	if !l.rules.hear() {
		return nil
	}
	if spoken := l.service.SpokenTo; spoken != nil && spoken(l.attempt) {
		l.ear.wipe()
		return nil
	}
	sound, ok := l.ear.listen(p.Data, Place{At: p.At, Recording: p.Recording, Offset: p.Offset})
	if !ok {
		return nil
	}
	return l.tell(ctx, l.observer.Hear(sound))
}

// end ends what goes on, also when the context has ended.
func (l *looker) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return l.tell(ctx, l.observer.End())
}

// tell stores what changed.
func (l *looker) tell(ctx context.Context, changes []Change) error {
	for _, c := range changes {
		e := exam.Event{
			ID: c.ID, Attempt: l.attempt, Lane: exam.LaneBehaviour, Kind: string(c.Behaviour), At: c.Began.At.UTC(), Until: c.Until.UTC(),
			Recording: c.Began.Recording, OffsetMS: c.Began.Offset.Milliseconds(), Confidence: c.Confidence, Detail: map[string]any{},
		}
		if c.Times > 1 {
			e.Detail["times"] = c.Times
		}
		var err error
		if c.First {
			err = l.service.Exams.Record(ctx, e)
		} else {
			err = l.service.Exams.Prolong(ctx, e, c.Last)
		}
		if err != nil {
			return fmt.Errorf("note what was seen: %w", err)
		}
	}
	return nil
}
