package identify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media/studenttest"
)

// TestAgain: an identification during the exam disturbs nobody while it succeeds. With somebody else in the chair the proctor is alarmed, the
// student is asked for digits, and only those, or a proctor's word, end the alarm.
func TestAgain(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	a := h.sits(t, "7101", clip)
	h.enrol(t, a.OID)
	stream, _ := h.Stream(a.ID)
	var illegal *exam.IllegalMove

	// She was asked for nothing: she cannot begin one herself.
	if _, err := h.service.Start(ctx, a.ID, stream, "", func(identify.Progress) {}); !errors.As(err, &illegal) {
		t.Errorf("begun unasked: %v", err)
	}
	must(t, h.service.Ask(ctx, a.ID, identify.CauseRequest))
	h.until(t, "the first is decided", func() bool { return len(h.of(t, a.ID)) == 1 })
	first := h.of(t, a.ID)[0]
	if first.Outcome != identify.Match || first.Kind != identify.Again || first.Cause != identify.CauseRequest || first.Sound != nil {
		t.Errorf("a comparison with her own picture: %+v", first)
	}
	if len(h.told) != 0 {
		t.Errorf("she was told %+v", <-h.told)
	}
	var d ledger.Identification
	must(t, h.records(t, a.ID, ledger.TypeIdentification)[0].Data(&d))
	if d.Kind != "again" || d.Voice != nil || d.Photo == nil || !slices.Equal(d.Policy.Modalities, []string{"photo"}) || d.Scores.Sound != nil || d.Challenge == "" {
		t.Errorf("the record %+v", d)
	}
	if now := h.situation(t, a.ID).Standing; now == nil || now.DueAt != nil || now.DemandedAt != nil || now.AlarmAt != nil {
		t.Errorf("she stands %+v", now)
	}

	// Somebody else sits there.
	h.scenario(t, a.OID, "no_match")
	must(t, h.service.Ask(ctx, a.ID, identify.CauseRequest))
	h.until(t, "the alarm", func() bool { return h.situation(t, a.ID).Standing.AlarmAt != nil })
	if now := h.situation(t, a.ID).Standing; now.DemandedAt == nil || now.TriesLeft != h.exam.Policy.Tries {
		t.Errorf("she stands %+v", now)
	}
	if !h.hasEvent(t, a, "identity_alarm") {
		t.Error("no event of the alarm with its place in the recording")
	}
	after := h.attempt(t, a.ID)
	if after.State != exam.InProgress || after.TriesLeft != a.TriesLeft {
		t.Errorf("state %s with %d tries", after.State, after.TriesLeft)
	}
	// With the digits he fails as well; a second time as well.
	for left := h.exam.Policy.Tries - 1; left > 0; left-- {
		if _, result := h.run(t, h.service, a.ID, stream, nil); result.Outcome != identify.NoMatch || result.Kind != identify.Again || result.Sound == nil {
			t.Errorf("with digits: %+v", result)
		}
		if now := h.situation(t, a.ID).Standing; now.TriesLeft != left || now.AlarmAt == nil {
			t.Errorf("she stands %+v, want %d tries", now, left)
		}
	}
	// She is back, and shows it.
	h.scenario(t, a.OID, "match")
	if _, result := h.run(t, h.service, a.ID, stream, nil); result.Outcome != identify.Match {
		t.Errorf("with digits: %+v", result)
	}
	if now := h.situation(t, a.ID).Standing; now.AlarmAt != nil || now.DemandedAt != nil {
		t.Errorf("the alarm stays: %+v", now)
	}
	if n := len(h.records(t, a.ID, ledger.TypeAdmission)); n != 0 {
		t.Error("an identification during the exam admitted")
	}

	// A proctor settles.
	h.scenario(t, a.OID, "spoof")
	must(t, h.service.Ask(ctx, a.ID, identify.CauseRequest))
	h.until(t, "the alarm", func() bool { return h.situation(t, a.ID).Standing.AlarmAt != nil })
	proctor := h.staff(t, 1, account.Proctor)
	must(t, h.service.Settle(ctx, a.ID, proctor))
	if now := h.situation(t, a.ID).Standing; now.AlarmAt != nil || now.DemandedAt != nil {
		t.Errorf("the alarm stays: %+v", now)
	}
	if rows := h.records(t, a.ID, ledger.TypeDecision); len(rows) != 1 || rows[0].Personal["actor"] != proctor.Name.String() {
		t.Errorf("the decision: %+v", rows)
	}
	if err := h.service.Settle(ctx, a.ID, proctor); !errors.As(err, &illegal) || len(h.records(t, a.ID, ledger.TypeDecision)) != 1 {
		t.Errorf("settled twice: %v", err)
	}
}

