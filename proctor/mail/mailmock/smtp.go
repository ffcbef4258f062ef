package mailmock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// Bounds of what a client may send.
const (
	maxLetter     = 1 << 20
	maxRecipients = 50
	maxCommands   = 1000 // of one connection
	patience      = 30 * time.Second
)

// ServeSMTP takes letters on the listener until ctx ends, and closes it.
func (s *Stand) ServeSMTP(ctx context.Context, l net.Listener) error {
	var talks sync.WaitGroup
	defer talks.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		conn, err := l.Accept()
		if err != nil {
			l.Close()
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		talks.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			if err := s.talk(conn); err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
				s.config.Logger.Info("a mail client went away", "error", err)
			}
		})
	}
}

// talk is one connection: RFC 5321 as far as handing letters over needs it.
func (s *Stand) talk(conn net.Conn) error {
	t := textproto.NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{&bounded{conn: conn}, conn, conn})
	say := func(code int, text string) error { return t.PrintfLine("%d %s", code, text) }
	if err := say(220, "mailmock is ready"); err != nil {
		return err
	}
	var from string
	var to []string
	for range maxCommands {
		line, err := t.ReadLine()
		if err != nil {
			return err
		}
		verb, rest, _ := strings.Cut(line, " ")
		code, text := 250, "OK"
		switch verb = strings.ToUpper(verb); verb {
		case "EHLO":
			if err := t.PrintfLine("250-mailmock"); err != nil {
				return err
			}
			text = fmt.Sprintf("SIZE %d", maxLetter)
		case "HELO", "NOOP":
		case "RSET":
			from, to = "", nil
		case "MAIL":
			if from, err = path(rest, "FROM:"); err != nil {
				code, text = 501, "want MAIL FROM:<address>"
			}
			to = nil
		case "RCPT":
			to, code, text = s.recipient(from, to, rest)
		case "DATA":
			if len(to) == 0 {
				code, text = 503, "who is it for?"
				break
			}
			if err := say(354, "go on"); err != nil {
				return err
			}
			raw, err := io.ReadAll(io.LimitReader(t.DotReader(), maxLetter+1))
			if err != nil {
				return err
			}
			if len(raw) > maxLetter {
				return say(552, "too large")
			}
			if err := s.take(from, to, string(raw)); err != nil {
				code, text = 554, strings.Map(printable, err.Error())
			}
			from, to = "", nil
		case "QUIT":
			return say(221, "bye")
		default:
			code, text = 502, "not known here"
		}
		if err := say(code, text); err != nil {
			return err
		}
	}
	return say(421, "too many commands")
}

func (s *Stand) recipient(from string, to []string, rest string) (list []string, code int, text string) {
	address, err := path(rest, "TO:")
	switch {
	case from == "":
		return to, 503, "MAIL first"
	case err != nil:
		return to, 501, "want RCPT TO:<address>"
	case len(to) == maxRecipients:
		return to, 452, "too many recipients"
	}
	if s.config.Answer != nil {
		if code := s.config.Answer(address); code != 0 {
			return to, code, "as the test wants it"
		}
	}
	return append(to, address), 250, "OK"
}

// path reads «FROM:<address> PARAMETERS».
func path(text, prefix string) (string, error) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", errors.New("no " + prefix)
	}
	text = strings.TrimSpace(text[len(prefix):])
	end := strings.IndexByte(text, '>')
	if !strings.HasPrefix(text, "<") || end < 0 {
		return "", errors.New("no <address>")
	}
	a, err := mail.ParseAddress(text[:end+1])
	if err != nil {
		return "", err
	}
	return a.Address, nil
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// bounded gives each read its time.
type bounded struct{ conn net.Conn }

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return b.conn.Read(p)
}
