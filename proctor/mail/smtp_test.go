package mail

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func smtpTo(t *testing.T, address string, change ...func(*SMTPConfig)) *SMTP {
	t.Helper()
	c := SMTPConfig{Address: address, From: "Очно <noreply@example.org>", Security: Plain}
	for _, f := range change {
		f(&c)
	}
	s, err := NewSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func letterNow() Letter {
	return Letter{ID: uuid.New(), To: to, Subject: subject, Text: words}
}

func TestSMTP(t *testing.T) {
	mails, address := stand(t, nil)
	s := smtpTo(t, address)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
	l := letterNow()
	for range 2 {
		if err := s.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := mails.Letters()
	if len(got) != 2 {
		t.Fatalf("%d letters", len(got))
	}
	for _, g := range got {
		if g.From != "noreply@example.org" || len(g.To) != 1 || g.To[0] != to || g.Subject != subject || g.Text != words || g.MessageID != "<"+l.ID.String()+"@example.org>" {
			t.Errorf("arrived: %+v", g)
		}
	}
	if got[0].ID != 2 || got[1].ID != 1 {
		t.Error("the newest does not stand first")
	}
}

func TestSMTPRefusals(t *testing.T) {
	mails, address := stand(t, func(string) int { return 550 })
	_, busy := stand(t, func(string) int { return 451 })
	for _, c := range []struct {
		address string
		want    Refused
	}{{address, Refused{Code: 550, Permanent: true}}, {busy, Refused{Code: 451}}} {
		var refused *Refused
		err := smtpTo(t, c.address).Send(t.Context(), letterNow())
		if !errors.As(err, &refused) || *refused != c.want {
			t.Errorf("%v; want %+v", err, c.want)
		}
		if strings.Contains(err.Error(), to) {
			t.Errorf("the error names the recipient: %v", err)
		}
	}
	if got, _ := mails.Letters(); len(got) != 0 {
		t.Errorf("refused letters arrived: %+v", got)
	}
}

// A server without TLS gets neither a letter nor a password, unless the operator said so.
func TestSMTPWantsTLS(t *testing.T) {
	mails, address := stand(t, nil)
	for _, security := range []Security{"", StartTLS, TLS} {
		var refused *Refused
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := smtpTo(t, address, func(c *SMTPConfig) { c.Security = security }).Send(ctx, letterNow())
		cancel()
		if err == nil || errors.As(err, &refused) {
			t.Errorf("%q: %v; want no connection", security, err)
		}
	}
	if got, _ := mails.Letters(); len(got) != 0 {
		t.Errorf("letters went out in plain: %+v", got)
	}
}

func TestSMTPDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // a server that takes the call and says nothing
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		cancel()
		_, _ = conn.Read(make([]byte, 1))
	}()
	ended := make(chan error, 1)
	go func() { ended <- smtpTo(t, l.Addr().String()).Send(ctx, letterNow()) }()
	select {
	case err := <-ended:
		var refused *Refused
		if err == nil || errors.As(err, &refused) {
			t.Errorf("%v; want no connection", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a silent server holds the worker although it is told to stop")
	}
}

func TestSMTPConfig(t *testing.T) {
	for what, c := range map[string]SMTPConfig{
		"no port":                {Address: "mail.example.org", From: "a@example.org"},
		"no host":                {Address: ":25", From: "a@example.org"},
		"a port that is none":    {Address: "mail.example.org:smtp", From: "a@example.org"},
		"no sender":              {Address: "mail.example.org:25"},
		"two senders":            {Address: "mail.example.org:25", From: "a@example.org, b@example.org"},
		"an unknown security":    {Address: "mail.example.org:25", From: "a@example.org", Security: "maybe"},
		"a password in the open": {Address: "mail.example.org:25", From: "a@example.org", Security: Plain, Username: "u", Password: "p"},
	} {
		if _, err := NewSMTP(c); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
