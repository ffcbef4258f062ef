// Package identify is one identification: the challenge, sampling from the recorded stream, the quality gate, the verifier, the decision and
// its record.
//
// It owns challenge, identification, verdict_use, verdict_received, reidentification, outage_wait and manual_identification. It knows nothing of HTTP, WebSocket or SDP; whatever a verifier does, only a verdict that
// was checked admits. Samples stay in memory and are overwritten after the verdict. Start reading at Service.Start, then run (run.go) and
// commit (decide.go); receive.go says what happens when the process ends in the middle, schedule.go what begins by itself, manual.go how staff identify.
package identify

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/ebsclient"
	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/liveness"
	"ochno/proctor/media"
	"ochno/proctor/vision"
)

// Stream is a student's live stream as the media plane hands it out.
type Stream interface {
	Tap(ctx context.Context) (*media.Tap, error)
	RequestKeyFrame()
	Cut(ctx context.Context) (media.Head, error)
}

// Verdicts checks what a verifier signed.
type Verdicts interface {
	Check(ctx context.Context, token string, e ebsclient.Expect) (*ebsclient.Verdict, error)
}

// Timing bounds the steps of an identification.
type Timing struct {
	Look      time.Duration // for a good picture
	Glance    time.Duration // likewise, of somebody who is not asked to look
	Better    time.Duration // after the first good picture, for a better one, where no digits are read
	KeyFrame  time.Duration // from one picture to the request for the next
	GetReady  time.Duration // before the first digit, at least
	Digit     time.Duration // that a digit is shown alone, at least
	Waver     time.Duration // what is added to both at random, at most
	LastDigit time.Duration // from the last digit to the end of listening
	Challenge time.Duration // until its expiry
	Verify    time.Duration // for the verifier in all
}

// DefaultTiming suits a person before a webcam.
func DefaultTiming() Timing {
	return Timing{
		Look: 25 * time.Second, Glance: 8 * time.Second, Better: 1500 * time.Millisecond, KeyFrame: 700 * time.Millisecond,
		GetReady: 1200 * time.Millisecond, Digit: 1300 * time.Millisecond, Waver: 700 * time.Millisecond, LastDigit: 2200 * time.Millisecond, Challenge: 2 * time.Minute, Verify: 30 * time.Second,
	}
}

// Config wires a Service.
type Config struct {
	Pool     *pgxpool.Pool
	Exams    *exam.Exams
	Archive  *archive.Archive
	Log      *ledger.Log
	Finder   *vision.Finder
	Verifier ebsclient.Verifier
	Verdicts Verdicts
	Sessions Sessions // of a verifier with a page of its own; may be zero
	Rooms    Rooms    // nil: every exam is on this node
	Timing   Timing
	Software string // our version, for the record
	Now      func() time.Time
	Draw     func(n int64) int64 // a number in [0, n), for moments chosen at random; default: nobody can foretell it
	Step     func(name string)   // tests only: called at the points where a crash makes a difference
	Logger   *slog.Logger
}

// Service runs identifications. Close waits for those under way.
type Service struct {
	Config
	running sync.WaitGroup
	stop    context.CancelFunc
	life    context.Context // the service's own life, ended by Close

	answered atomic.Bool // the verifier, since those who wait for it were looked at

	mu      sync.Mutex
	closed  bool
	active  map[uuid.UUID]*attemptRun     // by attempt
	cameras map[uuid.UUID]liveness.Device // by attempt, while its page is connected
}

// attemptRun is an identification under way.
type attemptRun struct {
	id     uuid.UUID
	began  time.Time
	stop   context.CancelFunc
	bearer string          // the person's access token of ESIA, for a verifier's page; may be empty
	back   chan url.Values // from there

	person uuid.UUID // with what follows under Service.mu
	exam   uuid.UUID
	away   bool
	voice  bool // hers is compared
	last   Progress
}

// New makes a service.
func New(cfg Config) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	return &Service{Config: cfg, life: ctx, stop: cancel, active: map[uuid.UUID]*attemptRun{}, cameras: map[uuid.UUID]liveness.Device{}}
}

// Why an identification does not start.
var (
	ErrNoTries = errors.New("no tries are left")
	ErrBusy    = errors.New("an identification of this attempt is under way")
	ErrClosed  = errors.New("the service is stopping")
)

// Phase of an identification, as the student sees it.
type Phase string

// The phases in their order.
const (
	PhaseLooking   Phase = "looking"   // for a good picture; Hint says what to change
	PhaseChallenge Phase = "challenge" // the digits are shown one by one, to be read aloud
	PhaseAway      Phase = "away"      // URL is the verifier's page, on which the student is identified
	PhaseVerifying Phase = "verifying" // the verifier was asked
	PhaseDone      Phase = "done"      // Result says how it ended
)

// Progress is told to the caller while an identification runs.
type Progress struct {
	Phase     Phase
	Hint      string     // with PhaseLooking; empty: nothing to change
	Challenge *Challenge // with PhaseChallenge
	Shown     int        // with PhaseChallenge: how many of its digits are shown by now; 0: the first is about to come
	URL       string     // with PhaseAway
	Result    *Identification
}

// Start begins an identification over the student's live stream and returns its id. Progress goes to report, from one goroutine, until the
// phase is done. The attempt moves to identifying first, unless she sits the exam and was asked to identify herself again;
// *exam.IllegalMove, ErrNoTries, ErrBusy and ErrClosed say why it does not, and where the exam's policy is the verifier's own page,
// ErrNoSessions and ErrBearer. The bearer is the student's access token of ESIA, which only such a page may need; it is kept nowhere.
func (s *Service) Start(ctx context.Context, attempt uuid.UUID, stream Stream, bearer string, report func(Progress)) (uuid.UUID, error) {
	return s.start(ctx, attempt, stream, bearer, report, "")
}

