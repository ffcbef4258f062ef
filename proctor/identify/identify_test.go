package identify_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
	"ochno/proctor/media/studenttest"
)

// TestOutcomes plays what a verifier may answer. Whatever it is, only a match admits, and the record says what happened.
func TestOutcomes(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	cases := []struct {
		scenario string
		outcome  identify.Outcome
		reason   string
		state    exam.State
		tries    int  // used up
		verdict  bool // one that was checked is stored
	}{
		{"", identify.Match, "match", exam.Admitted, 0, true}, // a real comparison with the enrolled photograph
		{"match", identify.Match, "match", exam.Admitted, 0, true},
		{"near_miss", identify.NoMatch, "below_threshold", exam.Ready, 1, true},
		{"no_match", identify.NoMatch, "below_threshold", exam.Ready, 1, true},
		{"spoof", identify.Liveness, "liveness_failed", exam.Ready, 1, true},
		{"liveness_failed", identify.Liveness, "liveness_failed", exam.Ready, 1, false},
		{"low_quality", identify.Quality, "verifier_low_quality", exam.Ready, 0, false},
		{"not_enrolled", identify.NotEnrolled, "not_enrolled", exam.Ready, 0, false},
		{"photo_missing", identify.VerdictRejected, "verdict_modality_missing", exam.Ready, 0, false},
		{"wrong_issuer", identify.VerdictRejected, "verdict_wrong_issuer", exam.Ready, 0, false},
		{"wrong_subject", identify.VerdictRejected, "verdict_wrong_subject", exam.Ready, 0, false},
		{"wrong_audience", identify.VerdictRejected, "verdict_wrong_audience", exam.Ready, 0, false},
		{"wrong_session", identify.VerdictRejected, "verdict_wrong_session", exam.Ready, 0, false},
		{"wrong_challenge", identify.VerdictRejected, "verdict_wrong_challenge", exam.Ready, 0, false},
		{"bad_signature", identify.VerdictRejected, "verdict_bad_signature", exam.Ready, 0, false},
		{"unknown_key", identify.VerdictRejected, "verdict_unknown_key", exam.Ready, 0, false},
		{"alg_none", identify.VerdictRejected, "verdict_wrong_algorithm", exam.Ready, 0, false},
		{"score_out_of_range", identify.VerdictRejected, "verdict_score_out_of_range", exam.Ready, 0, false},
		{"expired", identify.VerdictRejected, "verdict_expired", exam.Ready, 0, false},
		{"401", identify.VerifierUnavailable, "verifier_denied", exam.Ready, 0, false},
		{"429", identify.VerifierUnavailable, "verifier_busy", exam.Ready, 0, false},
		{"500", identify.VerifierUnavailable, "verifier_unavailable", exam.Ready, 0, false},
		{"half", identify.VerifierUnavailable, "verifier_unavailable", exam.Ready, 0, false},
		{"never", identify.VerifierUnavailable, "verifier_unavailable", exam.Ready, 0, false},
	}
	var group sync.WaitGroup
	places := make(chan struct{}, 4) // most of an identification is waiting, so more at once than t.Parallel's one a core
	for i, c := range cases {
		oid := fmt.Sprint(1001 + i)
		name := c.scenario
		if name == "" {
			name = "compared"
		}
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			t.Run(name, func(t *testing.T) {
				a := h.student(t, oid)
				if c.scenario == "" {
					h.enrol(t, oid)
				} else {
					h.scenario(t, oid, c.scenario)
				}
				phases, result := h.run(t, h.service, a.ID, h.publish(t, a, clip), nil)
				if result.Outcome != c.outcome || result.Reason != c.reason {
					t.Errorf("outcome %s (%s), want %s (%s)", result.Outcome, result.Reason, c.outcome, c.reason)
				}
				after := h.attempt(t, a.ID)
				if after.State != c.state || after.TriesLeft != a.TriesLeft-c.tries {
					t.Errorf("state %s with %d tries, want %s with %d", after.State, after.TriesLeft, c.state, a.TriesLeft-c.tries)
				}
				if (result.VerdictToken != nil) != c.verdict {
					t.Errorf("verdict stored: %v, want %v", result.VerdictToken != nil, c.verdict)
				}
				if phases[0].Phase != identify.PhaseLooking || len(phases[1:]) < 3 {
					t.Errorf("phases %v", phases)
				}
				h.checkRecord(t, a, result, c.state == exam.Admitted)
			})
		})
	}
	group.Wait()
}

