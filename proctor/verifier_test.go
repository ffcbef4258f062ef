package proctor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ochno/ebsclient"
	"ochno/proctor/esia"
)

// TestVerdictsByGOST: a service that is set up for production believes verdicts signed by GOST with the keys it was given, and no others.
func TestVerdictsByGOST(t *testing.T) {
	ctx := context.Background()
	openssl := esia.NewOpenSSL(esia.OpenSSLConfig{})
	keys := func() esia.StandKeys {
		t.Helper()
		k, err := openssl.GenerateStandKeys(ctx, t.TempDir(), "ebs")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	theirs, others := keys(), keys()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Config{EBSURL: "https://ebs.example", EBSSystem: "OCHNO", EBSTokenFile: token, EBSIssuer: "ebs", EBSKeysFile: theirs.CertificateFile, EBSPerSecond: 20}
	v, err := openVerifier(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(alg, keyFile, subject string) string {
		t.Helper()
		now := time.Now()
		part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		signed := part(`{"alg":"`+alg+`"}`) + "." + part(fmt.Sprintf(`{"iss":"ebs","aud":"OCHNO","sub":%q,"iat":%d,"exp":%d,"jti":"j","session_id":"s","challenge":"1234","result":true,
			"match":{"overall":0.99995,"photo":0.9999,"sound":0.9999},"liveness":{"passed":true,"score":0.99}}`, subject, now.Unix(), now.Add(time.Minute).Unix()))
		signature, err := openssl.RawSigner(keyFile).Sign(ctx, []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	good := sign(ebsclient.GOST, theirs.KeyFile, "1000")
	parts := strings.Split(good, ".")
	forged := strings.Split(sign(ebsclient.GOST, theirs.KeyFile, "2000"), ".")
	for name, c := range map[string]struct {
		token  string
		reason error
	}{
		"theirs":              {good, nil},
		"another's key":       {sign(ebsclient.GOST, others.KeyFile, "1000"), ebsclient.ReasonBadSignature},
		"another's payload":   {parts[0] + "." + forged[1] + "." + parts[2], ebsclient.ReasonBadSignature},
		"a test algorithm":    {sign(ebsclient.RS256, theirs.KeyFile, "1000"), ebsclient.ReasonWrongAlgorithm},
		"about somebody else": {strings.Join(forged, "."), ebsclient.ReasonWrongSubject},
	} {
		verdict, err := v.checker.Check(ctx, c.token, ebsclient.Expect{Subject: "1000", Session: "s", Challenge: "1234", Replay: ebsclient.NewMemoryReplay(nil)})
		if !errors.Is(err, c.reason) || (err == nil) != (c.reason == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.reason)
		}
		if (verdict != nil) != (c.reason == nil) {
			t.Errorf("%s: verdict %v", name, verdict)
		}
	}
}

func TestVerifierSettings(t *testing.T) {
	var c Config
	if err := setClaims(&c, "overall=total, session=sid"); err != nil || c.EBSClaims.Overall != "total" || c.EBSClaims.Session != "sid" || c.EBSClaims.Photo != "" {
		t.Errorf("claims: %+v, %v", c.EBSClaims, err)
	}
	for _, wrong := range []string{"overall", "overall=", "total=x", "overall=a,,"} {
		if err := setClaims(&Config{}, wrong); err == nil {
			t.Errorf("claims %q were taken", wrong)
		}
	}
	oidc := Config{SignIn: signInOIDC}
	if err := setEBSPage(&oidc, pageWeb); err == nil || oidc.EBSPage != "" {
		t.Error("EBS's page was taken without ESIA's tokens")
	}
	if err := setEBSPage(&oidc, pageAdapter); err != nil {
		t.Errorf("an adapter needs no ESIA: %v", err)
	}
}
