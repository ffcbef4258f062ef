package esia_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
)

// TestTheYearlyChangeOfCertificates is what breaks other clients: ESIA signs with a new key before the administrator has its certificate.
// Then the file is replaced, and the same client goes on.
func TestTheYearlyChangeOfCertificates(t *testing.T) {
	w := newWorld(t, esia.RS256)
	file := filepath.Join(t.TempDir(), "esia.crt")
	save := func() {
		if err := os.WriteFile(file, w.stand.CertificatePEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save()
	keys := esia.NewFileKeys(nil, file)
	keys.SetClock(w.Now)
	client := w.client(func(c *esia.Config) { c.Keys = keys })
	in := func() error { _, err := signIn(t, client, esiamock.StudentAnna); return err }
	for year := range 3 {
		if err := in(); err != nil {
			t.Fatalf("year %d: %v", year, err)
		}
		if err := w.stand.Rotate(); err != nil {
			t.Fatal(err)
		}
		w.pass(6 * time.Second)
		err := in()
		wantError(t, err, esia.CodeTokenSignature, esia.KindRejected)
		if ru, en := err.(*esia.Error).Message(); !strings.Contains(ru, "сертификат") || !strings.Contains(en, "no restart is needed") {
			t.Errorf("the administrator is not told what to do: %s %s", ru, en)
		}
		save()
		w.pass(6 * time.Second)
	}
	if err := in(); err != nil {
		t.Errorf("with three certificates at once: %v", err)
	}
}

// TestStandFaults: what the stand can be made to do wrong, and what the client says of it.
func TestStandFaults(t *testing.T) {
	w := newWorld(t, esia.RS256)
	for _, test := range []struct {
		name  string
		fault esiamock.Fault
		code  string
		kind  esia.Kind
	}{
		{"overload at the sign-in", esiamock.Fault{Kind: esiamock.FaultError, Code: "ESIA-007008", Place: esiamock.PlaceAuthorize}, "ESIA-007008", esia.KindUnavailable},
		{"not confirmed", esiamock.Fault{Kind: esiamock.FaultError, Code: "ESIA-007055", Person: esiamock.StudentAnna}, "ESIA-007055", esia.KindNotConfirmed},
		{"an error at the exchange", esiamock.Fault{Kind: esiamock.FaultError, Code: "ESIA-007053", Place: esiamock.PlaceToken}, "ESIA-007053", esia.KindRejected},
		{"an error of REST", esiamock.Fault{Kind: esiamock.FaultError, Code: "ESIA-005013", Place: esiamock.PlaceREST}, "ESIA-005013", esia.KindRejected},
		{"HTML at the exchange", esiamock.Fault{Kind: esiamock.FaultHTML, Place: esiamock.PlaceToken}, esia.CodeAnswerHTML, esia.KindUnavailable},
		{"HTML of REST", esiamock.Fault{Kind: esiamock.FaultHTML, Place: esiamock.PlaceREST}, esia.CodeAnswerHTML, esia.KindUnavailable},
		{"a key that nobody knows", esiamock.Fault{Kind: esiamock.FaultRotatedKey}, esia.CodeTokenSignature, esia.KindRejected},
		{"a clock an hour slow", esiamock.Fault{Kind: esiamock.FaultSkewedClock, Skew: -time.Hour}, "ESIA-007015", esia.KindRejected},
		{"a clock three minutes fast", esiamock.Fault{Kind: esiamock.FaultSkewedClock, Skew: 3 * time.Minute}, esia.CodeTokenTime, esia.KindRejected},
		{"somebody else's fault", esiamock.Fault{Kind: esiamock.FaultError, Code: "ESIA-007055", Person: esiamock.StudentBoris}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := w.stand.SetFaults(test.fault); err != nil {
				t.Fatal(err)
			}
			_, err := signIn(t, w.client(nil), esiamock.StudentAnna)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.code, test.kind)
		})
	}

	t.Run("slow", func(t *testing.T) {
		if err := w.stand.SetFaults(esiamock.Fault{Kind: esiamock.FaultSlow, Delay: time.Minute, Place: esiamock.PlaceToken}); err != nil {
			t.Fatal(err)
		}
		client := w.client(nil)
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		hasty := w.client(func(c *esia.Config) { c.Timeout = 200 * time.Millisecond })
		_, err := hasty.Finish(t.Context(), redirect.Pending(), query)
		wantError(t, err, esia.CodeTimeout, esia.KindUnavailable)
	})
}

// TestSkewIsExplained: the operator learns how far apart the clocks are, from the refusal itself.
func TestSkewIsExplained(t *testing.T) {
	w := newWorld(t, esia.RS256)
	client := w.client(nil)
	redirect := start(t, client)
	query := press(t, redirect.URL, "person", esiamock.StudentAnna)
	if err := w.stand.SetFaults(esiamock.Fault{Kind: esiamock.FaultSkewedClock, Skew: -10 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	_, err := client.Finish(t.Context(), redirect.Pending(), query)
	wantError(t, err, "ESIA-007015", esia.KindRejected)
	if !strings.Contains(err.Error(), "our clock differs from ESIA's by 10m") && !strings.Contains(err.Error(), "our clock differs from ESIA's by 9m") {
		t.Errorf("the difference is not told: %v", err)
	}
}
