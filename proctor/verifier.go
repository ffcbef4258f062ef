package proctor

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"ochno/ebsclient"
	"ochno/proctor/identify"
)

// The values of OCHNO_EBS_PAGE.
const (
	pageWeb     = "web"
	pageAdapter = "adapter"
)

func openVerifier(cfg Config, logger *slog.Logger) (*ebsclient.Push, *ebsclient.Checker, error) {
	token, err := secret(cfg.EBSTokenFile)
	if err != nil {
		return nil, nil, fmt.Errorf("the verifier's token: %w", err)
	}
	push, err := ebsclient.NewPush(ebsclient.PushConfig{BaseURL: cfg.EBSURL, System: cfg.EBSSystem, Token: token, Logger: logger})
	if err != nil {
		return nil, nil, err
	}
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: cfg.EBSKeysURL})
	if err != nil {
		return nil, nil, err
	}
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: cfg.EBSIssuer, Audience: cfg.EBSSystem, Keys: keys, Stand: cfg.EBSStand})
	return push, checker, err
}

// openVerifierPage makes the way to a verifier with a page of its own; zero when none is configured.
func openVerifierPage(cfg Config, logger *slog.Logger) (identify.Sessions, error) {
	url := cmp.Or(cfg.EBSPageURL, cfg.EBSURL)
	var verifier ebsclient.SessionVerifier
	var err error
	switch cfg.EBSPage {
	case pageWeb:
		verifier, err = ebsclient.NewWeb(ebsclient.WebConfig{BaseURL: url, System: cfg.EBSSystem, Pages: cfg.EBSPageHosts, Logger: logger})
	case pageAdapter:
		var token string
		if token, err = secret(cfg.EBSTokenFile); err != nil {
			return identify.Sessions{}, fmt.Errorf("the verifier's token: %w", err)
		}
		verifier, err = ebsclient.NewAdapter(ebsclient.AdapterConfig{
			BaseURL: url, System: cfg.EBSSystem, Token: token, Launch: cfg.EBSLaunch, Title: "Ochno", Repeatable: cfg.EBSStand, Logger: logger,
		})
	default:
		return identify.Sessions{}, nil
	}
	if err != nil {
		return identify.Sessions{}, err
	}
	return identify.DefaultSessions(verifier, strings.TrimSuffix(cfg.PublicURL.String(), "/")+"/auth/verification"), nil
}
