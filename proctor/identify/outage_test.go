package identify_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media/studenttest"
)

// door is a verifier that may be out of reach.
type door struct {
	ebsclient.Verifier
	shut atomic.Bool
}

var errShut = &ebsclient.Error{Code: ebsclient.Unavailable, Err: errors.New("nobody answers")}

func (d *door) Reachable(context.Context) error {
	if d.shut.Load() {
		return errShut
	}
	return nil
}

func (d *door) Verify(ctx context.Context, r ebsclient.Request) (string, error) {
	if d.shut.Load() {
		return "", errShut
	}
	return d.Verifier.Verify(ctx, r)
}

// TestWaitingForTheVerifier: no try is used up, the wait outlives the process, and goes on by itself as soon as the verifier answers.
func TestWaitingForTheVerifier(t *testing.T) {
	h := newHouse(t)
	d := &door{Verifier: h.config.Verifier}
	d.shut.Store(true)
	h.config.Verifier = d
	h.service = identify.New(h.config)
	t.Cleanup(func() { h.service.Close() })
	a := h.student(t, "9001")
	h.scenario(t, a.OID, "match")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Digits))
	_, result := h.run(t, h.service, a.ID, stream, nil)
	if result.Outcome != identify.VerifierUnavailable {
		t.Fatalf("outcome %s (%s)", result.Outcome, result.Reason)
	}
	began := h.situation(t, a.ID).Waiting
	if began == nil || began.Until.Sub(began.Since) != 15*time.Minute || !began.NextAt.After(time.Now()) {
		t.Fatalf("she waits %+v", began)
	}
	h.round(t)
	if now := h.situation(t, a.ID).Waiting; now.Tries != began.Tries {
		t.Errorf("asked before its time: %+v", now)
	}
	pause := time.Duration(0)
	for range 4 {
		h.pass(t, time.Until(h.situation(t, a.ID).Waiting.NextAt)+time.Millisecond)
		h.round(t)
		if next := time.Until(h.situation(t, a.ID).Waiting.NextAt).Round(time.Second); next < pause || next < time.Second || next > 2*time.Minute {
			t.Errorf("pauses of %s and then %s", pause, next)
		} else {
			pause = next
		}
	}
	if after := h.attempt(t, a.ID); after.State != exam.Ready || after.TriesLeft != a.TriesLeft || len(h.of(t, a.ID)) != 1 {
		t.Errorf("state %s with %d tries and %d identifications: nobody is troubled while nobody answers", after.State, after.TriesLeft, len(h.of(t, a.ID)))
	}
	h.service.Close()
	h.service = identify.New(h.config)
	must(t, h.service.Recover(context.Background()))
	d.shut.Store(false)
	h.pass(t, 2*time.Minute)
	h.until(t, "she is admitted", func() bool { return h.attempt(t, a.ID).State == exam.Admitted })
	if after := h.attempt(t, a.ID); after.TriesLeft != a.TriesLeft || h.situation(t, a.ID).Waiting != nil {
		t.Errorf("%d tries, waiting %+v", after.TriesLeft, h.situation(t, a.ID).Waiting)
	}
	if len(h.told) == 0 {
		t.Error("her page was told nothing")
	}
}

// TestAnAnswerEndsTheWaiting: what one student's identification shows is of use to those whose pauses have grown.
func TestAnAnswerEndsTheWaiting(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	waits, comes := h.student(t, "9611"), h.student(t, "9612")
	for _, a := range []exam.Attempt{waits, comes} {
		h.scenario(t, a.OID, "match")
	}
	h.publish(t, waits, clip)
	stream := h.publish(t, comes, clip)
	_, err := h.pool.Exec(context.Background(), `insert into outage_wait (attempt_id, since, until, next_at, tries)
		values ($1, now(), now() + interval '10 minutes', now() + interval '50 seconds', 5)`, waits.ID) // of a minute
	must(t, err)
	h.round(t)
	if n := len(h.of(t, waits.ID)); n != 0 || h.attempt(t, waits.ID).State != exam.Ready {
		t.Fatalf("asked before its time: %d", n)
	}
	if _, result := h.run(t, h.service, comes.ID, stream, nil); result.Outcome != identify.Match {
		t.Fatalf("outcome %s (%s)", result.Outcome, result.Reason)
	}
	h.until(t, "who waited is admitted", func() bool { return h.attempt(t, waits.ID).State == exam.Admitted })
}