// checkRecord compares the log with what was decided.
func (h *house) checkRecord(t *testing.T, a exam.Attempt, result identify.Identification, admitted bool) {
	t.Helper()
	rows := h.records(t, a.ID, ledger.TypeIdentification)
	if len(rows) != 1 {
		t.Fatalf("%d identification records, want 1", len(rows))
	}
	var d ledger.Identification
	must(t, rows[0].Data(&d))
	if d.Outcome != string(result.Outcome) || d.Reason != result.Reason || rows[0].Personal["oid"] != a.OID || rows[0].Personal["student"] != a.Student {
		t.Errorf("the record says %s (%s) of %v", d.Outcome, d.Reason, rows[0].Personal)
	}
	if d.Photo == nil || d.Photo.FrameSHA256 != hex.EncodeToString(result.FrameSHA256) || d.Voice == nil || d.Voice.ToMS <= d.Voice.FromMS {
		t.Errorf("the record's samples: %+v %+v", d.Photo, d.Voice)
	}
	if d.Policy.Threshold != h.exam.Policy.Threshold || d.Challenge == "" || d.Request != result.ID.String() {
		t.Errorf("the record is not whole: %+v", d)
	}
	sum := sha256.Sum256(rows[0].Body)
	if copied, err := h.archive.Get(context.Background(), a.ID, "attempts/"+a.ID.String()+"/records/"+hex.EncodeToString(sum[:])+".json"); err != nil || !bytes.Equal(copied, rows[0].Body) {
		t.Errorf("the record as an object: %v", err)
	}
	if admissions := h.records(t, a.ID, ledger.TypeAdmission); (len(admissions) == 1) != admitted {
		t.Errorf("%d admission records, admitted %v", len(admissions), admitted)
	}
	if result.VerdictToken != nil {
		object, err := h.archive.Get(context.Background(), a.ID, d.Verdict.Object)
		if err != nil || string(object) != *result.VerdictToken || d.Verdict.JWS != *result.VerdictToken {
			t.Errorf("the verdict's object: %v", err)
		}
	}
}

// TestReplayedVerdict: the stand answers a second student's question with what it said before.
func TestReplayedVerdict(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	a := h.student(t, "2001")
	stream := h.publish(t, a, clip)
	h.scenario(t, a.OID, "near_miss")
	if _, first := h.run(t, h.service, a.ID, stream, nil); first.Outcome != identify.NoMatch {
		t.Fatalf("first: %s (%s)", first.Outcome, first.Reason)
	}
	h.scenario(t, a.OID, "replayed")
	if _, second := h.run(t, h.service, a.ID, stream, nil); second.Outcome != identify.VerdictRejected {
		t.Errorf("a verdict of another session was taken: %s (%s)", second.Outcome, second.Reason)
	}
	if after := h.attempt(t, a.ID); after.State != exam.Ready {
		t.Errorf("state %s", after.State)
	}
}

// TestListens: while her voice is waited for nobody should speak to her; where it is not compared, and as soon as it is taken, anybody may.
func TestListens(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Silence)
	for name, c := range map[string]struct {
		modalities []exam.Modality
		want       bool
	}{"2001": {[]exam.Modality{exam.Photo, exam.Sound}, true}, "2002": {[]exam.Modality{exam.Photo}, false}} {
		h.policy(t, func(p *exam.Policy) { p.Modalities = c.modalities })
		a := h.student(t, name)
		stream := h.publish(t, a, clip)
		done, phases := make(chan struct{}), map[identify.Phase]bool{}
		_, err := h.service.Start(t.Context(), a.ID, stream, "", func(p identify.Progress) {
			phases[p.Phase] = true
			if got, want := h.service.Listens(a.ID), c.want && (p.Phase == identify.PhaseLooking || p.Phase == identify.PhaseChallenge); got != want {
				t.Errorf("%v, %s: listens %v", c.modalities, p.Phase, got)
			}
			if p.Phase == identify.PhaseDone {
				close(done)
			}
		})
		must(t, err)
		select {
		case <-done:
		case <-time.After(90 * time.Second):
			t.Fatal("the identification did not end")
		}
		if phases[identify.PhaseChallenge] != c.want {
			t.Errorf("%v went through %v", c.modalities, phases)
		}
	}
}

