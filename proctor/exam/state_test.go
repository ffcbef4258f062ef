package exam

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// states are all of them.
var states = []State{
	Registered, Ready, Identifying, Identified, Admitted, InProgress, Paused, Finished, Reviewed, Declined, ManualIdentification, Terminated, Expired,
}

// legal says from each state where it may go. It stands here once more on purpose: a move that is added must be meant.
var legal = map[State]string{
	Registered:           "ready declined expired terminated",
	Ready:                "registered identifying manual_identification declined expired terminated",
	Identifying:          "ready identified manual_identification declined expired terminated",
	Identified:           "ready admitted declined expired terminated",
	Admitted:             "identifying identified in_progress finished declined expired terminated",
	InProgress:           "paused finished declined terminated",
	Paused:               "in_progress finished declined terminated",
	Finished:             "in_progress reviewed",
	Reviewed:             "finished",
	Declined:             "registered",
	ManualIdentification: "ready identified declined expired terminated",
	Terminated:           "ready finished reviewed",
	Expired:              "registered",
}

func TestEveryPairOfStates(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Registered)
	for _, from := range states {
		for _, to := range append(slices.Clone(states), "", "unknown") {
			x.force(a.ID, from)
			rows := len(x.moves(a.ID))
			before, err := x.move(t.Context(), a.ID, Move{To: to})
			now, made := x.read(a.ID).State, len(x.moves(a.ID))-rows
			if slices.Contains(strings.Fields(legal[from]), string(to)) {
				if err != nil || now != to || made != 1 || before.State != from {
					t.Errorf("%s → %s: %v, now %s, %d rows", from, to, err, now, made)
				}
				continue
			}
			var illegal *IllegalMove
			if !errors.As(err, &illegal) || *illegal != (IllegalMove{From: from, To: to}) || now != from || made != 0 {
				t.Errorf("%s → %s: %v, now %s, %d rows; want an *IllegalMove and nothing changed", from, to, err, now, made)
			}
		}
	}
}

func TestNoDeadEnds(t *testing.T) {
	reach := func(from State) map[State]bool {
		seen := map[State]bool{}
		for next := []State{from}; len(next) > 0; next = next[1:] {
			for _, to := range moves[next[0]] {
				if !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		return seen
	}
	if len(moves) != len(states) {
		t.Errorf("%d states can move; want all %d", len(moves), len(states))
	}
	for _, s := range states {
		if len(moves[s]) == 0 {
			t.Errorf("from %s there is no way on", s)
		}
		if !reach(Registered)[s] {
			t.Errorf("nobody ever comes to %s", s)
		}
		if !reach(s)[Reviewed] {
			t.Errorf("from %s nobody comes to the end", s)
		}
	}
	// Law 1: only an identification, or two people's, leads into the exam.
	for _, from := range states {
		if slices.Contains(moves[from], Admitted) && from != Identified {
			t.Errorf("%s leads to admitted", from)
		}
		if slices.Contains(moves[from], Identified) && from != Identifying && from != ManualIdentification && from != Admitted { // from admitted: a proctor takes her admission back
			t.Errorf("%s leads to identified", from)
		}
		if slices.Contains(moves[from], InProgress) && !slices.Contains([]State{Admitted, Paused, Finished}, from) {
			t.Errorf("%s leads to in_progress", from)
		}
	}
}

func TestMoveSaysWhoWhenAndWhy(t *testing.T) {
	x := newTestExams(t)
	student := x.student()
	a, err := x.Join(t.Context(), x.exam, student.ID)
	if err != nil {
		t.Fatal(err)
	}
	x.pass(time.Minute)
	if _, err := x.move(t.Context(), a.ID, Move{To: Ready, Actor: student.ID, Reason: "consent_granted"}); err != nil {
		t.Fatal(err)
	}
	x.pass(time.Minute)
	before, err := x.move(t.Context(), a.ID, Move{To: Identifying})
	if err != nil {
		t.Fatal(err)
	}
	if before.State != Ready || before.StateReason != "consent_granted" || before.Student != student.Name.String() || before.Group != "МА-21" {
		t.Errorf("before: %+v", before)
	}
	want := []moveRow{
		{"", Registered, testTime, uuid.NullUUID{UUID: student.ID, Valid: true}, ""},
		{Registered, Ready, testTime.Add(time.Minute), uuid.NullUUID{UUID: student.ID, Valid: true}, "consent_granted"},
		{Ready, Identifying, testTime.Add(2 * time.Minute), uuid.NullUUID{}, ""},
	}
	if got := x.moves(a.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("moves\n%+v\nwant\n%+v", got, want)
	}
	if now := x.read(a.ID); now.State != Identifying || now.StateReason != "" {
		t.Errorf("now: %+v", now)
	}
	if _, err := x.move(t.Context(), uuid.New(), Move{To: Ready}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no attempt: %v; want ErrNotFound", err)
	}
}

func TestTriesNeverFallBelowNone(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	for i, want := range []int{3, 2, 2, 1, 0, 0, 1} {
		tries := []int{0, -1, 0, -1, -1, -1, 1}[i]
		x.force(a.ID, Identifying)
		if _, err := x.move(t.Context(), a.ID, Move{To: Ready, Tries: tries}); err != nil {
			t.Fatal(err)
		}
		if got := x.read(a.ID).TriesLeft; got != want {
			t.Errorf("after %+d there are %d left; want %d", tries, got, want)
		}
	}
}

func TestConcurrentMovesOfOneAttempt(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	const racers = 6
	errs := make([]error, racers)
	var wait sync.WaitGroup
	for i := range racers {
		wait.Go(func() { _, errs[i] = x.move(t.Context(), a.ID, Move{To: Identifying}) })
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		var illegal *IllegalMove
		switch {
		case err == nil:
			won++
		case !errors.As(err, &illegal) || illegal.From != Identifying:
			t.Errorf("a loser is told %v; want an *IllegalMove from identifying", err)
		}
	}
	if won != 1 || len(x.moves(a.ID)) != 2 {
		t.Errorf("%d won, %d moves; want one winner, and the moves registered and identifying", won, len(x.moves(a.ID)))
	}
}

// A move may be legal and still not the one that was meant: consent leads from registered to ready, and so does a try that ended.
func TestMoveFromTheStateThatWasMeant(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Identifying)
	var illegal *IllegalMove
	if _, err := x.move(t.Context(), a.ID, Move{From: Registered, To: Ready}); !errors.As(err, &illegal) || illegal.From != Identifying || x.read(a.ID).State != Identifying {
		t.Errorf("from another state: %v, now %s; want an *IllegalMove", err, x.read(a.ID).State)
	}
	if _, err := x.move(t.Context(), a.ID, Move{From: Identifying, To: Admitted}); !errors.As(err, &illegal) {
		t.Errorf("a move that is not legal: %v; want an *IllegalMove", err)
	}
	if _, err := x.move(t.Context(), a.ID, Move{From: Identifying, To: Ready}); err != nil || x.read(a.ID).State != Ready {
		t.Errorf("from the state that was meant: %v, now %s", err, x.read(a.ID).State)
	}
}

func ExampleIllegalMove() {
	fmt.Println(&IllegalMove{From: Declined, To: Admitted})
	// Output: an attempt that is declined cannot become admitted
}
