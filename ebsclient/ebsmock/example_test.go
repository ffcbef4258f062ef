package ebsmock_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"

	"ochno/ebsclient"
	"ochno/ebsclient/ebsmock"
)

// A verifier is asked, and its verdict checked. The stand is told to find a match, so that any samples do.
func Example() {
	stand, err := ebsmock.New(ebsmock.Config{
		Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: "secret"}}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer stand.Close()
	server := httptest.NewServer(stand)
	defer server.Close()
	if err := stand.SetScenario("1000000001", ebsmock.Scenario{Name: "match"}); err != nil {
		log.Fatal(err)
	}

	verifier, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: server.URL, System: "OCHNO", Token: "secret", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: server.URL + "/keys"})
	if err != nil {
		log.Fatal(err)
	}
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: "ebs-stand", Audience: "OCHNO", Keys: keys, Stand: true})
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
	expect := ebsclient.Expect{
		Subject: request.Subject, Session: request.Session, Challenge: request.Challenge, Replay: ebsclient.NewMemoryReplay(nil),
	}
	verdict, err := checker.Check(ctx, token, expect)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Result, verdict.Match.Overall)

	_, err = checker.Check(ctx, token, expect)
	fmt.Println(errors.Is(err, ebsclient.ReasonReplayed))

	request.Photo.Data = bytes.Repeat([]byte{0}, 10)
	request.ID, request.Subject = "7f0c9d0e-0000-4000-8000-000000000002", "2"
	_, err = verifier.Verify(ctx, request)
	fmt.Println(errors.Is(err, ebsclient.NotEnrolled))

	// Output:
	// true 0.99995
	// true
	// true
}