// TestUsesOfExpiredVerdictsAreForgotten, long after their expiry; those of valid ones never.
func TestUsesOfExpiredVerdictsAreForgotten(t *testing.T) {
	h := newHouse(t)
	_, err := h.pool.Exec(context.Background(), `insert into verdict_use (issuer, jti, expires_at) values
		('ebs', 'old', now() - interval '25 hours'), ('ebs', 'expired', now() - interval '23 hours'), ('ebs', 'valid', now() + interval '1 minute')`)
	must(t, err)
	h.round(t)
	if old, others := h.count(t, `select count(*) from verdict_use where jti = 'old'`), h.count(t, `select count(*) from verdict_use`); old != 0 || others != 2 {
		t.Errorf("%d old ones of %d are kept; want none of 2", old, others)
	}
}

// TestPausesCutShort: a pause that grew is cut to the first, not to nothing.
func TestPausesCutShort(t *testing.T) {
	next := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		tries int
		pause time.Duration
	}{{0, 5 * time.Second}, {1, 5 * time.Second}, {2, 10 * time.Second}, {4, 40 * time.Second}, {5, time.Minute}, {50, time.Minute}} {
		asked := next.Add(-c.pause)
		w := identify.Waiting{NextAt: next, Tries: c.tries}
		for after, want := range map[time.Duration]bool{4 * time.Second: false, 5 * time.Second: true} {
			if got := identify.Early(w, asked.Add(after)); got != want {
				t.Errorf("after %d tries, %s after the last: early %t", c.tries, after, got)
			}
		}
	}
}

// TestNobodyIsIdentifiedAfterTheEnd: a wait, and what is planned, end with the exam.
func TestNobodyIsIdentifiedAfterTheEnd(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Silence)
	sits, waits := h.sits(t, "9601", clip), h.student(t, "9602")
	h.publish(t, waits, clip)
	must(t, h.service.Ask(context.Background(), sits.ID, identify.CauseRequest))
	for _, sql := range []string{
		`insert into outage_wait (attempt_id, since, until, next_at) select id, now(), now(), now() - interval '1 second' from attempt where state = 'ready'`,
		`update exam set ends_at = now() - interval '1 second'`,
	} {
		_, err := h.pool.Exec(context.Background(), sql)
		must(t, err)
	}
	h.round(t)
	if h.attempt(t, waits.ID).State != exam.Ready || len(h.told) != 0 {
		t.Errorf("state %s", h.attempt(t, waits.ID).State)
	}
	h.service.Close() // and whatever began has ended
	if n := len(h.of(t, sits.ID)) + len(h.of(t, waits.ID)); n != 0 {
		t.Errorf("%d identifications after the end", n)
	}
}

// TestTheVerifierStaysAway: after the policy's time staff identify, or she keeps waiting. Nobody is admitted by it.
func TestTheVerifierStaysAway(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	d := &door{Verifier: h.config.Verifier}
	d.shut.Store(true)
	h.config.Verifier = d
	h.service = identify.New(h.config)
	t.Cleanup(func() { h.service.Close() })
	for i, c := range []struct {
		then    exam.AfterOutage
		minutes int
		state   exam.State
	}{
		{exam.OutageManual, 10, exam.ManualIdentification},
		{exam.OutageManual, 0, exam.ManualIdentification},
		{exam.OutageWait, 10, exam.Ready},
	} {
		t.Run(fmt.Sprint(c.then, c.minutes), func(t *testing.T) {
			h.policy(t, func(p *exam.Policy) { p.Outage = exam.Outage{RetryMinutes: c.minutes, Then: c.then} })
			a := h.student(t, fmt.Sprint(9101+i))
			_, result := h.run(t, h.service, a.ID, h.publish(t, a, clip), nil)
			if result.Outcome != identify.VerifierUnavailable {
				t.Fatalf("outcome %s (%s)", result.Outcome, result.Reason)
			}
			if c.minutes > 0 {
				h.pass(t, 9*time.Minute)
				h.round(t)
				if now := h.attempt(t, a.ID); now.State != exam.Ready {
					t.Fatalf("state %s before the time is over", now.State)
				}
				h.pass(t, 3*time.Minute)
				h.round(t)
			}
			after := h.attempt(t, a.ID)
			if after.State != c.state || after.TriesLeft != a.TriesLeft {
				t.Errorf("state %s with %d tries", after.State, after.TriesLeft)
			}
			now := h.situation(t, a.ID)
			if manual := c.state == exam.ManualIdentification; (now.Manual != nil) != manual || (now.Waiting == nil) != manual {
				t.Errorf("%+v", now)
			}
			if now.Manual != nil && now.Manual.Why != identify.WhyOutage {
				t.Errorf("why: %s", now.Manual.Why)
			}
			if len(h.records(t, a.ID, ledger.TypeAdmission)) != 0 {
				t.Error("admitted")
			}
			h.move(t, a.ID, exam.Move{To: exam.Declined})
			h.pass(t, 2*time.Minute)
			h.round(t)
			if n := h.count(t, `select count(*) from outage_wait where attempt_id = $1`, a.ID); n != 0 {
				t.Error("who left is still waited for")
			}
		})
	}
}

