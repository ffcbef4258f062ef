// Package esiamock is a stand of ESIA: an http.Handler that speaks its protocol to systems and shows people a sign-in page without passwords.
//
// It refuses what ESIA refuses, with ESIA's codes: it verifies every signature by OpenSSL's GOST engine and checks every parameter.
// It is for tests and demonstrations: anybody may sign in as anybody of its fictional people, and the service never imports it.
//
// Start reading at [Stand.ServeHTTP]; authorize.go is what the browser meets, token.go what the system meets.
package esiamock

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"ochno/proctor/esia"
)

// Client is a system that is registered at the stand.
type Client struct {
	ID             string // mnemonic
	CertificatePEM []byte // its GOST certificate
	RedirectPrefix string // redirect URLs must begin with it: scheme, host and port equal, path below
}

// Config of a stand.
type Config struct {
	// PublicURL is where browsers and systems reach the stand, for the issuer of its tokens: http://127.0.0.1:8181. Required.
	PublicURL string
	// Clients are the registered systems.
	Clients []Client
	// People who may sign in. Default: DemoPeople.
	People []Person
	// DataDir keeps the stand's key and certificate (esia.key, esia.crt) between runs. Default: they live in memory.
	DataDir string
	// OpenSSL verifies systems' signatures. Default: openssl with the GOST engine.
	OpenSSL *esia.OpenSSL
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger receives every answer's code. Default: discard.
	Logger *slog.Logger
}

// Stand is the running stand. It holds codes and sign-ins in memory and starts no goroutines.
type Stand struct {
	config Config
}

// New makes a stand, and its key if there is none.
func New(ctx context.Context, config Config) (*Stand, error) {
	return nil, errors.New("esiamock: not built yet")
}

// ServeHTTP serves the stand.
func (s *Stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.NotFound(w, r)
}

// CertificatePEM is the certificate that verifies the stand's tokens, for esia.Config.Keys.
func (s *Stand) CertificatePEM() []byte { return nil }
