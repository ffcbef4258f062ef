package proctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack/stacktest"
	"ochno/ebsclient/ebsmock"
	"ochno/migrations"
	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/mail/mailmock"
)

// house is the whole service behind real HTTP, with both stands in the test's own process.
type house struct {
	url    string
	config proctor.Config
	env    map[string]string
	store  proctor.Store
	esia   *esiamock.Stand
	ebs    *httptest.Server
	mail   *mailmock.Stand
	exam   exam.Exam
	log    *syncBuffer
}

func newHouse(t *testing.T) *house { return newHouseWith(t, nil) }

// newHouseWith lets change add to the environment before the service reads it.
func newHouseWith(t *testing.T, change func(h *house)) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{log: &syncBuffer{}}
	logger := slog.New(slog.NewTextHandler(h.log, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h.url = "http://" + listener.Addr().String()
	h.configure(t, listener)
	if change != nil {
		change(h)
		h.config, err = proctor.ConfigFromEnv(func(name string) string { return h.env[name] })
		must(t, err)
	}
	must(t, errors.Join(keyring.Generate(h.config.MasterKeyFile), ledger.GenerateKey(h.config.LogKeyFile, "test.example/log")))
	pool, err := pgxpool.New(ctx, h.config.Database)
	must(t, err)
	_, err = migrations.Up(ctx, pool)
	must(t, err)
	pool.Close()
	h.store, err = proctor.OpenStore(ctx, h.config)
	must(t, err)
	t.Cleanup(h.store.Pool.Close)
	h.seed(t)

	service, err := proctor.Open(ctx, h.config, logger)
	must(t, err)
	life, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- service.Serve(life, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the service ended with %v", err)
		}
		if t.Failed() {
			t.Logf("the service's log:\n%s", h.log.String())
		}
		for _, p := range esiamock.DemoPeople() { // law 6
			for _, personal := range []string{p.LastName, p.SNILS, p.OID} {
				if personal != "" && strings.Contains(h.log.String(), personal) {
					t.Errorf("the log holds a personal value of %s", p.Note)
				}
			}
		}
	})
	return h
}

func (h *house) configure(t *testing.T, listener net.Listener) {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	openssl := esia.NewOpenSSL(esia.OpenSSLConfig{})
	keys, err := openssl.GenerateStandKeys(t.Context(), dir, "OCHNO")
	must(t, err)
	certificate, err := os.ReadFile(keys.CertificateFile)
	must(t, err)
	esiaListener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	esiaURL := "http://" + esiaListener.Addr().String()
	esiaStand, err := esiamock.New(esiamock.Config{
		PublicURL: esiaURL, Clients: []esiamock.Client{{ID: "OCHNO", CertificatePEM: certificate, RedirectPrefix: h.url + "/"}},
		People: esiamock.TestPeople(), Logger: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	h.esia = esiaStand
	esiaServer := &httptest.Server{Listener: esiaListener, Config: &http.Server{Handler: esiaStand}}
	esiaServer.Start()
	t.Cleanup(esiaServer.Close)

	ebsStand, err := ebsmock.New(ebsmock.Config{
		Issuer: "stand", Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: "token"}}, Logger: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	h.ebs = httptest.NewServer(ebsStand)
	t.Cleanup(func() {
		ebsStand.Close()
		h.ebs.Close()
	})
	letters, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h.mail = mailmock.New(mailmock.Config{Logger: slog.New(slog.DiscardHandler)})
	mailLife, stopMail := context.WithCancel(context.Background())
	mailEnded := make(chan error, 1)
	go func() { mailEnded <- h.mail.ServeSMTP(mailLife, letters) }()
	t.Cleanup(func() {
		stopMail()
		must(t, <-mailEnded)
	})
	objects := stacktest.Minio(t)
	h.env = map[string]string{
		"OCHNO_LISTEN": listener.Addr().String(), "OCHNO_PUBLIC_URL": h.url, "OCHNO_DATABASE": stacktest.DatabaseURL(t),
		"OCHNO_MINIO_ENDPOINT": objects.Endpoint, "OCHNO_MINIO_ACCESS_KEY": objects.AccessKey, "OCHNO_MINIO_SECRET_KEY_FILE": file("minio", objects.SecretKey),
		"OCHNO_MINIO_TLS": "false", "OCHNO_MINIO_BUCKET": stacktest.Bucket(),
		"OCHNO_MASTER_KEY_FILE": filepath.Join(dir, "master.key"), "OCHNO_LOG_KEY_FILE": filepath.Join(dir, "log.key"),
		"OCHNO_SPOOL": filepath.Join(dir, "spool"), "OCHNO_SPOOL_RESERVE_GIB": "1", "OCHNO_MEDIA_UDP": "127.0.0.1:0",
		"OCHNO_ESIA_URL": esiaURL, "OCHNO_ESIA_CLIENT_ID": "OCHNO", "OCHNO_ESIA_KEY_FILE": keys.KeyFile, "OCHNO_ESIA_CERTIFICATE_FILE": keys.CertificateFile,
		"OCHNO_ESIA_TOKEN_CERTIFICATES": file("esia.crt", string(esiaStand.CertificatePEM())),
		"OCHNO_EBS_URL":                 h.ebs.URL, "OCHNO_EBS_SYSTEM": "OCHNO", "OCHNO_EBS_TOKEN_FILE": file("ebs", "token"), "OCHNO_EBS_ISSUER": "stand",
		"OCHNO_EBS_KEYS_URL": h.ebs.URL + "/keys", "OCHNO_EBS_STAND": "true",
		"OCHNO_SMTP_ADDRESS": letters.Addr().String(), "OCHNO_SMTP_FROM": "Очно <noreply@university.example>", "OCHNO_SMTP_SECURITY": "none",
	}
	h.config, err = proctor.ConfigFromEnv(func(name string) string { return h.env[name] })
	must(t, err)
}

// seed makes an exam with two students, and staff.
func (h *house) seed(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	organisation, err := h.store.Accounts.EnsureOrganisation(ctx, account.Organisation{Name: "Университет", ShortName: "У"})
	must(t, err)
	must(t, h.store.Accounts.PublishConsentText(ctx, organisation, "Согласие", "Я согласен."))
	h.exam = exam.Exam{
		Organisation: organisation, Code: "exam", Title: "Экзамен", StartsAt: time.Now().Add(-time.Hour), EndsAt: time.Now().Add(time.Hour), Policy: exam.DefaultPolicy(),
	}
	h.exam.ID, err = h.store.Exams.Ensure(ctx, h.exam)
	must(t, err)
	roles := map[string]account.Role{
		esiamock.StudentAnna: account.Student, esiamock.StudentBoris: account.Student, esiamock.StudentVera: account.Student,
		esiamock.Proctor: account.Proctor, esiamock.Registrar: account.Registrar, esiamock.Administrator: account.Administrator,
	}
	var roster []exam.RosterRow
	for _, p := range esiamock.DemoPeople() {
		role, ok := roles[p.OID]
		if !ok {
			continue
		}
		name := account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}
		if role == account.Student && p.OID != esiamock.StudentVera { // Vera is a student of another exam
			roster = append(roster, exam.RosterRow{Line: 2, Name: name, BirthDate: p.BirthDate, SNILS: p.SNILS, Group: "А-1"})
		}
		must(t, pgx.BeginFunc(ctx, h.store.Pool, func(tx pgx.Tx) error {
			_, err := h.store.Accounts.Ensure(ctx, tx, account.NewPerson{
				Organisation: organisation, Name: name, BirthDate: p.BirthDate, SNILS: p.SNILS, Roles: []account.Role{role},
			})
			return err
		}))
	}
	_, err = h.store.Exams.Import(ctx, h.exam, roster, account.Person{})
	must(t, err)
}

// browser is somebody's browser: it keeps cookies and follows redirects.
type browser struct {
	*http.Client
	house *house
}

func (h *house) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{Client: &http.Client{Jar: jar, Timeout: 20 * time.Second}, house: h}
}

