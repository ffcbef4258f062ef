package identify_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/media/studenttest"
	"ochno/proctor/room"
)

// node says whether every exam is on it.
type node struct{ here atomic.Bool }

func (n *node) Take(context.Context, uuid.UUID) (bool, error) { return n.here.Load(), nil }

func (n *node) Hold(context.Context, pgx.Tx, uuid.UUID) error {
	if !n.here.Load() {
		return room.ErrNotHere
	}
	return nil
}

// TestTheRoomMovesAtEveryStep: whatever the step at which an exam goes to another node, the old one decides nothing any more, and the new one, and
// no other, finishes what was received or gives the attempt back.
func TestTheRoomMovesAtEveryStep(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	for i, c := range []struct {
		step    string
		left    bool // to the new node
		decided bool
	}{{"asking", true, false}, {"received", true, true}, {"kept", true, true}, {"stored", true, true}, {"deciding", false, true}} {
		t.Run(c.step, func(t *testing.T) {
			a := h.student(t, fmt.Sprint(9701+i))
			h.scenario(t, a.OID, "match")
			stream := h.publish(t, a, clip)
			asked := len(h.asked.calls)
			old, moved := &node{}, make(chan struct{})
			old.here.Store(true)
			config := h.config
			config.Rooms = old
			var leaving *identify.Service
			config.Step = func(step string) {
				if step == c.step {
					old.here.Store(false)
					leaving.Leave(a.ExamID)
					close(moved)
				}
			}
			leaving = identify.New(config)
			_, err := leaving.Start(context.Background(), a.ID, stream, "", func(p identify.Progress) { h.Tell(a, p) })
			must(t, err)
			select {
			case <-moved:
			case <-time.After(30 * time.Second):
				t.Fatal("the step was never reached")
			}
			for end := time.Now().Add(30 * time.Second); leaving.Under(a.ExamID); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the old node is at it still")
				}
			}
			must(t, leaving.Round(context.Background(), h))
			leaving.Close()
			if undecided := len(h.of(t, a.ID)) == 0 && h.attempt(t, a.ID).State == exam.Identifying; undecided != c.left {
				t.Errorf("left to the new node: %v, want %v", undecided, c.left)
			}

			config = h.config
			elsewhere, here := &node{}, &node{}
			here.here.Store(true)
			config.Rooms = elsewhere
			third := identify.New(config)
			must(t, third.Round(context.Background(), h))
			third.Close()
			config.Rooms = here
			next := identify.New(config)
			defer next.Close()
			must(t, next.TakeOver(context.Background(), uuid.New())) // another exam
			if undecided := len(h.of(t, a.ID)) == 0 && h.attempt(t, a.ID).State == exam.Identifying; undecided != c.left {
				t.Errorf("a node that has not got the exam touched it")
			}
			must(t, next.TakeOver(context.Background(), a.ExamID))
			if decided := h.whole(t, c.step, a); decided != c.decided {
				t.Errorf("decided: %v, want %v", decided, c.decided)
			}
			if n := len(h.asked.calls) - asked; n > 1 {
				t.Errorf("asked %d times", n)
			}
			must(t, next.TakeOver(context.Background(), a.ExamID))
			h.whole(t, c.step+", taken over again", a)
		})
	}
}

// TestTakingOverDisturbsNobody: an identification that goes on here already stays.
func TestTakingOverDisturbsNobody(t *testing.T) {
	h := newHouse(t)
	a := h.student(t, "9790")
	h.scenario(t, a.OID, "match")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Digits))
	took := false
	_, result := h.run(t, h.service, a.ID, stream, func(p identify.Progress) {
		if p.Phase != identify.PhaseVerifying || took {
			return
		}
		took = true
		must(t, h.service.TakeOver(context.Background(), a.ExamID))
		if now := h.attempt(t, a.ID); now.State != exam.Identifying {
			t.Errorf("the attempt is %s", now.State)
		}
	})
	if !took || result.Outcome != identify.Match {
		t.Errorf("it came to %+v", result)
	}
}
