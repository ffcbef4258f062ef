package proctor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/media"
)

// checks are what /healthz asks.
func (s *Service) checks(signIn esia.Provider, verifier verifier) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"postgres":  s.Pool.Ping,
		"minio":     s.Archive.Check,
		"esia":      signIn.Ping,
		"verifier":  verifier.health,
		"mail":      s.mailHealth,
		"log":       s.witness.Health,
		"retention": s.Retention.Health,
		"spool":     s.spoolHealth,
		"media": func(context.Context) error {
			if s.media == nil || s.media.Addr() == nil {
				return fmt.Errorf("the UDP socket is not open")
			}
			return nil
		},
	}
}

// lateMail is how long a letter may wait before somebody should look.
const lateMail = 10 * time.Minute

// mailHealth tells of letters that do not leave. Nobody is admitted or refused by it.
func (s *Service) mailHealth(ctx context.Context) error {
	state, err := s.Mail.State(ctx)
	switch {
	case err != nil:
		return err
	case s.postman == nil:
		return fmt.Errorf("no mail server is configured (OCHNO_SMTP_ADDRESS); %d letters wait", state.Waiting)
	case state.Dead > 0:
		return fmt.Errorf("%d letters were given up: see the log, then ochno mail retry", state.Dead)
	case state.Oldest != nil && time.Since(*state.Oldest) > lateMail:
		return fmt.Errorf("%d letters wait, the oldest since %s", state.Waiting, state.Oldest.UTC().Format(time.RFC3339))
	}
	return nil
}

// reachable tells whether a web server answers there with anything but its own failure.
func reachable(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}

// spoolHealth tells of recordings that are not stored as they come, and of a disk that will not hold many more.
func (s *Service) spoolHealth(context.Context) error {
	b, err := s.media.Backlog()
	switch {
	case err != nil:
		return err
	case b.Nearly:
		return fmt.Errorf("the spool's disk is nearly full: %d MiB are free; %d segments wait", b.Free>>20, b.Segments)
	case b.Late(time.Now(), media.DefaultSegment):
		return fmt.Errorf("%d segments (%d MiB) wait to be stored, the oldest since %s", b.Segments, b.Bytes>>20, b.Oldest.UTC().Format(time.RFC3339))
	}
	return nil
}
