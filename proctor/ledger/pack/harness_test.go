package pack

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

const (
	origin  = "ochno.test/log"
	student = "Ёлкина \"Мария\" \\ <Петровна>\u2028"
	oid     = "1000299654"
	camera  = "00000000-0000-4000-8000-0000000000c1"
)

var (
	at             = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)
	examA, examB   = uuid.MustParse("00000000-0000-4000-8000-00000000000a"), uuid.MustParse("00000000-0000-4000-8000-00000000000b")
	attempt1       = uuid.MustParse("00000000-0000-4000-8000-000000000001")
	algebra        = ledger.ExamRef{Code: "algebra", Title: "Алгебра", Group: "МА-21"}
	biology        = ledger.ExamRef{Code: "biology", Title: "Биология"}
	segmentHashes  = [][32]byte{sha256.Sum256([]byte("0")), sha256.Sum256([]byte("1")), sha256.Sum256([]byte("2")), sha256.Sum256([]byte("3"))}
	recordedChains = chains(segmentHashes)
)

func chains(sums [][32]byte) []string {
	var out []string
	var chain []byte
	for _, sum := range sums {
		whole := sha256.Sum256(append(slices.Clone(chain), sum[:]...))
		chain = whole[:]
		out = append(out, hex.EncodeToString(chain))
	}
	return out
}

// testLog is a log in a database of its own.
type testLog struct {
	*ledger.Log
	t      testing.TB
	pool   *pgxpool.Pool
	ring   *keyring.Ring
	signer note.Signer
	public string
	add    func(...ledger.Entry)
	seal   func()
	exec   func(string, ...any)
	// checkpoint is the log's note of that size.
	checkpoint func(size int64) string
	close      func()
	sequencer  *ledger.Sequencer
}

func newKey(t testing.TB) (note.Signer, note.Verifier, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier, public
}

