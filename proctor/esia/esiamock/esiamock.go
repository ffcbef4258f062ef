// Package esiamock is a stand of ESIA: an http.Handler that speaks its protocol to systems and shows people a sign-in page without passwords.
//
// It refuses what ESIA refuses, with ESIA's codes: it verifies every signature by OpenSSL's GOST engine and checks every parameter.
// It is for tests and demonstrations: anybody may sign in as anybody of its fictional people, and the service never imports it.
//
// Start reading at [New] for the map of its addresses; request.go checks what systems send, authorize.go is what the browser meets,
// token.go and person.go what the system meets.
package esiamock

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// Client is a system that is registered at the stand.
type Client struct {
	// ID is its mnemonic.
	ID string
	// CertificatePEM is its GOST certificate.
	CertificatePEM []byte
	// RedirectPrefix is a URL: redirect URLs must have its scheme, host and port, and a path under its path.
	RedirectPrefix string
	// Algorithm signs the tokens that it gets: esia.RS256 (the default) or esia.GOST, which needs Config.DataDir.
	Algorithm string
}

// Config of a stand.
type Config struct {
	// PublicURL is where browsers and systems reach the stand: http://127.0.0.1:8181. The issuer of tokens follows from it. Required.
	PublicURL string
	// Clients are the registered systems.
	Clients []Client
	// People who may sign in. Default: DemoPeople.
	People []Person
	// DataDir keeps the stand's keys between runs: esia.key, and esia.crt with the certificates that verify its tokens.
	// Default: an RSA key that lives in memory.
	DataDir string
	// OpenSSL verifies systems' signatures. Default: openssl with the GOST engine.
	OpenSSL *esia.OpenSSL
	// Skew is how far a request's timestamp may be off. Default: 5 minutes.
	Skew time.Duration
	// Faults that are switched on from the beginning; see [Stand.SetFaults].
	Faults []Fault
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger receives the outcome of every request: the code, not the person. Default: discard.
	Logger *slog.Logger
}

// Stand is an http.Handler. It holds codes and sign-ins in memory and starts no goroutines.
type Stand struct {
	publicURL string
	basePath  string // of publicURL
	issuer    string
	clients   map[string]*client
	people    []Person

	organisations map[string]esia.Organisation

	signer  signer
	openssl *esia.OpenSSL
	skew    time.Duration
	now     func() time.Time
	logger  *slog.Logger
	mux     *http.ServeMux

	signIns *shelf[*signIn] // shown to a browser, not yet answered
	codes   *shelf[*signIn] // answered, not yet exchanged
	faults  faults
}

// client is a registered system, its certificate read and hashed.
type client struct {
	Client
	certificate *x509.Certificate
	hash        string
	prefix      *url.URL
}

// New makes a stand, and its keys if there are none.
func New(config Config) (*Stand, error) {
	s := &Stand{
		publicURL: strings.TrimRight(config.PublicURL, "/"),
		clients:   make(map[string]*client),
		people:    config.People,

		organisations: make(map[string]esia.Organisation),

		openssl: config.OpenSSL,
		skew:    config.Skew,
		now:     config.Now,
		logger:  config.Logger,
		signIns: newShelf[*signIn](10 * time.Minute),
		codes:   newShelf[*signIn](3 * time.Minute),
	}
	public, err := url.Parse(s.publicURL)
	if err != nil || public.Host == "" {
		return nil, errors.New("esiamock: PublicURL is not an absolute URL")
	}
	s.issuer, s.basePath = "http://"+public.Host+"/", public.Path
	if s.people == nil {
		s.people = DemoPeople()
	}
	for _, o := range Organisations() {
		s.organisations[o.OID] = o
	}
	for _, p := range s.people {
		for _, role := range p.Roles {
			if _, ok := s.organisations[role.Organisation]; !ok {
				return nil, fmt.Errorf("esiamock: people: a role in an organisation that the stand does not know; it has %s and %s", University, College)
			}
		}
	}
	if err := checkPeople(s.people); err != nil {
		return nil, fmt.Errorf("esiamock: people: %w", err)
	}
	if s.openssl == nil {
		s.openssl = esia.NewOpenSSL(esia.OpenSSLConfig{})
	}
	if s.skew == 0 {
		s.skew = 5 * time.Minute
	}
	if s.now == nil {
		s.now = time.Now
	}
	clock := s.now
	s.now = func() time.Time { return clock().Add(s.faults.skew()) }
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	gost := false
	for _, c := range config.Clients {
		registered, err := s.register(c)
		if err != nil {
			return nil, fmt.Errorf("esiamock: client %s: %w", c.ID, err)
		}
		s.clients[c.ID] = registered
		gost = gost || registered.Algorithm == esia.GOST
	}
	s.signer.dir = config.DataDir
	if s.signer.keys, err = openKeys(config.DataDir, s.openssl, gost, s.now()); err != nil {
		return nil, fmt.Errorf("esiamock: keys: %w", err)
	}
	if err := s.SetFaults(config.Faults...); err != nil {
		return nil, fmt.Errorf("esiamock: %w", err)
	}
	s.route()
	return s, nil
}

