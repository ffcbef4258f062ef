package proctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"ochno/proctor/esia"
	"ochno/proctor/esia/oidc"
)

// Who signs people in: the values of OCHNO_SIGN_IN.
const (
	signInESIA = "esia"
	signInOIDC = "oidc"
)

// openSignIn makes the driver that the configuration names. It asks nobody anything yet.
func openSignIn(ctx context.Context, cfg Config, logger *slog.Logger) (esia.Provider, error) {
	if cfg.SignIn == signInOIDC {
		return openOIDC(cfg, logger)
	}
	return openESIA(ctx, cfg, logger)
}

// openParents makes the driver that signs in parents of minors: it asks for their children, too, which nobody else is asked for.
func openParents(ctx context.Context, cfg Config, logger *slog.Logger) (esia.Provider, error) {
	cfg.ESIAScopes = append(slices.Clone(cfg.ESIAScopes), cfg.ESIAParentScopes...)
	return openSignIn(ctx, cfg, logger)
}

// guardianLink is the address in a letter to a parent. The code stands behind #, which browsers send to nobody.
func guardianLink(cfg Config) func(code string) string {
	page := cfg.PublicURL.JoinPath("guardian").String()
	return func(code string) string {
		if code == "" {
			return page
		}
		return page + "#" + code
	}
}

func openESIA(ctx context.Context, cfg Config, logger *slog.Logger) (*esia.Client, error) {
	openssl := esia.NewOpenSSL(esia.OpenSSLConfig{Path: cfg.OpenSSL})
	config := esia.Config{
		BaseURL: cfg.ESIAURL, ClientID: cfg.ESIAClientID, RedirectURL: redirectURL(cfg), Scopes: cfg.ESIAScopes,
		Generation: esia.Generation(cfg.ESIAGeneration), CertificateHash: cfg.ESIACertificateHash,
		Keys: esia.NewFileKeys(logger, cfg.ESIATokenCerts...), Verifier: openssl, Logger: logger,
	}
	var err error
	if config.Certificate, err = ownCertificate(cfg.ESIACertificate); err != nil {
		return nil, fmt.Errorf("ESIA: the system's certificate: %w", err)
	}
	if config.CertificateHash == "" {
		if config.CertificateHash, err = openssl.CertificateHash(ctx, config.Certificate); err != nil {
			return nil, fmt.Errorf("ESIA: the hash of the system's certificate: %w", err)
		}
	}
	switch {
	case len(cfg.ESIASignCommand) > 0:
		if config.Signer, err = (esia.Command{Argv: cfg.ESIASignCommand}).Signer(); err != nil {
			return nil, err
		}
	case cfg.ESIAGeneration == string(esia.V1):
		config.Signer = openssl.CMSSigner(cfg.ESIACertificate, cfg.ESIAKeyFile)
	default:
		config.Signer = openssl.RawSigner(cfg.ESIAKeyFile)
	}
	if len(cfg.ESIAVerifyCommand) > 0 {
		if config.Verifier, err = (esia.Command{Argv: cfg.ESIAVerifyCommand}).Verifier(); err != nil {
			return nil, err
		}
	}
	return esia.New(config)
}

func openOIDC(cfg Config, logger *slog.Logger) (*oidc.Client, error) {
	var password string
	if cfg.OIDCSecretFile != "" {
		var err error
		if password, err = secret(cfg.OIDCSecretFile); err != nil {
			return nil, fmt.Errorf("the sign-on's secret: %w", err)
		}
	}
	return oidc.New(oidc.Config{
		Issuer: cfg.OIDCIssuer, ClientID: cfg.OIDCClientID, ClientSecret: password, RedirectURL: redirectURL(cfg), Scopes: cfg.OIDCScopes,
		Level: esia.Level(cfg.OIDCLevel), Claims: oidc.Claims{Level: cfg.OIDCLevelClaim}, SubjectPrefix: cfg.OIDCSubjectPrefix,
		BirthDateRequired: true, Logger: logger,
	})
}

// redirectURL is where a sign-in comes back to; it is registered with ESIA or the sign-on.
func redirectURL(cfg Config) string { return cfg.PublicURL.JoinPath("auth/esia/callback").String() }

func ownCertificate(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	certificates, err := esia.ParseCertificates(text)
	if err != nil {
		return nil, err
	}
	if len(certificates) == 0 {
		return nil, errors.New("no certificate in the file")
	}
	return certificates[0], nil
}

// CheckSignIn begins a sign-in as a browser would and tells a wrong clock, a wrong key or certificate, a wrong mnemonic or redirect and a
// blocked network apart. Nobody is signed in, nothing is changed.
func CheckSignIn(ctx context.Context, cfg Config) []Finding {
	name, address := "ESIA", cfg.ESIAURL
	if cfg.SignIn == signInOIDC {
		name, address = "sign-on", cfg.OIDCIssuer
	}
	provider, err := openSignIn(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		network := Finding{Check: name + " network", OK: true, Said: address}
		if err := reachable(ctx, address); err != nil {
			network = Finding{Check: network.Check, Said: err.Error(), Mend: "check the address and the firewall: the service must reach it by HTTPS"}
		}
		return []Finding{{Check: name + " configuration", Said: err.Error(), Mend: "check the variables that begin with " + prefixOf(cfg.SignIn) +
			": files in PEM that the service may read, addresses with https://"}, network}
	}
	var found []Finding
	for _, f := range provider.Check(ctx) {
		finding := Finding{Check: name + " " + f.Name, OK: f.Err == nil, Said: f.Detail}
		if f.Err != nil {
			_, finding.Mend = f.Err.Message()
			finding.Said = strings.TrimPrefix(finding.Said+"; "+f.Err.Error(), "; ")
		}
		found = append(found, finding)
	}
	return found
}

func prefixOf(signIn string) string {
	if signIn == signInOIDC {
		return "OCHNO_OIDC_"
	}
	return "OCHNO_ESIA_"
}
