package invigilate

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Voice is a proctor who speaks aloud: to one student, or to everybody in an exam.
type Voice struct {
	ID      uuid.UUID
	Exam    uuid.UUID
	Attempt uuid.UUID // Nil: everybody
	Speaker uuid.UUID
	Name    string // full name of who speaks
	At      time.Time
}

// ToAll tells whether everybody in the exam is spoken to.
func (v Voice) ToAll() bool { return v.Attempt == uuid.Nil }

// SpokenError says that somebody else speaks there already.
type SpokenError struct{ By Voice }

func (e *SpokenError) Error() string { return "somebody else speaks there already" }

// Floor says whose turn it is to speak. A student hears one proctor at a time: who speaks to her alone comes before who speaks to everybody, and who
// began comes before who would. Safe for concurrent use.
type Floor struct {
	mu     sync.Mutex
	voices []Voice // in the order in which they began
}

// Take begins v, unless its students are spoken to: *SpokenError.
func (f *Floor) Take(v Voice) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.voices {
		// To everybody beside a private talk is well: that one student does not hear it.
		if o.Exam == v.Exam && (o.ToAll() || !v.ToAll() && o.Attempt == v.Attempt) {
			return &SpokenError{o}
		}
	}
	f.voices = append(f.voices, v)
	return nil
}

// Leave ends a voice; false when it had ended before.
func (f *Floor) Leave(id uuid.UUID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.voices)
	f.voices = slices.DeleteFunc(f.voices, func(v Voice) bool { return v.ID == id })
	return len(f.voices) < before
}

// In are the voices of an exam, in the order in which they began.
func (f *Floor) In(exam uuid.UUID) []Voice {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []Voice{}
	for _, v := range f.voices {
		if v.Exam == exam {
			list = append(list, v)
		}
	}
	return list
}

// Hear are those of an exam's attempts that v is for.
func (f *Floor) Hear(v Voice, attempts []uuid.UUID) []uuid.UUID {
	alone := map[uuid.UUID]bool{}
	for _, o := range f.In(v.Exam) {
		if !o.ToAll() {
			alone[o.Attempt] = true
		}
	}
	var list []uuid.UUID
	for _, a := range attempts {
		if a == v.Attempt || v.ToAll() && !alone[a] {
			list = append(list, a)
		}
	}
	return list
}
