package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
)

// FileDecision is something that was decided about an attempt: an identification, or a person's move.
type FileDecision struct {
	At             time.Time       `json:"at"`
	Kind           string          `json:"kind" enum:"identification,move"`
	Identification *Identification `json:"identification,omitempty"`
	State          string          `json:"state,omitempty" doc:"Of a move: what the attempt became"`
	Reason         string          `json:"reason,omitempty" doc:"Of a move: a code"`
	Actor          string          `json:"actor,omitempty" doc:"Of a move: who made it; empty: the student or the service"`
	Clip           *Clip           `json:"clip,omitempty" doc:"The video around it"`
}

// Clip is the part of a recording around a moment.
type Clip struct {
	Recording Recording `json:"recording" doc:"With the segments around the moment only"`
	OffsetMs  int64     `json:"offsetMs" doc:"The moment, from the recording's start"`
}

// around is how much of a recording is shown before and after a decision.
const around = 5 * time.Second

// decisions are an attempt's, the oldest first, each with the video around it; the address of a segment is the reader's own.
func (s *Server) decisions(ctx context.Context, a exam.Attempt, address func(recording uuid.UUID, number int) string) ([]FileDecision, error) {
	identifications, err := s.Identify.Of(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	events, err := s.Exams.Timeline(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	recordings, err := s.playable(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	list := []FileDecision{}
	for _, i := range identifications {
		shape := identificationShape(i)
		list = append(list, FileDecision{At: shape.At, Kind: "identification", Identification: &shape, Clip: clipOf(recordings, momentOf(recordings, i), address)})
	}
	for _, e := range events {
		to, _ := e.Detail["to"].(string)
		reason, _ := e.Detail["reason"].(string)
		if e.Kind != "state" || !slices.Contains(decided, exam.State(to)) && reason != "try_granted" && reason != "appeal_granted" {
			continue
		}
		d := FileDecision{At: e.At, Kind: "move", State: to, Reason: reason, Clip: clipOf(recordings, momentAt(recordings, e.At), address)}
		if e.Lane == exam.LaneProctor {
			d.Actor = e.Actor
		}
		list = append(list, d)
	}
	slices.SortStableFunc(list, func(a, b FileDecision) int { return a.At.Compare(b.At) })
	return list, nil
}

// decided are the states that somebody or the exam's end put an attempt into, beside identifications.
var decided = []exam.State{exam.Terminated, exam.Expired, exam.Finished, exam.Reviewed, exam.Declined}

// playable are the attempt's recordings, none once their key is destroyed.
func (s *Server) playable(ctx context.Context, attempt uuid.UUID) ([]archive.Recording, error) {
	fate, err := s.Archive.Fate(ctx, attempt)
	if err != nil || fate.DestroyedAt != nil {
		return nil, err
	}
	return s.Archive.Recordings(ctx, attempt)
}

// moment is a place in a recording; no recording: nothing was recorded then.
type moment struct {
	recording *archive.Recording
	offset    int64 // milliseconds
}

func momentOf(recordings []archive.Recording, i identify.Identification) moment {
	for n, r := range recordings {
		if i.Recording.Valid && slices.Contains(r.Parts, i.Recording.UUID) && i.FrameMS != nil {
			return moment{&recordings[n], *i.FrameMS}
		}
	}
	return momentAt(recordings, i.At)
}

// momentAt finds a time; a decision that ended the recording is found at its end.
func momentAt(recordings []archive.Recording, at time.Time) moment {
	for n, r := range recordings {
		offset := at.Sub(r.StartedAt).Milliseconds()
		if offset >= 0 && offset <= r.EndMS()+around.Milliseconds() {
			return moment{&recordings[n], min(offset, r.EndMS())}
		}
	}
	return moment{}
}

// shows tells whether a segment is of the video around the moment.
func (m moment) shows(g archive.Segment) bool {
	return g.StartMS <= m.offset+around.Milliseconds() && g.StartMS+g.DurationMS >= m.offset-around.Milliseconds()
}

func clipOf(recordings []archive.Recording, m moment, address func(uuid.UUID, int) string) *Clip {
	if m.recording == nil {
		return nil
	}
	r := *m.recording
	clip := &Clip{Recording: Recording{ID: r.ID, Parts: r.Parts, Kind: r.Kind, StartedAt: r.StartedAt, DurationMs: r.EndMS(), Segments: []Segment{}}, OffsetMs: m.offset}
	for _, g := range r.Segments {
		if m.shows(g) {
			clip.Recording.Segments = append(clip.Recording.Segments, segmentShape(g, address))
		}
	}
	if len(clip.Recording.Segments) == 0 {
		return nil
	}
	return clip
}

// staffSegment and ownSegment are the addresses of segments for those who may see all, and for the student.
func staffSegment(recording uuid.UUID, number int) string {
	return fmt.Sprintf("api/recordings/%s/segments/%d", recording, number)
}

func ownSegment(attempt uuid.UUID) func(uuid.UUID, int) string {
	return func(recording uuid.UUID, number int) string {
		return fmt.Sprintf("api/attempts/%s/recordings/%s/segments/%d", attempt, recording, number)
	}
}

type ownSegmentInput struct {
	AttemptPath
	Recording uuid.UUID `path:"recording"`
	Number    int       `path:"number" minimum:"0" maximum:"1000000"`
}

// ownSegment gives the student a segment of the video around a decision about her, and no other.
func (s *Server) ownSegment(ctx context.Context, in *ownSegmentInput) (*segmentOutput, error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.decisions(ctx, a, staffSegment)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if d.Clip == nil {
			continue
		}
		if slices.ContainsFunc(d.Clip.Recording.Segments, func(g Segment) bool { return g.URL == staffSegment(in.Recording, in.Number) }) {
			data, err := s.Archive.Segment(ctx, in.Recording, in.Number)
			return &segmentOutput{ContentType: "video/webm", CacheControl: "private, no-store", Body: data}, err
		}
	}
	return nil, archive.ErrNotFound
}