// TestAccommodated: whose accommodation spares her the voice is identified by her face alone, without digits, and her record says why the voice was not
// compared although the policy does; the policy holds for everybody else.
func TestAccommodated(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Silence) // nobody hears a word of hers
	a := h.student(t, "2001")
	h.enrol(t, a.OID)
	must(t, h.exams.Accommodate(t.Context(), h.exam, a.PersonID, account.Person{}, exam.Accommodation{NoVoice: true, MoreMinutes: 30}))
	stream := h.publish(t, a, clip)
	seen, result := h.run(t, h.service, a.ID, stream, nil)
	if result.Outcome != identify.Match {
		t.Fatalf("%s (%s)", result.Outcome, result.Reason)
	}
	for _, p := range seen {
		if p.Phase == identify.PhaseChallenge {
			t.Error("she was asked to speak")
		}
	}
	records := h.records(t, a.ID, ledger.TypeIdentification)
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	var d ledger.Identification
	must(t, records[0].Data(&d))
	if !d.Policy.Accommodated || !slices.Equal(d.Policy.Modalities, []string{"photo"}) || d.Scores == nil || d.Scores.Sound != nil || d.Voice != nil || d.Policy.Digits != 0 {
		t.Errorf("the record says %+v, scores %+v, voice %+v", d.Policy, d.Scores, d.Voice)
	}
}

// TestSameVerdictTwice: a jti that was used is refused in the transaction of the decision, whatever the checker thought.
func TestSameVerdictTwice(t *testing.T) {
	h := newHouse(t)
	a := h.student(t, "2002")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Digits))
	h.scenario(t, a.OID, "match")
	// Somebody uses every verdict a moment before us: the insert finds its row there.
	_, err := h.pool.Exec(context.Background(), `create table stolen (issuer text, jti text, expires_at timestamptz);
		create function steal() returns trigger language plpgsql as $$
		begin if not exists (select from stolen where jti = new.jti) then insert into stolen values (new.issuer, new.jti, new.expires_at); insert into verdict_use values (new.issuer, new.jti, new.expires_at); end if; return new; end $$;
		create trigger steal before insert on verdict_use for each row execute function steal()`)
	must(t, err)
	_, result := h.run(t, h.service, a.ID, stream, nil)
	if result.Outcome != identify.VerdictRejected || result.Reason != "verdict_replayed" {
		t.Errorf("outcome %s (%s), want a rejected verdict", result.Outcome, result.Reason)
	}
	if after := h.attempt(t, a.ID); after.State != exam.Ready {
		t.Errorf("state %s: a used verdict admitted", after.State)
	}
}

// TestGate: what is not worth sending never reaches the verifier and costs no try.
func TestGate(t *testing.T) {
	h := newHouse(t)
	for i, c := range []struct {
		name, picture, sound string
		reasons              []string
	}{
		{"nobody", studenttest.Nobody, studenttest.Digits, []string{"empty_picture", "no_face"}},
		{"silence", studenttest.Face, studenttest.Silence, []string{"voice_silent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.student(t, fmt.Sprint(3001+i))
			h.scenario(t, a.OID, "match")
			phases, result := h.run(t, h.service, a.ID, h.publish(t, a, studenttest.NewClip(t, c.picture, c.sound)), nil)
			if result.Outcome != identify.Quality || !slices.Contains(c.reasons, result.Reason) {
				t.Errorf("outcome %s (%s), want quality (one of %v)", result.Outcome, result.Reason, c.reasons)
			}
			for _, p := range phases {
				if p.Phase == identify.PhaseVerifying {
					t.Error("the verifier was asked")
				}
			}
			if after := h.attempt(t, a.ID); after.State != exam.Ready || after.TriesLeft != a.TriesLeft {
				t.Errorf("state %s with %d tries", after.State, after.TriesLeft)
			}
		})
	}
	if n := len(h.asked.calls); n != 0 {
		t.Errorf("the verifier was asked %d times", n)
	}
}

