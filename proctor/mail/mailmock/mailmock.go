// Package mailmock is the stand of a mail server: it takes every letter, delivers none, and shows them on a page.
//
// It keeps letters in memory and takes them without TLS, so it belongs on this machine only. Start reading at Stand.ServeSMTP, then Handler.
package mailmock

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
)

// Letter is one that came in, decoded.
type Letter struct {
	ID      int       `json:"id"` // 1, 2, … in the order of arrival
	At      time.Time `json:"at"`
	From    string    `json:"from"`
	To      []string  `json:"to"` // of the envelope
	Subject string    `json:"subject"`
	Text    string    `json:"text"`

	// MessageID is the header of that name; a letter that is sent twice has the same.
	MessageID string `json:"messageId"`
}

// Config of a stand.
type Config struct {
	// Answer, if set, may refuse a recipient: an SMTP code of 4xx or 5xx; 0 takes the letter.
	Answer func(recipient string) int
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger
}

// keep is how many letters the stand remembers.
const keep = 500

// Stand is a mail server that delivers nothing. Safe for concurrent use.
type Stand struct {
	config Config

	mu      sync.Mutex
	letters []Letter
	last    int
	arrived chan struct{} // closed, and made anew, whenever a letter came
}

// New makes a stand.
func New(c Config) *Stand {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Stand{config: c, arrived: make(chan struct{})}
}

// Letters are those that came, the newest first, and a channel that is closed at the next one.
func (s *Stand) Letters() ([]Letter, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.letters)
	slices.Reverse(list)
	return list, s.arrived
}

// take reads a letter as it came over the wire.
func (s *Stand) take(from string, to []string, raw string) error {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return fmt.Errorf("not a letter: %w", err)
	}
	text, err := body(m)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return fmt.Errorf("the subject: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.letters = append(s.letters, Letter{
		ID: s.last, At: s.config.Now(), From: from, To: to, Subject: subject, Text: text, MessageID: m.Header.Get("Message-ID"),
	})
	s.letters = s.letters[max(0, len(s.letters)-keep):]
	close(s.arrived)
	s.arrived = make(chan struct{})
	return nil
}

func body(m *mail.Message) (string, error) {
	kind, _, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "text/plain" {
		return "", fmt.Errorf("the stand reads plain text, not %q", kind)
	}
	var r io.Reader = m.Body
	switch strings.ToLower(m.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("the text: %w", err)
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")), nil
}
