package ebsclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ochno/ebsclient"
)

// exampleVerifier stands for a verifier: it finds everybody to be who they say they are.
func exampleVerifier(answers ...func(w http.ResponseWriter, verdict string)) (*httptest.Server, *ebsclient.Checker) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	verdict := func(session, challenge string) string {
		now := time.Now()
		token, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
			"iss": "ebs.example", "aud": "OCHNO", "sub": "1000000001", "jti": session, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
			"session_id": session, "challenge": challenge, "result": true,
			"match": map[string]any{"overall": 0.99995, "photo": 0.99996, "sound": 0.99999}, "liveness": map[string]any{"passed": true, "score": 0.98},
		}).SignedString(key)
		if err != nil {
			log.Fatal(err)
		}
		return token
	}
	give := func(w http.ResponseWriter, token string) {
		if len(answers) > 0 {
			answers[0](w, token)
			answers = answers[1:]
			return
		}
		fmt.Fprintf(w, `{"extended_result":%q}`, token)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/push/verifications", func(w http.ResponseWriter, _ *http.Request) { give(w, verdict("attempt-1", "5381")) })
	mux.HandleFunc("POST /api/v2/verifications", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/page?session_id=0f3a")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("GET /api/v2/verifications/{id}/result", func(w http.ResponseWriter, r *http.Request) { give(w, verdict(r.PathValue("id"), "2746")) })
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{
		Issuer: "ebs.example", Audience: "OCHNO", Keys: ebsclient.StaticKeys{{Public: &key.PublicKey}},
		Stand: true, Algorithms: []string{ebsclient.ES256}, // in production: GOST, and what checks it
	})
	if err != nil {
		log.Fatal(err)
	}
	return httptest.NewServer(mux), checker
}

// Samples are sent, and the verdict is checked before anybody looks at it.
func ExamplePush() {
	server, checker := exampleVerifier()
	defer server.Close()
	verifier, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: server.URL, System: "OCHNO", Token: "secret", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	request := ebsclient.Request{
		ID: "7f0c9d0e-0000-4000-8000-000000000001", Subject: "1000000001", Session: "attempt-1", Challenge: "5381",
		Photo: ebsclient.Sample{ContentType: "image/jpeg", Data: []byte("a JPEG")},
		Voice: ebsclient.Sample{ContentType: "audio/wav", Data: []byte("a WAV")},
	}
	token, err := verifier.Verify(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	used := ebsclient.NewMemoryReplay(nil)
	expect := ebsclient.Expect{Subject: request.Subject, Session: request.Session, Challenge: request.Challenge, Replay: used}
	verdict, err := checker.Check(ctx, token, expect)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Result, verdict.Match.Overall, verdict.Liveness.Passed)

	// A verdict is used once, and for what it was said of.
	_, err = checker.Check(ctx, token, expect)
	fmt.Println(err)
	expect.Subject = "1000000002"
	_, err = checker.Check(ctx, token, expect)
	fmt.Println(errors.Is(err, ebsclient.ReasonWrongSubject))
	// Output:
	// true 0.99995 true
	// ebs: broken_verdict: replayed: ebsclient: the verdict was used before
	// true
}

// The person goes to the verifier's page and comes back. The session is kept where the browser cannot change it.
func ExampleWeb() {
	server, checker := exampleVerifier(func(w http.ResponseWriter, _ string) {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusAccepted)
	})
	defer server.Close()
	verifier, err := ebsclient.NewWeb(ebsclient.WebConfig{BaseURL: server.URL, System: "OCHNO", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	const bearer = "the.person's.token" // of ESIA
	session, err := verifier.Begin(ctx, ebsclient.SessionRequest{
		ID: "7f0c9d0e-0000-4000-8000-000000000002", Subject: "1000000001", Bearer: bearer, Return: "https://ochno.example/back",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("send the browser to", strings.TrimPrefix(session.URL, server.URL))

	back := ebsclient.Return{ID: "7f0c9d0e-0000-4000-8000-000000000003", Bearer: bearer}
	_, err = verifier.Collect(ctx, session, back)
	var typed *ebsclient.Error
	if errors.As(err, &typed) && typed.Code == ebsclient.Pending {
		fmt.Println("not done; ask again after", typed.RetryAfter)
	}
	token, err := verifier.Collect(ctx, session, back)
	if err != nil {
		log.Fatal(err)
	}
	verdict, err := checker.Check(ctx, token, ebsclient.Expect{
		Subject: "1000000001", Session: session.ID, AnyChallenge: true, Replay: ebsclient.NewMemoryReplay(nil),
	})
	fmt.Println(ebsclient.StateOf(err), verdict.Result, verdict.Challenge)
	// Output:
	// send the browser to /page?session_id=0f3a
	// not done; ask again after 2s
	// SUCCESS true 2746
}

// The application on the person's device comes back with a secret, or without.
func ExampleAdapter() {
	verifier, err := ebsclient.NewAdapter(ebsclient.AdapterConfig{BaseURL: "https://gate.example", System: "OCHNO", Token: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	session, err := verifier.Begin(ctx, ebsclient.SessionRequest{Return: "https://ochno.example/back"})
	if err != nil {
		log.Fatal(err)
	}
	link, err := url.Parse(session.URL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(link.Scheme, link.Query().Get("sid") == session.ID)

	_, err = verifier.Collect(ctx, session, ebsclient.Return{ID: "7f0c9d0e-0000-4000-8000-000000000004", Query: url.Values{"cancel": {"true"}}})
	fmt.Println(ebsclient.StateOf(err), errors.Is(err, ebsclient.Cancelled))
	// Output:
	// ebs true
	// CANCEL true
}

// What a caller decides on is in the error; its text is for operators, and names nobody.
func ExampleError() {
	server, _ := exampleVerifier(func(w http.ResponseWriter, _ string) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	defer server.Close()
	verifier, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: server.URL, System: "OCHNO", Token: "secret", Total: 10 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), ebsclient.Request{
		ID: "7f0c9d0e-0000-4000-8000-000000000005", Subject: "1000000001", Session: "attempt-1", Challenge: "5381",
		Photo: ebsclient.Sample{ContentType: "image/jpeg", Data: []byte("a JPEG")},
	})
	var typed *ebsclient.Error
	if errors.As(err, &typed) {
		switch typed.Code {
		case ebsclient.Busy, ebsclient.Unavailable:
			fmt.Println("come again after", typed.RetryAfter)
		case ebsclient.LowQuality:
			fmt.Println("take new samples")
		}
	}
	fmt.Println(err)
	// Output:
	// come again after 1m30s
	// ebs: busy (status 429)
}

// Keys are fetched when a verdict names one that is not known, so that the verifier may change them any time.
func ExampleRemoteKeys() {
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: "https://ebs.example/keys"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: "ebs.example", Audience: "OCHNO", Keys: keys, Algorithms: []string{ebsclient.RS256}})
	fmt.Println(err)
	// Output:
	// ebsclient: checker: RS256 is a test algorithm, for a stand only
}
