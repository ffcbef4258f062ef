package esia_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/conformance"
)

// standKeySource reads the stand's certificates as they are now, like a file that an administrator keeps up to date.
type standKeySource struct{ w *world }

func (s standKeySource) Certificates(context.Context) ([]*x509.Certificate, error) {
	return esia.ParseCertificates(s.w.stand.CertificatePEM())
}

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Driver {
		w := newWorld(t, esia.RS256)
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		var ahead atomic.Int64
		config := func(c *esia.Config) {
			c.Now = func() time.Time { return w.Now().Add(time.Duration(ahead.Load())) }
			c.Keys = standKeySource{w}
			c.Scopes = []string{"openid", "fullname", "birthdate", "snils", "gender"}
		}
		return conformance.Driver{
			Provider: w.client(config),
			Gone:     w.client(func(c *esia.Config) { config(c); c.BaseURL = gone.URL }),
			Press: func(t *testing.T, address, oid string) url.Values {
				if oid == "" {
					return press(t, address, "answer", "refuse")
				}
				return press(t, address, "person", oid)
			},
			Pass: func(d time.Duration) { ahead.Add(int64(d)) },
			Rotate: func(t *testing.T) {
				if err := w.stand.Rotate(); err != nil {
					t.Fatal(err)
				}
			},
			Log: w.log.String,
		}
	})
}
