package identify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
	"ochno/proctor/media"
	"ochno/proctor/vision"
)

// Whoever sits an exam whose policy minds a face that is away is looked at about once a second, in key frames that came anyway, or were asked
// for because none did.
const (
	lookEvery = time.Second
	// A face is away from the first of so many pictures without one in a row, and back from the first of so many with one: a cascade misses a
	// face now and then, and finds one in a curtain.
	awayAfter, backAfter = 3, 2
)

// presence follows whether a face is there.
type presence struct {
	away  bool
	since time.Time   // of the first picture of the present run that says otherwise; zero: none does
	run   int         // its pictures
	gone  time.Time   // with away: since when
	place media.Frame // with away: the first picture without a face; its data are not kept
	told  bool        // with away: that it is longer than allowed
}

// see takes a picture. It returns how long the face was away when it is back with this one.
func (p *presence) see(face bool, frame media.Frame) (away time.Duration, back bool) {
	if face != p.away { // as before
		p.run, p.since = 0, time.Time{}
		return 0, false
	}
	if p.run == 0 {
		p.since = frame.At
		if !p.away {
			frame.Data = nil
			p.place = frame
		}
	}
	p.run++
	switch {
	case !p.away && p.run >= awayAfter:
		p.away, p.gone, p.told = true, p.since, false
		p.run = 0
	case p.away && p.run >= backAfter:
		away = p.since.Sub(p.gone)
		p.away, p.run = false, 0
		return away, true
	}
	return 0, false
}

// watchAll looks at everybody who sits an exam whose policy minds a face that is away and who is connected here, and leaves those who do not any more.
func (s *Service) watchAll(ctx context.Context, room Room) error {
	rows, _ := s.Pool.Query(ctx, `select a.id, (e.policy->'again'->>'awaySeconds')::int from attempt a join exam e on e.id = a.exam_id
		where a.state in ('in_progress', 'paused') and coalesce((e.policy->'again'->>'awaySeconds')::int, 0) > 0 limit 2000`)
	type row struct {
		Attempt uuid.UUID
		Seconds int
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return fmt.Errorf("find whose face is minded: %w", err)
	}
	minded := make(map[uuid.UUID]bool, len(list))
	for _, r := range list {
		minded[r.Attempt] = true
		if stream, live := room.Stream(r.Attempt); live {
			s.watch(r.Attempt, stream, time.Duration(r.Seconds)*time.Second)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for attempt, stop := range s.watched {
		if !minded[attempt] {
			stop()
		}
	}
	return nil
}

// watch begins to look at a student, unless she is looked at already; it ends with her stream.
func (s *Service) watch(attempt uuid.UUID, stream Stream, limit time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.watched[attempt] != nil {
		return
	}
	ctx, stop := context.WithCancel(s.life)
	s.watched[attempt] = stop
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer func() {
			s.mu.Lock()
			delete(s.watched, attempt)
			s.mu.Unlock()
			stop()
		}()
		if err := s.follow(ctx, attempt, stream, limit); err != nil && ctx.Err() == nil {
			s.Logger.Error("a student is not looked at any more; it is begun again", "attempt", attempt, "error", err)
		}
	}()
}

// follow looks until the stream ends.
func (s *Service) follow(ctx context.Context, attempt uuid.UUID, stream Stream, limit time.Duration) error {
	tap, err := stream.Tap(ctx)
	if errors.Is(err, media.ErrClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	defer tap.Close()
	var p presence
	var last time.Time
	tracker := s.Finder.Track()
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
		case _, open := <-tap.Audio():
			if !open {
				return nil
			}
		case frame, open := <-tap.Frames():
			if !open {
				return nil
			}
			came = true
			if frame.At.Sub(last) < lookEvery*8/10 {
				continue
			}
			last = frame.At
			face, err := s.faceIn(ctx, tracker, frame)
			if err != nil {
				return err
			}
			if err := s.minded(ctx, attempt, &p, face, frame, limit); err != nil {
				return err
			}
		}
	}
}

// faceIn tells whether there is a face in a key frame. One that cannot be decoded shows none.
func (s *Service) faceIn(ctx context.Context, tracker *vision.Tracker, frame media.Frame) (bool, error) {
	picture, err := vision.DecodeKeyFrame(frame.Data)
	if err != nil {
		return false, nil
	}
	defer vision.Wipe(picture)
	assessment, err := tracker.Assess(ctx, picture)
	if err != nil {
		return false, fmt.Errorf("look at a student: %w", err)
	}
	assessment.Patch.Wipe()
	return len(assessment.Faces) > 0, nil
}

// minded makes an event of a face that is away longer than allowed, and has her identified again when it is back.
func (s *Service) minded(ctx context.Context, attempt uuid.UUID, p *presence, face bool, frame media.Frame, limit time.Duration) error {
	away, back := p.see(face, frame)
	if p.away && !p.told && frame.At.Sub(p.gone) >= limit {
		p.told = true
		if err := s.Exams.Record(ctx, exam.Event{
			Attempt: attempt, Lane: exam.LaneBehaviour, Kind: "face_absent", At: p.gone.UTC(), Recording: p.place.Recording, OffsetMS: p.place.Offset.Milliseconds(),
			Detail: map[string]any{"seconds": int(limit.Seconds())},
		}); err != nil {
			return fmt.Errorf("note that a face is away: %w", err)
		}
	}
	if !back {
		return nil
	}
	err := s.SeenAgain(ctx, attempt, away)
	if illegal := (*exam.IllegalMove)(nil); errors.As(err, &illegal) { // she has finished meanwhile
		return nil
	}
	return err
}