func (h *house) hasEvent(t *testing.T, a exam.Attempt, kind string) bool {
	t.Helper()
	events, err := h.exams.Timeline(context.Background(), a.ID)
	must(t, err)
	return slices.ContainsFunc(events, func(e exam.Event) bool {
		return e.Kind == kind && e.Lane == exam.LaneIdentity && e.Recording.String() != "00000000-0000-0000-0000-000000000000"
	})
}

// TestAgainFails: what the policy wants when the last try with digits failed too.
func TestAgainFails(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	for i, c := range []struct {
		policy exam.AgainFailure
		state  exam.State
	}{{exam.AgainAlert, exam.InProgress}, {exam.AgainPause, exam.Paused}, {exam.AgainTerminate, exam.Terminated}} {
		t.Run(string(c.policy), func(t *testing.T) {
			h.policy(t, func(p *exam.Policy) { p.Tries, p.Again.OnFailure, p.Again.Digits = 1, c.policy, true })
			a := h.sits(t, fmt.Sprint(7201+i), clip)
			h.scenario(t, a.OID, "no_match")
			must(t, h.service.Ask(context.Background(), a.ID, identify.CauseRequest))
			h.until(t, "she is asked for digits at once", func() bool { return h.situation(t, a.ID).Standing.DemandedAt != nil })
			if n := len(h.of(t, a.ID)); n != 0 {
				t.Errorf("%d identifications before", n)
			}
			stream, _ := h.Stream(a.ID)
			h.run(t, h.service, a.ID, stream, nil)
			if after := h.attempt(t, a.ID); after.State != c.state {
				t.Errorf("state %s, want %s", after.State, c.state)
			}
			rows := h.records(t, a.ID, ledger.TypeDecision)
			if want := c.state != exam.InProgress; (len(rows) == 1) != want {
				t.Errorf("%d decisions", len(rows))
			}
			for _, r := range rows {
				if _, actor := r.Personal["actor"]; actor {
					t.Error("the policy decided, and a person is named")
				}
			}
			if c.state == exam.InProgress {
				if _, err := h.service.Start(context.Background(), a.ID, stream, "", func(identify.Progress) {}); !errors.Is(err, identify.ErrNoTries) {
					t.Errorf("a try more than there are: %v", err)
				}
				// The proctor has him looked at once more: without digits, where the policy lets.
				h.policy(t, func(p *exam.Policy) { p.Tries = 1 })
				h.scenario(t, a.OID, "match")
				must(t, h.service.Ask(context.Background(), a.ID, identify.CauseRequest))
				h.until(t, "the alarm ends", func() bool { return h.situation(t, a.ID).Standing.AlarmAt == nil })
			}
		})
	}
}

