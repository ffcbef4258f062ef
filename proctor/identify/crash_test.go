package identify_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media/studenttest"
)

// whole says what is left of an identification: nothing, or all of it, and never two.
func (h *house) whole(t *testing.T, what string, a exam.Attempt) (decided bool) {
	t.Helper()
	now := h.attempt(t, a.ID)
	records := h.records(t, a.ID, ledger.TypeIdentification)
	rows, admissions := h.of(t, a.ID), len(h.records(t, a.ID, ledger.TypeAdmission))
	switch {
	case len(rows) == 0 && len(records) == 0 && admissions == 0 && now.State == exam.Ready:
	case len(rows) == 1 && len(records) == 1 && admissions == 1 && now.State == exam.Admitted && rows[0].Outcome == identify.Match:
		decided = true
	default:
		t.Errorf("%s: %d rows, %d records, %d admissions, state %s", what, len(rows), len(records), admissions, now.State)
	}
	if now.TriesLeft != a.TriesLeft {
		t.Errorf("%s: %d tries, had %d", what, now.TriesLeft, a.TriesLeft)
	}
	if n := h.count(t, `select count(*) from verdict_received where attempt_id = $1`, a.ID); n != 0 {
		t.Errorf("%s: %d verdicts wait still", what, n)
	}
	return decided
}

// TestEndedAtEveryStep: whatever the step at which the process ends, a verdict that was kept is decided on at the next start, without another
// question, and none is half decided.
func TestEndedAtEveryStep(t *testing.T) {
	h := newHouse(t)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	for i, c := range []struct {
		step    string
		decided bool
	}{{"asking", false}, {"received", false}, {"kept", true}, {"stored", true}, {"deciding", true}, {"committed", true}} {
		t.Run(c.step, func(t *testing.T) {
			a := h.student(t, fmt.Sprint(9401+i))
			h.scenario(t, a.OID, "match")
			stream := h.publish(t, a, clip)
			asked := len(h.asked.calls)
			ended := make(chan struct{})
			config := h.config
			config.Step = func(step string) {
				if step == c.step {
					close(ended)
					runtime.Goexit() // what was going on is undone as when the process ends: the transaction is rolled back
				}
			}
			dying := identify.New(config)
			_, err := dying.Start(context.Background(), a.ID, stream, "", func(p identify.Progress) { h.Tell(a, p) })
			must(t, err)
			select {
			case <-ended:
			case <-time.After(30 * time.Second):
				t.Fatal("the step was never reached")
			}
			dying.Close()
			next := identify.New(h.config)
			defer next.Close()
			must(t, next.Recover(context.Background()))
			if decided := h.whole(t, c.step, a); decided != c.decided {
				t.Errorf("decided: %v, want %v", decided, c.decided)
			}
			if n := len(h.asked.calls) - asked; n > 1 {
				t.Errorf("asked %d times", n)
			}
			must(t, next.Recover(context.Background()))
			h.whole(t, c.step+", started again", a)
		})
	}
}

// envKilled tells a test's own program to be the process that is killed: the database, the bucket, the stand, the attempt, a line each.
const envKilled = "OCHNO_TEST_KILLED"

// TestKilled: a process that identifies is killed for good, at a random moment of its decision; whoever starts next finds nothing or all of it.
func TestKilled(t *testing.T) {
	if told := os.Getenv(envKilled); told != "" {
		beKilled(t, strings.Split(told, "\n"))
		return
	}
	const rounds = 6
	h := newHouse(t)
	source := rand.New(rand.NewPCG(4, 1))
	steps := []string{"asking", "received", "kept", "stored", "deciding", "committed"}
	decided := 0
	for round := range rounds {
		a := h.student(t, fmt.Sprint(9501+round))
		h.scenario(t, a.OID, "match")
		before := h.pushed.Load()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.v")
		told := strings.Join([]string{h.pool.Config().ConnString(), h.bucket, h.stand, a.ID.String()}, "\n")
		cmd.Env = append(os.Environ(), envKilled+"="+told)
		output, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		reached := false
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if strings.TrimSpace(lines.Text()) == "STEP "+steps[round%len(steps)] {
				reached = true
				time.Sleep(time.Duration(source.IntN(40)) * time.Millisecond) // the moment is the point of it
				break
			}
		}
		must(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
		if !reached {
			t.Fatalf("round %d: the step %s was never reached", round, steps[round%len(steps)])
		}
		next := identify.New(h.config)
		must(t, next.Recover(context.Background()))
		next.Close()
		if h.whole(t, fmt.Sprintf("killed after %s", steps[round%len(steps)]), a) {
			decided++
		}
		if n := h.pushed.Load() - before; n > 1 {
			t.Errorf("round %d: the verifier was asked %d times", round, n)
		}
	}
	if decided < 3 {
		t.Errorf("only %d of %d were decided: what was kept is lost", decided, rounds)
	}
}

// beKilled identifies one student, telling each step.
func beKilled(t *testing.T, told []string) {
	t.Helper()
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, told[0])
	must(t, err)
	h := newHouseIn(t, pool, told[1], told[2])
	a := h.attempt(t, uuid.MustParse(told[3]))
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Digits))
	config := h.config
	config.Step = func(step string) { fmt.Println("STEP", step) }
	done := make(chan struct{})
	_, err = identify.New(config).Start(ctx, a.ID, stream, "", func(p identify.Progress) {
		h.Tell(a, p)
		if p.Phase == identify.PhaseDone {
			close(done)
		}
	})
	must(t, err)
	<-done
	time.Sleep(time.Minute) // to be killed
}
