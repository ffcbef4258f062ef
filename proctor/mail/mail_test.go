package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func TestCheckAddress(t *testing.T) {
	for text, want := range map[string]string{
		to: to, " a.b+c@sub.example.org\t": "a.b+c@sub.example.org", "ю@пример.рф": "ю@пример.рф",
	} {
		if got, err := CheckAddress(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "a", "@example.org", "a@", "a@b", "a@@b.org", "a b@example.org", "a@example.org, b@example.org", "Анна <a@example.org>", "<a@example.org>",
		"a@example.org\r\nBcc: b@example.org", "a@example.org\nb", "a@[127.0.0.1]", "a\x00@example.org", strings.Repeat("a", MaxAddress) + "@example.org",
	} {
		if got, err := CheckAddress(text); !errors.Is(err, ErrAddress) {
			t.Errorf("%.40q: %q, %v; want ErrAddress", text, got, err)
		}
	}
}

func TestEnqueueRefuses(t *testing.T) {
	o := newOffice(t)
	for what, c := range map[string]struct {
		change func(*Message)
		want   error
	}{
		"no organisation":             {func(m *Message) { m.Organisation = uuid.Nil }, ErrMessage},
		"nobody":                      {func(m *Message) { m.To = "" }, ErrAddress},
		"two people":                  {func(m *Message) { m.To = to + "," + to }, ErrAddress},
		"a header in the address":     {func(m *Message) { m.To = to + "\r\nBcc: x@example.org" }, ErrAddress},
		"a header in the subject":     {func(m *Message) { m.Subject = "a\r\nBcc: x@example.org" }, ErrMessage},
		"a line feed in the subject":  {func(m *Message) { m.Subject = "a\nb" }, ErrMessage},
		"no subject":                  {func(m *Message) { m.Subject = " " }, ErrMessage},
		"a long subject":              {func(m *Message) { m.Subject = strings.Repeat("я", MaxSubject+1) }, ErrMessage},
		"a subject that is no text":   {func(m *Message) { m.Subject = "\xff" }, ErrMessage},
		"no text":                     {func(m *Message) { m.Text = "\n" }, ErrMessage},
		"a long text":                 {func(m *Message) { m.Text = strings.Repeat("a", MaxText+1) }, ErrMessage},
		"a carriage return in it":     {func(m *Message) { m.Text = "a\r\n.\r\nMAIL FROM:<x@example.org>" }, ErrMessage},
		"a text that is none":         {func(m *Message) { m.Text = "\xff" }, ErrMessage},
		"a kind that is a sentence":   {func(m *Message) { m.Kind = "the letter of Anna" }, ErrMessage},
		"no kind":                     {func(m *Message) { m.Kind = "" }, ErrMessage},
		"an organisation of nowhere":  {func(m *Message) { m.Organisation = uuid.New() }, nil},
		"spaces around a good person": {func(m *Message) { m.To = " " + to }, ErrAddress},
	} {
		err := o.enqueue(o.letter(c.change))
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%s: %v; want %v", what, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), to) || strings.Contains(err.Error(), "Bcc")) {
			t.Errorf("%s: the error shows the message: %v", what, err)
		}
	}
	if n := o.value(`select count(*) from mail_message`); n != 0 {
		t.Errorf("%d refused messages are in the queue", n)
	}
}

func TestAMessageIsOfItsTransaction(t *testing.T) {
	o := newOffice(t)
	changed := errors.New("changed my mind")
	err := pgx.BeginFunc(t.Context(), o.pool, func(tx pgx.Tx) error {
		if err := o.Enqueue(t.Context(), tx, o.letter()); err != nil {
			return err
		}
		return changed
	})
	if n := o.value(`select count(*) from mail_message`); !errors.Is(err, changed) || n != 0 {
		t.Errorf("%v, %d messages of a transaction that was rolled back", err, n)
	}
}

