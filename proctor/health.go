package proctor

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// checks are what /healthz asks.
func (s *Service) checks(cfg Config) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"postgres": s.Pool.Ping,
		"minio":    s.Archive.Check,
		"esia":     func(ctx context.Context) error { return reachable(ctx, cfg.ESIAURL) },
		"verifier": func(ctx context.Context) error { return reachable(ctx, cfg.EBSKeysURL) },
		"media": func(context.Context) error {
			if s.media == nil || s.media.Addr() == nil {
				return fmt.Errorf("the UDP socket is not open")
			}
			return nil
		},
	}
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