func newTestLog(t testing.TB) *testLog {
	t.Helper()
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	pool := stacktest.Database(t)
	signer, _, public := newKey(t)
	l := &testLog{Log: ledger.Open(pool, ring, public), t: t, pool: pool, ring: ring, signer: signer, public: public}
	l.sequencer = ledger.NewSequencer(pool, signer, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	l.exec = func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(context.Background(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	l.close = pool.Close
	l.checkpoint = func(size int64) (text string) {
		t.Helper()
		if err := pool.QueryRow(context.Background(), `select note from ledger_checkpoint where size = $1`, size).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	l.add = func(entries ...ledger.Entry) {
		t.Helper()
		err := pgx.BeginFunc(context.Background(), pool, func(tx pgx.Tx) error {
			for _, e := range entries {
				e.At = at
				if _, err := l.Append(context.Background(), tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	l.seal = func() {
		t.Helper()
		for {
			n, err := l.sequencer.Sequence(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				return
			}
		}
	}
	return l
}

func identification(exam uuid.UUID, ref ledger.ExamRef, jti string) ledger.Entry {
	sound := 1.0
	return ledger.Entry{
		Type: ledger.TypeIdentification, Exam: exam, Attempt: attempt1, Outcome: "match",
		Data: ledger.Identification{
			Exam: ref, Number: 1, StartedAt: at, Outcome: "match", Reason: "identified", Policy: ledger.Policy{Threshold: 0.9999, Tries: 3},
			Scores: &ledger.Scores{Overall: 0.99995, Photo: 1, Sound: &sound}, Verdict: &ledger.Verdict{ID: jti, Issuer: "ebs", JWS: "aaa.bbb." + jti, Object: "o"},
			Request: "r", Software: "test",
		},
		Personal: map[string]string{"student": student, "oid": oid},
	}
}

func head(segment int, final bool) ledger.Entry {
	return ledger.Entry{Type: ledger.TypeRecordingHead, Exam: examA, Attempt: attempt1, Data: ledger.RecordingHead{
		Recording: camera, Segment: segment, SHA256: hex.EncodeToString(segmentHashes[segment][:]), Chain: recordedChains[segment], Final: final,
	}}
}

// newFilled has two exams, a recording of four segments of which two are sealed, and an erased person.
func newFilled(t testing.TB) *testLog {
	l := newTestLog(t)
	access := ledger.Entry{Type: ledger.TypeAccess, Data: ledger.Access{What: "log"}, Personal: map[string]string{"actor": "Смирнов"}}
	l.add(
		ledger.Entry{
			Type: ledger.TypeConsent, Exam: examA, Attempt: attempt1, Outcome: "granted", Data: ledger.Consent{Exam: algebra, Version: 1, TextSHA256: "00"},
			Personal: map[string]string{"student": student, "oid": oid},
		},
		identification(examA, algebra, "j1"), identification(examB, biology, "j2"), head(0, false), access,
	)
	l.seal()
	l.add(identification(examA, algebra, "j3"), head(2, true), identification(examB, biology, "j4"), identification(examA, algebra, "erased"), access)
	l.seal()
	l.exec(`update ledger_record set personal = null where convert_from(body, 'UTF8') like '%"jws":"aaa.bbb.erased"%'`)
	return l
}

func segmentsOf(_ context.Context, recording string, fn func(Segment) error) error {
	for i, sum := range segmentHashes {
		err := fn(Segment{Recording: recording, Number: i, StartMS: int64(i) * 1000, DurationMS: 1000, Size: 1, SHA256: hex.EncodeToString(sum[:]), Chain: recordedChains[i]})
		if err != nil {
			return err
		}
	}
	return nil
}

// contentOf gives what segmentHashes are of.
func contentOf(_ context.Context, s Segment) ([]byte, error) {
	return []byte(strconv.Itoa(s.Number)), nil
}

func (l *testLog) options(f ledger.Filter) Options {
	return Options{Filter: f, Signer: l.signer, PublicKey: l.public, At: at, Software: "test", Segments: segmentsOf}
}

func (l *testLog) write(o Options) []byte {
	l.t.Helper()
	var out bytes.Buffer
	if _, err := Write(l.t.Context(), &out, l.Log, o); err != nil {
		l.t.Fatal(err)
	}
	return out.Bytes()
}

func check(t testing.TB, file []byte, trust Trust) *Report {
	t.Helper()
	r, err := Verify(t.Context(), bytes.NewReader(file), int64(len(file)), trust)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unpacked is a package that can be tampered with.
type unpacked struct {
	t     *testing.T
	names []string
	text  map[string]string
}

func unpack(t *testing.T, file []byte) *unpacked {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	u := &unpacked{t: t, text: map[string]string{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		u.names = append(u.names, f.Name)
		u.text[f.Name] = string(text)
	}
	return u
}

func (u *unpacked) pack() []byte {
	u.t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range u.names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			u.t.Fatal(err)
		}
		if _, err := io.WriteString(w, u.text[name]); err != nil {
			u.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		u.t.Fatal(err)
	}
	return out.Bytes()
}

// replace changes text that must be there.
func (u *unpacked) replace(name, old, with string) {
	u.t.Helper()
	if !strings.Contains(u.text[name], old) {
		u.t.Fatalf("%s has no %q:\n%s", name, old, u.text[name])
	}
	u.text[name] = strings.Replace(u.text[name], old, with, 1)
}

// edit changes a file's lines.
func (u *unpacked) edit(name string, change func([]string) []string) {
	u.t.Helper()
	list := strings.SplitAfter(u.text[name], "\n")
	u.text[name] = strings.Join(change(list[:len(list)-1]), "")
}

func (u *unpacked) drop(name string) {
	u.names = slices.DeleteFunc(u.names, func(n string) bool { return n == name })
}

// sign gives the changed package a manifest that fits it as well as it can, signed by signer.
func (u *unpacked) sign(signer note.Signer, change func(*Manifest)) {
	u.t.Helper()
	var m Manifest
	if err := json.Unmarshal([]byte(u.text[fileManifest]), &m); err != nil {
		u.t.Fatal(err)
	}
	for name := range m.Files {
		sum := sha256.Sum256([]byte(u.text[name]))
		m.Files[name] = hex.EncodeToString(sum[:])
	}
	if change != nil {
		change(&m)
	}
	text, err := json.Marshal(m)
	if err != nil {
		u.t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: signedText(m.Origin, sha256.Sum256(text))}, signer)
	if err != nil {
		u.t.Fatal(err)
	}
	u.text[fileManifest], u.text[fileSignature] = string(text), string(signed)
}