func TestSentAndErased(t *testing.T) {
	o := newOffice(t)
	if err := o.enqueue(o.letter()); err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{to, subject, "Откройте"} {
		if o.shows(personal) {
			t.Errorf("%q stands in the queue in plain", personal)
		}
	}
	if !o.shows("test") {
		t.Error("the search finds nothing")
	}
	s := &sender{}
	if n, err := o.worker(s).Deliver(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if len(s.took) != 1 || s.took[0].To != to || s.took[0].Subject != subject || s.took[0].Text != words || s.took[0].ID == uuid.Nil {
		t.Errorf("sent %+v", s.took)
	}
	if n := o.value(`select count(*) from mail_message where sent_at is not null and content is null`); n != 1 {
		t.Error("what was sent is still there")
	}
	if n, err := o.worker(s).Deliver(t.Context()); n != 0 || err != nil || len(s.took) != 1 {
		t.Errorf("sent again: %d, %v", n, err)
	}
	if state, err := o.State(t.Context()); err != nil || state != (State{}) {
		t.Errorf("%+v, %v; want nothing waiting", state, err)
	}
	for _, personal := range []string{to, subject, "Откройте"} {
		if strings.Contains(o.log.String(), personal) {
			t.Errorf("%q is in the log", personal)
		}
	}
	o.pass(keepFor + time.Minute)
	if err := o.erase(t.Context()); err != nil || o.value(`select count(*) from mail_message`) != 0 {
		t.Errorf("rows of old letters are kept (%v)", err)
	}
}

func TestRetries(t *testing.T) {
	o := newOffice(t)
	if err := o.enqueue(o.letter()); err != nil {
		t.Fatal(err)
	}
	s := &sender{answer: func(Letter) error { return &Refused{Code: 451} }}
	w := o.worker(s)
	deliver := func() {
		t.Helper()
		if _, err := w.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tries := func() int { return o.value(`select tries from mail_message`) }
	for n, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute} {
		deliver()
		if got := tries(); got != n+1 {
			t.Fatalf("%d tries; want %d", got, n+1)
		}
		o.pass(wait - time.Second)
		deliver()
		if got := tries(); got != n+1 {
			t.Fatalf("tried again before %v had passed", wait)
		}
		o.pass(time.Second)
	}
	s.answer = nil
	deliver()
	if len(s.took) != 1 {
		t.Error("not sent once the server took it")
	}
	for n, want := range map[int]time.Duration{1: time.Minute, 9: 256 * time.Minute, 10: 8 * time.Hour, 1000: 8 * time.Hour} {
		if got := backoff(n); got != want {
			t.Errorf("after try %d: %v; want %v", n, got, want)
		}
	}
}

func TestAServerThatIsDownCostsNoTry(t *testing.T) {
	o := newOffice(t)
	for range 3 {
		if err := o.enqueue(o.letter()); err != nil {
			t.Fatal(err)
		}
	}
	calls := 0
	s := &sender{answer: func(Letter) error { calls++; return errDown }}
	w := o.worker(s)
	for range 50 {
		if _, err := w.Deliver(t.Context()); !errors.Is(err, errDown) {
			t.Fatalf("%v; want the server's absence", err)
		}
	}
	if calls != 50 || o.value(`select max(tries) from mail_message`) != 0 {
		t.Errorf("%d calls, %d tries; want one call a round and no try used", calls, o.value(`select max(tries) from mail_message`))
	}
	if state, err := o.State(t.Context()); err != nil || state.Waiting != 3 || state.Oldest == nil {
		t.Errorf("%+v, %v", state, err)
	}
	s.answer = nil
	if n, err := w.Deliver(t.Context()); n != 3 || err != nil {
		t.Errorf("%d sent, %v; want all three once the server is back", n, err)
	}
}

func TestDeadLetters(t *testing.T) {
	o := newOffice(t)
	dead := func() int { return o.value(`select count(*) from mail_message where dead_at is not null`) }
	s := &sender{}
	w := o.worker(s)
	for _, c := range []struct {
		name   string
		answer error
		age    time.Duration
	}{
		{"refused for good", &Refused{Code: 550, Permanent: true}, 0},
		{"refused for three days", &Refused{Code: 451}, giveUp},
		{"nobody answers for three days", errDown, giveUp},
	} {
		if err := o.enqueue(o.letter()); err != nil {
			t.Fatal(err)
		}
		o.pass(c.age)
		s.answer = func(Letter) error { return c.answer }
		before := dead()
		if n, err := w.Deliver(t.Context()); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
		if got := dead(); got != before+1 {
			t.Errorf("%s: not given up", c.name)
		}
	}
	if n := strings.Count(o.log.String(), "level=ERROR"); n != 3 {
		t.Errorf("%d loud lines in the log; want 3:\n%s", n, o.log.String())
	}
	if strings.Contains(o.log.String(), to) {
		t.Error("the log names the recipient")
	}
	if state, err := o.State(t.Context()); err != nil || state.Dead != 3 || state.Waiting != 0 {
		t.Errorf("%+v, %v", state, err)
	}

	s.answer = nil
	if n, err := o.Revive(t.Context()); n != 3 || err != nil {
		t.Errorf("%d revived, %v", n, err)
	}
	if n, err := w.Deliver(t.Context()); n != 3 || err != nil {
		t.Errorf("%d sent after all, %v", n, err)
	}

	if err := o.enqueue(o.letter()); err != nil {
		t.Fatal(err)
	}
	s.answer = func(Letter) error { return &Refused{Code: 550, Permanent: true} }
	if _, err := w.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.pass(DeadFor + time.Minute)
	if err := o.erase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := o.value(`select count(*) from mail_message where dead_at is not null and content is null`); n != 1 {
		t.Error("what could not be sent is kept for good")
	}
	if n, err := o.Revive(t.Context()); n != 0 || err != nil {
		t.Errorf("an emptied letter was revived: %d, %v", n, err)
	}
}

func TestALetterThatCannotBeDecryptedIsGivenUp(t *testing.T) {
	o := newOffice(t)
	if err := o.enqueue(o.letter()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.pool.Exec(t.Context(), `update mail_message set content = '\x00'`); err != nil {
		t.Fatal(err)
	}
	s := &sender{}
	if n, err := o.worker(s).Deliver(t.Context()); n != 0 || err != nil || len(s.took) != 0 || o.value(`select count(*) from mail_message where dead_at is not null`) != 1 {
		t.Errorf("%d sent, %v", n, err)
	}
}

// A node that dies while sending leaves its letter to the others, once its lease is over.
func TestLease(t *testing.T) {
	o := newOffice(t)
	if err := o.enqueue(o.letter()); err != nil {
		t.Fatal(err)
	}
	dead, err := o.claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &sender{}
	w := o.worker(s)
	if n, err := w.Deliver(t.Context()); n != 0 || err != nil {
		t.Errorf("two nodes have one letter: %d, %v", n, err)
	}
	o.pass(lease)
	if n, err := w.Deliver(t.Context()); n != 1 || err != nil || s.took[0].ID != dead.ID {
		t.Errorf("the letter is lost: %d, %v", n, err)
	}
	if err := o.set(t.Context(), dead, `dead_at = $3`, time.Now()); err != nil || o.value(`select count(*) from mail_message where dead_at is not null`) != 0 {
		t.Errorf("the late node changed what another one did (%v)", err)
	}
}

// Each letter goes out once, however many nodes send.
func TestManyWorkers(t *testing.T) {
	o := newOffice(t)
	const letters = 60
	for i := range letters {
		if err := o.enqueue(o.letter(func(m *Message) { m.Subject = fmt.Sprint(i) })); err != nil {
			t.Fatal(err)
		}
	}
	s := &sender{}
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			if _, err := o.worker(s).Deliver(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	seen := map[string]int{}
	for _, l := range s.took {
		seen[l.Subject]++
	}
	if len(s.took) != letters || len(seen) != letters {
		t.Errorf("%d letters sent, %d different ones; want %d", len(s.took), len(seen), letters)
	}
}

func TestRun(t *testing.T) {
	o := newOffice(t)
	mails, address := stand(t, nil)
	server, err := NewSMTP(SMTPConfig{Address: address, From: "Очно <noreply@example.org>", Security: Plain})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.worker(server).Run(ctx)
	}()
	_, arrived := mails.Letters()
	if err := o.enqueue(o.letter()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrived:
	case <-time.After(30 * time.Second):
		t.Fatalf("nothing came: %s", o.log.String())
	}
	stop()
	<-ended
	if n := o.value(`select count(*) from mail_message where sent_at is not null`); n != 1 {
		t.Error("the letter went out, and the queue does not know")
	}
}