func (s *Stand) register(c Client) (*client, error) {
	if c.ID == "" || s.clients[c.ID] != nil {
		return nil, errors.New("the id is empty or given twice")
	}
	certificates, err := esia.ParseCertificates(c.CertificatePEM)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	hash, err := s.openssl.CertificateHash(context.Background(), certificates[0]) // bounded by OpenSSL's own time limit
	if err != nil {
		return nil, fmt.Errorf("certificate hash: %w", err)
	}
	prefix, err := url.Parse(c.RedirectPrefix)
	if err != nil || prefix.Host == "" {
		return nil, errors.New("the redirect prefix is not an absolute URL")
	}
	switch c.Algorithm {
	case "":
		c.Algorithm = esia.RS256
	case esia.RS256, esia.GOST:
	default:
		return nil, fmt.Errorf("algorithm %q is neither %s nor %s", c.Algorithm, esia.RS256, esia.GOST)
	}
	return &client{Client: c, certificate: certificates[0], hash: hash, prefix: prefix}, nil
}

// route is the map of the stand.
func (s *Stand) route() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET /aas/oauth2/v2/ac", func(w http.ResponseWriter, r *http.Request) { s.authorize(w, r, esia.V2) })
	s.mux.HandleFunc("GET /aas/oauth2/ac", func(w http.ResponseWriter, r *http.Request) { s.authorize(w, r, esia.V1) })
	s.mux.HandleFunc("POST /aas/oauth2/v3/te", func(w http.ResponseWriter, r *http.Request) { s.exchange(w, r, esia.V2) })
	s.mux.HandleFunc("POST /aas/oauth2/te", func(w http.ResponseWriter, r *http.Request) { s.exchange(w, r, esia.V1) })
	s.mux.HandleFunc("GET /rs/prns/{oid}", s.resource(s.person))
	for _, c := range []struct {
		path   string
		list   func(*Stand, Person, *http.Request) ([]element, bool)
		scopes []string
	}{
		{"ctts", contacts, []string{"contacts", "email", "mobile"}},
		{"docs", documents, []string{"id_doc"}},
		{"addrs", addresses, []string{"addresses"}},
		{"roles", roles, []string{"usr_org"}},
		{"orgs", organisations, []string{"usr_org"}},
		{"kids", kids, []string{"kid_fullname"}},
		{"kids/{kid}/docs", kidDocuments, []string{"kid_birth_cert_doc"}},
	} {
		s.mux.HandleFunc("GET /rs/prns/{oid}/"+c.path, s.collection(c.list, c.scopes...))
		s.mux.HandleFunc("GET /rs/prns/{oid}/"+c.path+"/{element}", s.collection(c.list, c.scopes...))
	}
	s.mux.HandleFunc("GET /rs/orgs/{organisation}", s.organisation)
	s.mux.HandleFunc("GET /rs/orgs/{organisation}/emps/{employee}/grps", s.organisation)
	s.mux.HandleFunc("GET /idp/ext/Logout", s.logout)
	s.mux.HandleFunc("GET /login", s.signInPage)
	s.mux.HandleFunc("POST /login", s.signInAnswer)
	s.mux.HandleFunc("GET /certs", s.certificates)
	s.mux.HandleFunc("GET /admin/faults", s.listFaults)
	s.mux.HandleFunc("PUT /admin/faults", s.putFaults)
	s.mux.HandleFunc("DELETE /admin/faults", s.deleteFaults)
	s.mux.HandleFunc("POST /admin/rotate", s.rotateKey)
	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.Handle("GET /static/", static())
	s.mux.HandleFunc("GET /{$}", s.about)
}

// ServeHTTP serves the stand.
func (s *Stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if s.faults.skew() != 0 {
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	}
	s.mux.ServeHTTP(w, r)
}

// CertificatePEM holds the certificates that verify the stand's tokens, for the client's KeySource.
func (s *Stand) CertificatePEM() []byte { return s.signer.current().certificatePEM }

// Rotate makes a new RSA key, as ESIA does every year. Tokens are signed by it at once; CertificatePEM and esia.crt hold its certificate
// beside the old one.
func (s *Stand) Rotate() error { return s.signer.rotate(s.now()) }

func (s *Stand) certificates(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Write(s.CertificatePEM())
}

func (s *Stand) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Stand) findPerson(oid string) (Person, bool) {
	for _, p := range s.people {
		if p.OID == oid {
			return p, true
		}
	}
	return Person{}, false
}