// TestEndedInTheMiddle: the proctor terminates, the connection breaks, the service stops while the digits are read.
func TestEndedInTheMiddle(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	start := func(t *testing.T, oid string) (exam.Attempt, *media.Publisher) {
		a := h.student(t, oid)
		h.scenario(t, oid, "match")
		return a, h.publish(t, a, clip)
	}
	t.Run("terminated", func(t *testing.T) {
		a, stream := start(t, "4001")
		_, result := h.run(t, h.service, a.ID, stream, func(p identify.Progress) {
			if p.Phase == identify.PhaseChallenge && p.Shown == 1 {
				h.move(t, a.ID, exam.Move{To: exam.Terminated, Reason: "rules"})
			}
		})
		if result.Outcome != identify.Interrupted || result.Reason != "attempt_terminated" {
			t.Errorf("outcome %s (%s)", result.Outcome, result.Reason)
		}
		if after := h.attempt(t, a.ID); after.State != exam.Terminated {
			t.Errorf("a terminated attempt became %s", after.State)
		}
		if n := len(h.records(t, a.ID, ledger.TypeAdmission)); n != 0 {
			t.Error("it was admitted")
		}
	})
	t.Run("disconnected", func(t *testing.T) {
		a, stream := start(t, "4002")
		_, result := h.run(t, h.service, a.ID, stream, func(p identify.Progress) {
			if p.Phase == identify.PhaseChallenge && p.Shown == 1 {
				must(t, stream.Close())
			}
		})
		if result.Outcome != identify.Interrupted || result.Reason != "connection_lost" {
			t.Errorf("outcome %s (%s)", result.Outcome, result.Reason)
		}
		if after := h.attempt(t, a.ID); after.State != exam.Ready || after.TriesLeft != a.TriesLeft {
			t.Errorf("state %s with %d tries", after.State, after.TriesLeft)
		}
	})
	t.Run("stopped", func(t *testing.T) {
		a, stream := start(t, "4003")
		service := identify.New(h.config)
		challenged := make(chan struct{})
		_, err := service.Start(context.Background(), a.ID, stream, "", func(p identify.Progress) {
			if p.Phase == identify.PhaseChallenge && p.Shown == 1 {
				close(challenged)
			}
		})
		must(t, err)
		<-challenged
		service.Close()
		if after := h.attempt(t, a.ID); after.State != exam.Ready || after.TriesLeft != a.TriesLeft || after.StateReason != "interrupted" {
			t.Errorf("state %s (%s) with %d tries", after.State, after.StateReason, after.TriesLeft)
		}
		if n := len(h.records(t, a.ID, ledger.TypeIdentification)); n != 0 {
			t.Errorf("%d records of half an identification", n)
		}
		if _, err := service.Start(context.Background(), a.ID, stream, "", func(identify.Progress) {}); !errors.Is(err, identify.ErrClosed) {
			t.Errorf("a closed service starts: %v", err)
		}
	})
	t.Run("killed", func(t *testing.T) { // what a crash leaves is the state alone
		a := h.student(t, "4004")
		h.move(t, a.ID, exam.Move{To: exam.Identifying})
		must(t, h.service.Recover(context.Background()))
		if after := h.attempt(t, a.ID); after.State != exam.Ready || after.TriesLeft != a.TriesLeft {
			t.Errorf("state %s with %d tries", after.State, after.TriesLeft)
		}
	})
}

