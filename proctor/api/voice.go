package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/invigilate"
)

const (
	// speechesPerPerson bounds how often one person begins to speak in a minute: a key is pressed and let go.
	speechesPerPerson = 60
	// longestSpeech ends a talk that somebody forgot to end.
	longestSpeech = 10 * time.Minute
	// goneAfter ends a private talk with a student who does not come back.
	goneAfter = 15 * time.Second
	// speechTurn is how soon a talk follows what changes: who came, who is being identified.
	speechTurn = 200 * time.Millisecond
	// speechHeard is how long ago a packet may have come to say that the proctor's microphone arrives.
	speechHeard = time.Second
)

// Why a talk aloud is over.
const (
	overHushed  = "hushed"   // who spoke has ended it
	overLong    = "too_long" // after longestSpeech
	overGone    = "gone"     // the student did not come back
	overRefused = "refused"  // it did not begin
)

// voices knows who speaks aloud to whom at this node, and which students were told.
type voices struct {
	invigilate.Floor
	mu    sync.Mutex
	heard map[uuid.UUID]hearing // by attempt
}

type hearing struct {
	voice invigilate.Voice
	told  *student // nil: she has no page now
}

func newVoices() *voices { return &voices{heard: map[uuid.UUID]hearing{}} }

// speech is one talk aloud of a proctor, from its begin to its end.
type speech struct {
	voice  invigilate.Voice
	stop   context.CancelFunc
	done   chan struct{}
	status talkStatus         // as last told; owned by the talk's goroutine, as is the next
	noted  map[uuid.UUID]bool // whom it reached
}

// Messages of talks aloud.
type (
	// voiceMessage tells a student who speaks to her; nil: nobody any more.
	voiceMessage struct {
		Type  string     `json:"type"`
		Voice *voiceNote `json:"voice"`
	}
	voiceNote struct {
		By    string `json:"by"` // full name
		ToAll bool   `json:"toAll"`
	}
	// talkMessage tells a proctor how her talk goes.
	talkMessage struct {
		Type    string      `json:"type"`
		Talk    *talkStatus `json:"talk"`           // nil: it is over
		Over    string      `json:"over,omitempty"` // why
		Problem *Problem    `json:"problem,omitempty"`
	}
	talkStatus struct {
		AttemptID string    `json:"attemptId,omitempty"` // empty: everybody
		Until     time.Time `json:"until"`
		Arrives   bool      `json:"arrives"` // her microphone is received
		Hear      int       `json:"hear"`    // how many students hear her
		Waiting   int       `json:"waiting"` // how many do not, because they are being identified by voice, or another proctor speaks to them
	}
	// voicesMessage tells who speaks in the room, oneself included.
	voicesMessage struct {
		Type   string       `json:"type"`
		Voices []voiceInUse `json:"voices"`
	}
	voiceInUse struct {
		By        StaffCard `json:"by"`
		AttemptID string    `json:"attemptId,omitempty"` // empty: everybody
	}
)

// talk begins to let a student, or everybody in the exam, hear the proctor. What she said before to others is ended first.
func (c *watcher) talk(m incoming) error {
	c.hush()
	v := invigilate.Voice{ID: uuid.New(), Exam: c.room, Speaker: c.person.ID, Name: c.person.Name.String(), At: c.server.Now().UTC()}
	if !m.All {
		id, err := uuid.Parse(m.Attempt)
		if err != nil || id == uuid.Nil {
			return errors.New("an attempt's id is not one")
		}
		v.Attempt = id
	}
	if err := c.begin(v); err != nil {
		c.send(talkMessage{Type: "talk", Over: overRefused, Problem: explain(c.server.life, c.server.Logger, err)})
	}
	return nil
}

func (c *watcher) begin(v invigilate.Voice) error {
	s := c.server
	if !s.speeches.allow(c.person.ID.String()) {
		return problem(http.StatusTooManyRequests, "voice_often")
	}
	within, cancel := context.WithTimeout(s.life, lookFor)
	defer cancel()
	if !v.ToAll() {
		a, err := s.Exams.Attempt(within, v.Attempt)
		if err != nil {
			return err
		}
		if a.ExamID != v.Exam {
			return exam.ErrNotFound
		}
		if !s.takesSound(v.Attempt) {
			return problem(http.StatusConflict, "voice_unheard")
		}
	}
	if err := s.voices.Take(v); err != nil {
		return err
	}
	err := s.Invigilate.BeginVoice(within, v)
	if err == nil {
		err = c.viewer.OpenMicrophone()
	}
	if err != nil {
		s.voices.Leave(v.ID)
		return err
	}
	ctx, stop := context.WithCancel(s.life)
	sp := &speech{voice: v, stop: stop, done: make(chan struct{}), noted: map[uuid.UUID]bool{}}
	c.speech = sp
	s.tellVoices(v.Exam)
	go func() { // hush waits for it
		defer close(sp.done)
		over := c.speak(ctx, sp)
		c.silence(sp, over)
	}()
	return nil
}

// hush ends what the proctor says, if anything, and waits until nobody hears it.
func (c *watcher) hush() {
	if c.speech == nil {
		return
	}
	c.speech.stop()
	<-c.speech.done
	c.speech = nil
}

