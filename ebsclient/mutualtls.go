package ebsclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// MutualTLS says by which certificate we show the verifier who we are, and whose word we take for who it is. TLS 1.2 at least.
// GOST cipher suites are not Go's: where a verifier wants them, a GOST TLS proxy on this machine is what BaseURL names.
type MutualTLS struct {
	// CertificateFile (PEM, with the intermediate ones after ours) and KeyFile (PEM, not encrypted) are read anew for a new
	// connection when either has changed. While they do not fit each other, the pair that fitted last serves on. Connections
	// that stand keep the certificate they were made with until they have been idle for 90 s.
	CertificateFile, KeyFile string
	// RootsFile (PEM) holds the authorities that may vouch for the verifier, and no other may; default: the system's.
	// It is read once.
	RootsFile string
	// Logger gets a line when changed files cannot be used. Default slog.Default().
	Logger *slog.Logger
}

// Client returns an HTTP client that connects so. It is for [RemoteKeysConfig] and the like; drivers make their own.
func (m MutualTLS) Client() (*http.Client, error) {
	transport, err := m.transport(nil)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: transport}, nil
}

// transport returns a copy of the given one, or of the usual one if nil, that connects so.
func (m MutualTLS) transport(base http.RoundTripper) (*http.Transport, error) {
	if m.CertificateFile == "" || m.KeyFile == "" {
		return nil, errors.New("ebsclient: mutual TLS: CertificateFile and KeyFile are needed")
	}
	if base == nil {
		base = http.DefaultTransport
	}
	plain, ok := base.(*http.Transport)
	if !ok {
		return nil, fmt.Errorf("ebsclient: mutual TLS: it cannot be set up in a transport of type %T", base)
	}
	pair := &certificatePair{certificateFile: m.CertificateFile, keyFile: m.KeyFile, logger: m.Logger}
	if pair.logger == nil {
		pair.logger = slog.Default()
	}
	if _, err := pair.current(); err != nil {
		return nil, fmt.Errorf("ebsclient: mutual TLS: %w", err)
	}
	transport := plain.Clone()
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{}
	}
	cfg := transport.TLSClientConfig
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	cfg.Certificates = nil
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.current() }
	if m.RootsFile != "" {
		data, err := os.ReadFile(m.RootsFile)
		if err != nil {
			return nil, fmt.Errorf("ebsclient: mutual TLS: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("ebsclient: mutual TLS: no certificate in %s", m.RootsFile)
		}
	}
	return transport, nil
}

// certificatePair is a certificate and its key, as the files have them.
type certificatePair struct {
	certificateFile, keyFile string
	logger                   *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamps [2]stamp // of the files when they were looked at last
}

// stamp tells one state of a file from another.
type stamp struct {
	at   time.Time
	size int64
}

func (p *certificatePair) current() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var now [2]stamp
	for i, file := range []string{p.certificateFile, p.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return p.last(err)
		}
		now[i] = stamp{info.ModTime(), info.Size()}
	}
	if p.pair != nil && now == p.stamps {
		return p.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(p.certificateFile, p.keyFile)
	if err != nil {
		return p.last(err)
	}
	p.pair, p.stamps = &pair, now
	return p.pair, nil
}

// last is the pair that fitted last, if there was one: files are replaced one after the other.
func (p *certificatePair) last(err error) (*tls.Certificate, error) {
	if p.pair == nil {
		return nil, err
	}
	p.logger.Warn("the client certificate's files cannot be used; the last ones serve on", slog.String("error", err.Error()))
	return p.pair, nil
}