// TestLastTryFails: what the policy wants then.
func TestLastTryFails(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	for i, c := range []struct {
		policy exam.OnFailure
		state  exam.State
	}{{exam.ProctorDecides, exam.Ready}, {exam.Manually, exam.ManualIdentification}, {exam.Terminate, exam.Terminated}} {
		t.Run(string(c.policy), func(t *testing.T) {
			h.policy(t, func(p *exam.Policy) { p.Tries, p.OnFailure = 2, c.policy })
			a := h.student(t, fmt.Sprint(9201+i))
			stream := h.publish(t, a, clip)
			h.scenario(t, a.OID, "no_match")
			for _, want := range []exam.State{exam.Ready, c.state} {
				h.run(t, h.service, a.ID, stream, nil)
				if now := h.attempt(t, a.ID); now.State != want {
					t.Errorf("state %s, want %s", now.State, want)
				}
			}
			if left := h.attempt(t, a.ID).TriesLeft; left != 0 {
				t.Errorf("%d tries left", left)
			}
			if (len(h.records(t, a.ID, ledger.TypeDecision)) == 1) != (c.state == exam.Terminated) {
				t.Error("a termination is a decision in the log, nothing else here is")
			}
			if manual := h.situation(t, a.ID).Manual; (manual != nil) != (c.state == exam.ManualIdentification) {
				t.Errorf("%+v", manual)
			}
		})
	}
}

// TestThresholdOfAModality: each may have its own, whatever the whole came to; and a policy may compare the face alone.
func TestThresholdOfAModality(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	for i, c := range []struct {
		name   string
		change func(p *exam.Policy)
		reason string
		voice  bool
	}{
		{"photo", func(p *exam.Policy) { p.Threshold, p.PhotoThreshold = 0.01, 1 }, "photo_below_threshold", true},
		{"sound", func(p *exam.Policy) { p.Threshold, p.SoundThreshold = 0.01, 1 }, "sound_below_threshold", true},
		{"the face alone", func(p *exam.Policy) { p.Modalities = []exam.Modality{exam.Photo} }, "match", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.policy(t, c.change)
			a := h.student(t, fmt.Sprint(9301+i))
			h.enrol(t, a.OID)
			_, result := h.run(t, h.service, a.ID, h.publish(t, a, clip), nil)
			if result.Reason != c.reason || (result.Sound != nil) != c.voice || (result.VoiceSHA256 != nil) != c.voice {
				t.Errorf("%s (%s), sound %v", result.Outcome, result.Reason, result.Sound)
			}
			var d ledger.Identification
			must(t, h.records(t, a.ID, ledger.TypeIdentification)[0].Data(&d))
			if d.Policy.PhotoThreshold != h.exam.Policy.PhotoThreshold || d.Policy.SoundThreshold != h.exam.Policy.SoundThreshold || (d.Policy.Digits != 0) != c.voice {
				t.Errorf("the record's policy %+v", d.Policy)
			}
		})
	}
}