// TestNothingStoredNobodyAdmitted: the verdict matches but cannot be stored. Nobody is admitted, the verdict stays, and is decided on as soon as it
// can be, without another question.
func TestNothingStoredNobodyAdmitted(t *testing.T) {
	h := newHouse(t)
	a := h.student(t, "5001")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Digits))
	h.scenario(t, a.OID, "match")
	_, err := h.pool.Exec(context.Background(), `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
		create trigger refuse before insert on identification for each row execute function refuse()`)
	must(t, err)
	tried := make(chan struct{}, 100)
	config := h.config
	config.Step = func(point string) {
		if point == "stored" {
			tried <- struct{}{}
		}
	}
	service := identify.New(config)
	t.Cleanup(service.Close)
	_, result := h.run(t, service, a.ID, stream, func(p identify.Progress) {
		if p.Phase != identify.PhaseVerifying {
			return
		}
		for range 3 { // the second try begins after the first has failed
			<-tried
		}
		var left, kept int
		must(t, h.pool.QueryRow(context.Background(), `select (select count(*) from ledger_record where attempt_id = $1 and type in ('identification', 'admission'))
			+ (select count(*) from verdict_use), (select count(*) from verdict_received)`, a.ID).Scan(&left, &kept))
		if left != 0 || kept != 1 {
			t.Errorf("%d rows are left of a transaction that failed, %d verdicts are kept", left, kept)
		}
		if now := h.attempt(t, a.ID); now.State != exam.Identifying {
			t.Errorf("state %s", now.State)
		}
		_, err := h.pool.Exec(context.Background(), `drop trigger refuse on identification`)
		must(t, err)
	})
	if result.Outcome != identify.Match || h.attempt(t, a.ID).State != exam.Admitted || len(h.asked.calls) != 1 {
		t.Errorf("outcome %s (%s) after %d questions", result.Outcome, result.Reason, len(h.asked.calls))
	}
	if n := h.count(t, `select count(*) from verdict_received`); n != 0 {
		t.Errorf("%d verdicts are kept for ever", n)
	}
}

func TestStartRefusals(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	nothing := func(identify.Progress) {}
	t.Run("not ready", func(t *testing.T) {
		a := h.student(t, "6001")
		h.move(t, a.ID, exam.Move{To: exam.Declined})
		var illegal *exam.IllegalMove
		if _, err := h.service.Start(ctx, a.ID, nil, "", nothing); !errors.As(err, &illegal) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no tries", func(t *testing.T) {
		a := h.student(t, "6002")
		_, err := h.pool.Exec(ctx, `update attempt set tries_left = 0 where id = $1`, a.ID)
		must(t, err)
		if _, err := h.service.Start(ctx, a.ID, nil, "", nothing); !errors.Is(err, identify.ErrNoTries) {
			t.Errorf("error %v", err)
		}
		if after := h.attempt(t, a.ID); after.State != exam.Ready {
			t.Errorf("state %s", after.State)
		}
	})
	t.Run("unknown attempt", func(t *testing.T) {
		if _, err := h.service.Start(ctx, uuid.New(), nil, "", nothing); !errors.Is(err, exam.ErrNotFound) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("twice at once", func(t *testing.T) {
		a := h.student(t, "6003")
		stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Nobody, studenttest.Silence))
		done := make(chan struct{})
		_, err := h.service.Start(ctx, a.ID, stream, "", func(p identify.Progress) {
			if p.Phase == identify.PhaseDone {
				close(done)
			}
		})
		must(t, err)
		if _, err := h.service.Start(ctx, a.ID, stream, "", nothing); !errors.Is(err, identify.ErrBusy) {
			t.Errorf("error %v", err)
		}
		<-done
	})
}

// TestRecordingIsSealed: after an identification the head of the recording stands in the log, and covers the segment of the sample.
func TestRecordingIsSealed(t *testing.T) {
	h := newHouse(t)
	a := h.student(t, "7001")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Digits))
	h.scenario(t, a.OID, "match")
	_, result := h.run(t, h.service, a.ID, stream, nil)
	var rows []ledger.Row
	for limit := time.Now().Add(15 * time.Second); len(rows) == 0; time.Sleep(50 * time.Millisecond) {
		if rows = h.records(t, a.ID, ledger.TypeRecordingHead); time.Now().After(limit) {
			t.Fatal("no recording head entered the log")
		}
	}
	var head ledger.RecordingHead
	must(t, rows[0].Data(&head))
	if result.FrameMS == nil || head.ToMS < *result.FrameMS || head.Recording != result.Recording.UUID.String() {
		t.Errorf("the head %+v does not cover the sample at %v", head, result.FrameMS)
	}
}