// TestAgainNeedsAVerifier: one that fails says nothing of the student.
func TestAgainNeedsAVerifier(t *testing.T) {
	h := newHouse(t)
	a := h.sits(t, "7301", studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	h.scenario(t, a.OID, "500")
	must(t, h.service.Ask(context.Background(), a.ID, identify.CauseRequest))
	h.until(t, "it is decided", func() bool { return len(h.of(t, a.ID)) == 1 })
	now := h.situation(t, a.ID).Standing
	if now.AlarmAt != nil || now.DemandedAt != nil || now.DueAt == nil || !now.DueAt.After(time.Now()) {
		t.Errorf("she stands %+v", now)
	}
	h.round(t)
	if n := len(h.of(t, a.ID)); n != 1 {
		t.Errorf("asked again at once: %d", n)
	}
	h.scenario(t, a.OID, "match")
	h.pass(t, 2*time.Minute)
	h.until(t, "it is made up for", func() bool { return len(h.of(t, a.ID)) == 2 })
}

// TestChosenAtRandom: the moments lie within the policy's interval, follow the source of chance, and outlive the process.
func TestChosenAtRandom(t *testing.T) {
	h := newHouse(t)
	h.policy(t, func(p *exam.Policy) { p.Again.EveryMin, p.Again.EveryMax = 10, 20 })
	a := h.sits(t, "7401", studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	h.scenario(t, a.OID, "match")
	waits := h.student(t, "7402") // is not in the exam yet

	config := h.config
	source := rand.New(rand.NewPCG(1, 2))
	config.Draw = source.Int64N
	want := rand.New(rand.NewPCG(1, 2))
	restart := func() {
		h.service = identify.New(config)
		t.Cleanup(h.service.Close)
	}
	restart()
	due := func() time.Time {
		t.Helper()
		r := h.situation(t, a.ID).Standing
		if r == nil || r.DueAt == nil || r.Cause != identify.CauseRandom {
			t.Fatalf("nothing is planned: %+v", r)
		}
		return *r.DueAt
	}
	seen := map[time.Duration]bool{}
	for n := range 3 {
		began := time.Now()
		if n == 0 {
			h.round(t)
		} else {
			began = h.of(t, a.ID)[n-1].At
		}
		planned := due()
		offset := planned.Sub(began)
		drawn := 10*time.Minute + time.Duration(want.Int64N(601))*time.Second
		if d := offset - drawn; d < -time.Second || d > 5*time.Second {
			t.Errorf("planned after %s, drawn %s", offset, drawn)
		}
		seen[drawn] = true
		restart()
		shift := time.Until(planned) - 2*time.Second
		h.pass(t, shift)
		h.round(t)
		if got := due().Add(shift); got.Sub(planned).Abs() > time.Millisecond || len(h.of(t, a.ID)) != n {
			t.Errorf("before its moment: %s planned, %d made", got, len(h.of(t, a.ID)))
		}
		h.pass(t, 3*time.Second)
		h.until(t, "it is made", func() bool { return len(h.of(t, a.ID)) == n+1 })
	}
	if len(seen) != 3 {
		t.Errorf("the moments are %v", seen)
	}
	if h.situation(t, waits.ID).Standing != nil {
		t.Error("one is planned for somebody who does not sit the exam")
	}
}

// TestOnlyWhatThePolicyWants: reconnections and absences plan one where the policy says so, and a student who is not connected waits for hers.
func TestOnlyWhatThePolicyWants(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	a := h.sits(t, "7501", studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	must(t, h.service.Ask(ctx, a.ID, identify.CauseReconnection))
	must(t, h.service.SeenAgain(ctx, a.ID, time.Hour))
	if now := h.situation(t, a.ID).Standing; now != nil && now.DueAt != nil {
		t.Errorf("planned without the policy: %+v", now)
	}
	h.policy(t, func(p *exam.Policy) { p.Again.Reconnected, p.Again.AwaySeconds = true, 30 })
	must(t, h.service.SeenAgain(ctx, a.ID, 29*time.Second))
	if now := h.situation(t, a.ID).Standing; now != nil && now.DueAt != nil {
		t.Errorf("planned for 29 seconds: %+v", now)
	}
	must(t, h.service.SeenAgain(ctx, a.ID, 31*time.Second))
	if now := h.situation(t, a.ID).Standing; now.DueAt == nil || now.Cause != identify.CauseAway {
		t.Errorf("she stands %+v", now)
	}
	must(t, h.service.Ask(ctx, a.ID, identify.CauseReconnection))
	if now := h.situation(t, a.ID).Standing; now.Cause != identify.CauseReconnection {
		t.Errorf("she stands %+v", now)
	}
	h.mu.Lock()
	kept := h.streams[a.ID]
	delete(h.streams, a.ID)
	h.mu.Unlock()
	h.round(t)
	if len(h.of(t, a.ID)) != 0 || h.situation(t, a.ID).Standing.DueAt == nil {
		t.Error("made without her")
	}
	h.mu.Lock()
	h.streams[a.ID] = kept
	h.mu.Unlock()
	h.scenario(t, a.OID, "match")
	h.until(t, "it is made", func() bool { return len(h.of(t, a.ID)) == 1 })

	ready := h.student(t, "7502")
	var illegal *exam.IllegalMove
	if err := h.service.Ask(ctx, ready.ID, identify.CauseRequest); !errors.As(err, &illegal) || h.situation(t, ready.ID).Standing != nil {
		t.Errorf("asked of somebody who does not sit the exam: %v", err)
	}
}
