package api

import (
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// What a room has here is what is ended when it moves: pages of students and of proctors, and phones, and nobody's of another exam.
func TestWhoIsInARoom(t *testing.T) {
	h, room, other := newHub(), uuid.New(), uuid.New()
	in := func(of uuid.UUID, phone bool) *student {
		c := &student{attempt: exam.Attempt{ID: uuid.New(), ExamID: of}, phone: phone}
		if _, ok := h.enter(c.attempt.ID, c); !ok {
			t.Fatal("the hub lets nobody in")
		}
		return c
	}
	want := map[*student]bool{in(room, false): true, in(room, true): true}
	in(other, false)
	in(other, true)
	w := &watcher{}
	h.watch(room, w)
	h.watch(other, &watcher{})
	students, watchers := h.in(room)
	if len(students) != len(want) || len(watchers) != 1 || watchers[0] != w {
		t.Errorf("%d students and phones, %d pages", len(students), len(watchers))
	}
	for _, c := range students {
		if !want[c] {
			t.Error("somebody of another exam is in the room")
		}
	}
}