// speak follows a talk until it is over, and returns why. Who hears it is looked up again and again: students come and go, and who is being identified
// by her voice must not hear another one.
func (c *watcher) speak(ctx context.Context, sp *speech) (over string) {
	s := c.server
	tick := time.NewTicker(speechTurn)
	defer tick.Stop()
	until := sp.voice.At.Add(longestSpeech)
	there := s.Now()
	for {
		now := s.Now()
		if now.After(until) {
			return overLong
		}
		hear, waiting := s.hearers(sp.voice)
		if err := c.viewer.Speak(hear); err != nil {
			return overHushed // her connection ends
		}
		s.tellHearers(sp.voice, hear)
		c.note(ctx, sp, hear)
		if len(hear)+waiting > 0 {
			there = now
		}
		if !sp.voice.ToAll() && now.Sub(there) > goneAfter {
			return overGone
		}
		status := talkStatus{Until: until, Arrives: now.Sub(c.viewer.Spoke()) < speechHeard, Hear: len(hear), Waiting: waiting}
		if !sp.voice.ToAll() {
			status.AttemptID = sp.voice.Attempt.String()
		}
		if status != sp.status {
			sp.status = status
			c.send(talkMessage{Type: "talk", Talk: &status})
		}
		select {
		case <-ctx.Done():
			return overHushed
		case <-tick.C:
		}
	}
}

// silence ends a talk for everybody.
func (c *watcher) silence(sp *speech, over string) {
	s := c.server
	_ = c.viewer.Speak(nil) // closed, it speaks to nobody
	s.tellHearers(sp.voice, nil)
	s.voices.Leave(sp.voice.ID)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.life), lookFor)
	defer cancel()
	if err := s.Invigilate.EndVoice(ctx, sp.voice.ID); err != nil {
		s.Logger.Error("the end of a talk is not stored", "exam", sp.voice.Exam, "error", err)
	}
	c.send(talkMessage{Type: "talk", Over: over})
	s.tellVoices(sp.voice.Exam)
}

// note writes down whom a talk has reached.
func (c *watcher) note(ctx context.Context, sp *speech, hear []uuid.UUID) {
	var fresh []uuid.UUID
	for _, id := range hear {
		if !sp.noted[id] {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookFor)
	defer cancel()
	if err := c.server.Invigilate.Heard(ctx, sp.voice.ID, fresh); err != nil {
		c.server.Logger.Error("whom a talk reached is not stored; it is tried again", "exam", sp.voice.Exam, "error", err)
		return
	}
	for _, id := range fresh {
		sp.noted[id] = true
	}
}

// takesSound tells whether the student is connected by a page that plays what we send.
func (s *Server) takesSound(attempt uuid.UUID) bool {
	p, live := s.Media.Publisher(attempt)
	return live && p.Hears()
}

// hearers are who hears a voice now, and how many would, if they were not busy.
func (s *Server) hearers(v invigilate.Voice) (hear []uuid.UUID, waiting int) {
	there := []uuid.UUID{v.Attempt}
	if v.ToAll() {
		there = s.hub.liveIn(v.Exam)
	}
	there = slices.DeleteFunc(there, func(id uuid.UUID) bool { return !s.takesSound(id) })
	hear = s.voices.Hear(v, there)
	hear = slices.DeleteFunc(hear, s.Identify.Listens)
	return hear, len(there) - len(hear)
}

// tellHearers tells who hears a voice from now on, and who heard it and does not any more.
func (s *Server) tellHearers(v invigilate.Voice, hear []uuid.UUID) {
	s.voices.mu.Lock()
	defer s.voices.mu.Unlock()
	for _, id := range hear {
		page := s.hub.student(id)
		if h := s.voices.heard[id]; h.voice.ID == v.ID && h.told == page {
			continue
		}
		s.voices.heard[id] = hearing{v, page}
		if page != nil {
			page.send(voiceMessage{Type: "voice", Voice: &voiceNote{By: v.Name, ToAll: v.ToAll()}})
		}
	}
	for id, h := range s.voices.heard {
		if h.voice.ID != v.ID || slices.Contains(hear, id) {
			continue
		}
		delete(s.voices.heard, id)
		if page := s.hub.student(id); page != nil {
			page.send(voiceMessage{Type: "voice"})
		}
	}
}

// SpokenTo tells whether a proctor speaks to the student aloud.
func (s *Server) SpokenTo(attempt uuid.UUID) bool {
	s.voices.mu.Lock()
	defer s.voices.mu.Unlock()
	_, heard := s.voices.heard[attempt]
	return heard
}

// voicesOf tells who speaks in an exam's room.
func (s *Server) voicesOf(of uuid.UUID) voicesMessage {
	m := voicesMessage{Type: "voices", Voices: []voiceInUse{}}
	for _, v := range s.voices.In(of) {
		use := voiceInUse{By: StaffCard{ID: v.Speaker, Name: v.Name}}
		if !v.ToAll() {
			use.AttemptID = v.Attempt.String()
		}
		m.Voices = append(m.Voices, use)
	}
	return m
}

// tellVoices tells everybody who has an exam's room open who speaks in it.
func (s *Server) tellVoices(of uuid.UUID) {
	m := s.voicesOf(of)
	for _, w := range s.hub.watching(of) {
		w.send(m)
	}
}
