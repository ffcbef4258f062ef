package proctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"ochno/ebsclient"
	"ochno/proctor/esia"
	"ochno/proctor/identify"
)

// The values of OCHNO_EBS_PAGE.
const (
	pageWeb     = "web"
	pageAdapter = "adapter"
)

// verifier is the way to the verifier that takes samples, and what checks the verdicts of any.
type verifier struct {
	*ebsclient.Push
	keys    ebsclient.KeySource
	checker *ebsclient.Checker
}

// health tells whether the verifier can be asked, and what it says be checked.
func (v verifier) health(ctx context.Context) error {
	if err := v.Reachable(ctx); err != nil {
		return err
	}
	if _, err := v.keys.Keys(ctx, ""); err != nil {
		return fmt.Errorf("its keys: %w", err)
	}
	return nil
}

func openVerifier(cfg Config, logger *slog.Logger) (v verifier, err error) {
	token, err := secret(cfg.EBSTokenFile)
	if err != nil {
		return v, fmt.Errorf("the verifier's token: %w", err)
	}
	v.Push, err = ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: cfg.EBSURL, System: cfg.EBSSystem, Token: token, PerSecond: cfg.EBSPerSecond, TLS: mutualTLS(cfg, logger), Logger: logger,
	})
	if err != nil {
		return v, err
	}
	if cfg.EBSKeysFile != "" {
		v.keys, err = ebsclient.NewFileKeys(cfg.EBSKeysFile, logger)
	} else {
		v.keys, err = ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: cfg.EBSKeysURL, TLS: mutualTLS(cfg, logger)})
	}
	if err != nil {
		return v, err
	}
	v.checker, err = ebsclient.NewChecker(ebsclient.CheckerConfig{
		Issuer: cfg.EBSIssuer, Audience: cfg.EBSSystem, Keys: v.keys, Stand: cfg.EBSStand, Claims: cfg.EBSClaims,
		GOST: gostVerifier{esia.NewOpenSSL(esia.OpenSSLConfig{Path: cfg.OpenSSL})},
	})
	return v, err
}

// mutualTLS is how we show the verifier who we are; nil where the token alone does.
func mutualTLS(cfg Config, logger *slog.Logger) *ebsclient.MutualTLS {
	if cfg.EBSCertificateFile == "" {
		return nil
	}
	return &ebsclient.MutualTLS{CertificateFile: cfg.EBSCertificateFile, KeyFile: cfg.EBSKeyFile, RootsFile: cfg.EBSRootsFile, Logger: logger}
}

// gostVerifier checks GOST signatures of verdicts by the program that checks those of ESIA.
type gostVerifier struct{ openssl *esia.OpenSSL }

// VerifySignature implements [ebsclient.SignatureVerifier].
func (g gostVerifier) VerifySignature(ctx context.Context, key ebsclient.Key, signed, signature []byte) error {
	err := g.openssl.VerifyKey(ctx, key.PKIX, signed, signature)
	if errors.Is(err, esia.ErrSignature) {
		return ebsclient.ReasonBadSignature
	}
	return err
}

// openVerifierPage makes the way to a verifier with a page of its own; zero when none is configured.
func openVerifierPage(cfg Config, logger *slog.Logger) (identify.Sessions, error) {
	url := cmp.Or(cfg.EBSPageURL, cfg.EBSURL)
	var verifier ebsclient.SessionVerifier
	var err error
	switch cfg.EBSPage {
	case pageWeb:
		verifier, err = ebsclient.NewWeb(ebsclient.WebConfig{BaseURL: url, System: cfg.EBSSystem, Pages: cfg.EBSPageHosts, PerSecond: cfg.EBSPerSecond, TLS: mutualTLS(cfg, logger), Logger: logger})
	case pageAdapter:
		var token string
		if token, err = secret(cfg.EBSTokenFile); err != nil {
			return identify.Sessions{}, fmt.Errorf("the verifier's token: %w", err)
		}
		verifier, err = ebsclient.NewAdapter(ebsclient.AdapterConfig{
			BaseURL: url, System: cfg.EBSSystem, Token: token, Launch: cfg.EBSLaunch, Title: "Ochno", Repeatable: cfg.EBSStand, PerSecond: cfg.EBSPerSecond,
			TLS: mutualTLS(cfg, logger), Logger: logger,
		})
	default:
		return identify.Sessions{}, nil
	}
	if err != nil {
		return identify.Sessions{}, err
	}
	return identify.DefaultSessions(verifier, strings.TrimSuffix(cfg.PublicURL.String(), "/")+"/auth/verification"), nil
}