// start begins one; with a cause it is during the exam, and the student is not to notice it.
func (s *Service) start(ctx context.Context, attempt uuid.UUID, stream Stream, bearer string, report func(Progress), cause Cause) (uuid.UUID, error) {
	life, stop := context.WithCancel(s.life)
	run := &attemptRun{id: uuid.New(), began: s.Now(), stop: stop, bearer: bearer, back: make(chan url.Values, 1)}
	if err := s.claim(attempt, run); err != nil {
		stop()
		return uuid.Nil, err
	}
	f := &finding{id: run.id, kind: Admission, startedAt: s.Now().UTC()}
	var err error
	if cause != "" {
		err = s.enterSilently(ctx, attempt, cause, f)
	} else {
		err = s.enter(ctx, attempt, bearer, f)
	}
	if err != nil || f.attempt.ID == uuid.Nil {
		stop()
		s.forget(attempt)
		s.running.Done()
		return uuid.Nil, err
	}
	s.mu.Lock()
	run.person, run.exam = f.attempt.PersonID, f.attempt.ExamID
	s.mu.Unlock()
	tell := func(p Progress) {
		if f.silent {
			return
		}
		s.mu.Lock()
		run.last = p
		s.mu.Unlock()
		report(p)
	}
	go func() {
		defer s.running.Done()
		defer stop()
		result := s.run(life, run, f, stream, tell)
		// From here on the student may try again, while the recording is being cut.
		s.forget(attempt)
		if result != nil {
			report(Progress{Phase: PhaseDone, Result: result})
			s.seal(s.life, f.attempt, stream)
		}
	}()
	return run.id, nil
}

// Stop ends an identification of the attempt that runs here, without a verdict: nothing more is taken from her stream or sent to the verifier.
// The attempt must have been moved on by whoever calls it.
func (s *Service) Stop(attempt uuid.UUID) {
	s.mu.Lock()
	run := s.active[attempt]
	s.mu.Unlock()
	if run != nil {
		run.stop()
	}
}

// Progress is how far an identification of the attempt is that runs here, for a page that comes anew; false when none does.
func (s *Service) Progress(attempt uuid.UUID) (Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.active[attempt]
	if run == nil || run.last.Phase == "" {
		return Progress{}, false
	}
	return run.last, true
}

// Listens tells whether an identification of the attempt waits for her voice here, or has her speak to the verifier's page: nobody should speak to her
// then.
func (s *Service) Listens(attempt uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.active[attempt]
	return run != nil && run.voice && run.last.Phase != PhaseVerifying
}

// Close stops what is under way (its attempts become ready again) and waits for it.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.running.Wait()
}

func (s *Service) claim(attempt uuid.UUID, run *attemptRun) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.active[attempt] != nil {
		return ErrBusy
	}
	s.active[attempt] = run
	s.running.Add(1)
	return nil
}

func (s *Service) forget(attempt uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.active, attempt)
}

// enter moves the attempt to identifying. Whoever sits the exam already stays there: she must have been asked to identify herself again.
func (s *Service) enter(ctx context.Context, attempt uuid.UUID, bearer string, f *finding) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		a, err := s.Exams.Lock(ctx, tx, attempt)
		if err != nil {
			return err
		}
		tries := a.TriesLeft
		if sitting(a.State) {
			r, err := standing(ctx, tx, attempt)
			if err != nil {
				return err
			}
			if r.DemandedAt == nil {
				return &exam.IllegalMove{From: a.State, To: exam.Identifying}
			}
			f.kind, f.cause, tries = Again, r.Cause, r.TriesLeft
		} else if _, err := s.Exams.Move(ctx, tx, attempt, exam.Move{From: exam.Ready, To: exam.Identifying}); err != nil {
			return err
		}
		if tries <= 0 {
			return ErrNoTries
		}
		e, err := s.Exams.ExamIn(ctx, tx, a.ExamID)
		if err != nil {
			return err
		}
		if err := s.checkWay(e, bearer); err != nil {
			return err
		}
		f.attempt = a
		return nil
	})
}

// enterSilently begins one during the exam, if it is still due. Where the policy wants digits at once, or the verifier's own page, the student is
// only asked to identify herself.
func (s *Service) enterSilently(ctx context.Context, attempt uuid.UUID, cause Cause, f *finding) error {
	a, err := s.Exams.Attempt(ctx, attempt)
	if err != nil {
		return err
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return err
	}
	if e.Policy.Again.Digits || e.Policy.Verifier == exam.Session {
		return s.demand(ctx, attempt, cause)
	}
	if !sitting(a.State) {
		return &exam.IllegalMove{From: a.State, To: exam.Identifying}
	}
	f.kind, f.cause, f.silent, f.attempt = Again, cause, true, a
	return nil
}

// giveBack moves an attempt that is identifying to ready, because the service ended in the middle.
func (s *Service) giveBack(ctx context.Context, a exam.Attempt) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if err := s.hold(ctx, tx, a.ExamID); err != nil {
			return err
		}
		_, err := s.Exams.Move(ctx, tx, a.ID, exam.Move{From: exam.Identifying, To: exam.Ready, Reason: "interrupted"})
		return err
	})
	if illegal := (*exam.IllegalMove)(nil); errors.As(err, &illegal) {
		return nil // somebody moved it on
	}
	return err
}