var requestField = regexp.MustCompile(`name="request" value="([^"]+)"`)

// signIn goes through ESIA's stand as that person and returns where the browser landed.
func (b *browser) signIn(t *testing.T, oid, returnTo string) *url.URL {
	t.Helper()
	page, err := b.Get(b.house.url + "/auth/esia/start?return=" + url.QueryEscape(returnTo))
	must(t, err)
	text := read(t, page)
	field := requestField.FindStringSubmatch(text)
	if field == nil {
		t.Fatalf("no sign-in page at %s: %s", page.Request.URL.Path, text)
	}
	done, err := b.PostForm(page.Request.URL.Scheme+"://"+page.Request.URL.Host+"/login", url.Values{"request": {field[1]}, "person": {oid}})
	must(t, err)
	read(t, done)
	return done.Request.URL
}

// signedIn is a browser of somebody who has signed in.
func (h *house) signedIn(t *testing.T, oid string) *browser {
	t.Helper()
	b := h.browser(t)
	if at := b.signIn(t, oid, "/"); at.Path != "/" {
		t.Fatalf("sign-in of %s ended at %s", oid, at)
	}
	return b
}

// call makes a request of the JSON API and returns the status and the body.
func (b *browser) call(t *testing.T, method, path string, in any) (int, string) {
	t.Helper()
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case string:
		body = strings.NewReader(v)
	default:
		text, err := json.Marshal(v)
		must(t, err)
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, b.house.url+path, body)
	must(t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := b.Do(req)
	must(t, err)
	return resp.StatusCode, read(t, resp)
}

// get reads a JSON answer.
func get[T any](t *testing.T, b *browser, path string) T {
	t.Helper()
	status, text := b.call(t, http.MethodGet, path, nil)
	var v T
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, status, text)
	}
	must(t, json.Unmarshal([]byte(text), &v))
	return v
}

type attempt struct {
	ID      uuid.UUID
	State   string
	Consent struct {
		Text struct {
			ID     uuid.UUID
			SHA256 string
		}
		GrantedAt *time.Time
	}
}

// join joins the exam; with consent she is ready to be identified.
func (b *browser) join(t *testing.T, consent bool) attempt {
	t.Helper()
	status, text := b.call(t, http.MethodPost, "/api/join/exam", nil)
	if status != http.StatusOK {
		t.Fatalf("join: %d %s", status, text)
	}
	var a attempt
	must(t, json.Unmarshal([]byte(text), &a))
	if consent {
		status, text = b.call(t, http.MethodPost, fmt.Sprintf("/api/attempts/%s/consent", a.ID), map[string]any{"textId": a.Consent.Text.ID, "sha256": a.Consent.Text.SHA256})
		if status != http.StatusOK {
			t.Fatalf("consent: %d %s", status, text)
		}
		must(t, json.Unmarshal([]byte(text), &a))
	}
	return a
}

// problemCode is the code of a problem+json.
func problemCode(t *testing.T, text string) string {
	t.Helper()
	var p struct {
		Code    string
		Message struct{ Ru, En string }
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Code == "" || p.Message.Ru == "" || p.Message.En == "" {
		t.Errorf("not a problem with a code and both languages: %s", text)
	}
	return p.Code
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	must(t, err)
	return string(text)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// syncBuffer collects a log that many goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
