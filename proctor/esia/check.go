package esia

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Finding is one thing that [Client.Check] looked at.
type Finding struct {
	Name   string // certificates, signature, own certificate, network, discovery, clock, registration
	Detail string // what was seen, for operators
	Err    *Error // nil when it is well; its Message says how to mend it
}

// Ping tells whether ESIA answers at all and a certificate of it is at hand. It is cheap: one request without a signature.
func (c *Client) Ping(ctx context.Context) error {
	if _, err := c.config.Keys.Certificates(ctx); err != nil {
		return &Error{Code: CodeKeysMissing, Step: "ping", Err: err}
	}
	response, _, err := c.look(ctx, "ping", c.config.BaseURL+"/")
	if err != nil {
		return err
	}
	if response.StatusCode >= 500 {
		return &Error{Code: CodeUnavailable, Step: "ping", Status: response.StatusCode}
	}
	return nil
}

// Check begins a sign-in as a browser would and looks at how far it gets, so that a wrong clock, a wrong key or certificate, a wrong
// mnemonic or redirect and a blocked network can be told apart. Nobody is signed in.
func (c *Client) Check(ctx context.Context) []Finding {
	findings := []Finding{c.checkCertificates(ctx)}
	redirect, err := c.Start(ctx)
	findings = append(findings, Finding{Name: "signature", Detail: "the signing program works", Err: typed(err)})
	if err != nil {
		return findings
	}
	if c.config.Certificate != nil {
		findings = append(findings, c.checkOwnCertificate(ctx))
	}
	response, body, err := c.look(ctx, "check", redirect.URL)
	if err != nil {
		return append(findings, Finding{Name: "network", Detail: c.config.BaseURL + ": " + networkCause(err), Err: typed(err)})
	}
	findings = append(findings, Finding{Name: "network", Detail: fmt.Sprintf("%s answers with HTTP %d", c.config.BaseURL, response.StatusCode)})
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		findings = append(findings, c.checkClock(date))
	}
	return append(findings, c.checkRegistration(response, body))
}

func (c *Client) checkCertificates(ctx context.Context) Finding {
	certificates, err := c.config.Keys.Certificates(ctx)
	if err != nil {
		return Finding{Name: "certificates", Err: &Error{Code: CodeKeysMissing, Step: "check", Err: err}}
	}
	var last *x509.Certificate
	for _, certificate := range certificates {
		if last == nil || certificate.NotAfter.After(last.NotAfter) {
			last = certificate
		}
	}
	f := Finding{Name: "certificates", Detail: fmt.Sprintf("%d of ESIA, the last one valid until %s", len(certificates), last.NotAfter.Format(time.DateOnly))}
	if c.config.Now().After(last.NotAfter) {
		f.Err = &Error{Code: CodeCertificateExpired, Step: "check"}
	}
	return f
}

// checkOwnCertificate looks at the system's own certificate, as far as the configured programs allow.
func (c *Client) checkOwnCertificate(ctx context.Context) Finding {
	own, now := c.config.Certificate, c.config.Now()
	f := Finding{Name: "own certificate", Detail: "valid until " + own.NotAfter.Format(time.DateOnly)}
	bad := func(code string, err error) Finding {
		f.Err = &Error{Code: code, Step: "check", Err: err}
		return f
	}
	if now.After(own.NotAfter) || now.Add(c.config.Leeway).Before(own.NotBefore) {
		return bad(CodeOwnCertificate, nil)
	}
	if c.config.Generation != V2 || c.config.Verifier == nil {
		return f
	}
	text := []byte("ochno")
	signature, err := c.config.Signer.Sign(ctx, text)
	if err != nil {
		return bad(CodeSignerFailed, err)
	}
	switch err := c.config.Verifier.Verify(ctx, own, text, signature); {
	case errors.Is(err, ErrSignature):
		return bad(CodeKeyMismatch, nil)
	case err != nil:
		return bad(CodeVerifierFailed, err)
	}
	hasher, ok := c.config.Verifier.(interface {
		CertificateHash(ctx context.Context, certificate *x509.Certificate) (string, error)
	})
	if !ok {
		return f
	}
	switch hash, err := hasher.CertificateHash(ctx, own); {
	case err != nil:
		return bad(CodeVerifierFailed, err)
	case hash != c.config.CertificateHash:
		return bad(CodeHashMismatch, nil)
	}
	f.Detail += ", the key and the hash are its own"
	return f
}

func (c *Client) checkClock(theirs time.Time) Finding {
	difference := c.config.Now().Sub(theirs).Round(time.Second)
	f := Finding{Name: "clock", Detail: fmt.Sprintf("ours differs from ESIA's by %s", difference)}
	if difference.Abs() > c.config.Leeway {
		f.Err = &Error{Code: "ESIA-007015", Step: "check", Description: f.Detail}
	}
	return f
}

// checkRegistration reads the refusal out of ESIA's answer, which is a redirect to us or, before ESIA trusts the redirect, a page.
func (c *Client) checkRegistration(response *http.Response, body string) Finding {
	f := Finding{Name: "registration", Detail: "ESIA accepts the system's request"}
	refused := func(e *Error) Finding {
		f.Detail, f.Err = "ESIA refuses the system's request", e
		return f
	}
	if location, err := response.Location(); err == nil {
		query := location.Query()
		if strings.HasPrefix(location.String(), c.config.RedirectURL) && query.Get("error") != "" {
			return refused(fromESIA("check", response.StatusCode, query.Get("error"), query.Get("error_description")))
		}
		return f
	}
	if code := esiaCode.FindString(body); code != "" {
		return refused(&Error{Code: code, Step: "check", Status: response.StatusCode})
	}
	switch {
	case response.StatusCode >= 500:
		return refused(&Error{Code: CodeUnavailable, Step: "check", Status: response.StatusCode})
	case response.StatusCode != http.StatusOK:
		return refused(&Error{Code: CodeAnswerInvalid, Step: "check", Status: response.StatusCode})
	}
	return f
}

// networkCause says for administrators why no connection came about.
func networkCause(err error) string {
	var name *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var e *Error
	switch {
	case errors.As(err, &name):
		return "its name cannot be resolved: check the address and the DNS server"
	case errors.As(err, &untrusted):
		return "its TLS certificate is not trusted: install the root certificate it is issued under, or find the proxy that takes its place"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS: check the address and the proxy"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused: nobody listens there, or a firewall says no"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no route to it: check the network and the firewall"
	case errors.As(err, &e) && e.Code == CodeTimeout:
		return "no answer in time: a firewall drops the packets, or the way leads through a proxy"
	}
	return "the connection breaks"
}

// look fetches an address like a browser that follows nothing.
func (c *Client) look(ctx context.Context, step, address string) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", &Error{Code: CodeUnavailable, Step: step, Err: errors.New("the address of ESIA is not a URL")}
	}
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return nil, "", ConnectionError(step, 0, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, "", ConnectionError(step, response.StatusCode, err)
	}
	return response, string(body), nil
}

// typed is err as the *Error that it is, nil for nil.
func typed(err error) *Error {
	var e *Error
	if err != nil && !errors.As(err, &e) {
		e = &Error{Code: CodeUnavailable, Step: "check", Err: err}
	}
	return e
}
