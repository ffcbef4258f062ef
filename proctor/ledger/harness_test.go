package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
)

// testLog is a log in a database of its own.
type testLog struct {
	*Log
	t         testing.TB
	pool      *pgxpool.Pool
	ring      *keyring.Ring
	signer    note.Signer
	verifier  note.Verifier
	sequencer *Sequencer
	seconds   atomic.Int64
}

const testOrigin = "ochno.test/log"

func newTestLog(t testing.TB) *testLog {
	t.Helper()
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	signer, verifier, public := newNoteKey(t, testOrigin)
	pool := stacktest.Database(t)
	l := &testLog{Log: Open(pool, ring, public), t: t, pool: pool, ring: ring, signer: signer, verifier: verifier}
	l.sequencer = l.newSequencer()
	return l
}

func newNoteKey(t testing.TB, origin string) (note.Signer, note.Verifier, string) {
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

// newSequencer is what another node runs.
func (l *testLog) newSequencer() *Sequencer {
	return NewSequencer(l.pool, l.signer, l.now, slog.New(slog.DiscardHandler))
}

// now is a second later each time.
func (l *testLog) now() time.Time { return testTime.Add(time.Duration(l.seconds.Add(1)) * time.Second) }

var testTime = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

// add appends entries in a transaction of their own, each a second after the one before unless it says when.
func (l *testLog) add(entries ...Entry) []uuid.UUID {
	l.t.Helper()
	var ids []uuid.UUID
	err := pgx.BeginFunc(l.t.Context(), l.pool, func(tx pgx.Tx) error {
		for _, e := range entries {
			if e.At.IsZero() {
				e.At = l.now()
			}
			id, err := l.Append(l.t.Context(), tx, e)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return ids
}

// seal takes everything that waits into the tree.
func (l *testLog) seal() {
	l.t.Helper()
	for {
		n, err := l.sequencer.Sequence(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (l *testLog) exec(sql string, args ...any) {
	l.t.Helper()
	tag, err := l.pool.Exec(l.t.Context(), sql, args...)
	if err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	if changes := tag.Insert() || tag.Update() || tag.Delete(); changes && tag.RowsAffected() == 0 {
		l.t.Fatalf("%s: nothing was changed", sql)
	}
}

func (l *testLog) rows(f Filter) []Row {
	l.t.Helper()
	var rows []Row
	if err := l.Each(l.t.Context(), f, func(r Row) error { rows = append(rows, r); return nil }); err != nil {
		l.t.Fatal(err)
	}
	return rows
}

func (l *testLog) one(id uuid.UUID) Row {
	l.t.Helper()
	for _, r := range l.rows(Filter{}) {
		if r.ID == id {
			return r
		}
	}
	l.t.Fatalf("record %s is not there", id)
	return Row{}
}

func (l *testLog) verify() (Report, error) { return l.Verify(l.t.Context()) }

func value[T any](l *testLog, sql string, args ...any) T {
	l.t.Helper()
	var v T
	if err := l.pool.QueryRow(l.t.Context(), sql, args...).Scan(&v); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// shows tells whether the table holds the value anywhere, as text or as bytes.
func (l *testLog) shows(personal string) bool {
	l.t.Helper()
	return value[bool](l, `select exists (select from ledger_record r where strpos(r::text, $1) > 0 or strpos(r::text, $2) > 0)`,
		personal, hex.EncodeToString([]byte(personal)))
}

// The people and the exam of the tests.
const (
	student = "Ёлкина Мария Петровна"
	oid     = "1000299654"
	actor   = "Смирнов Олег Игоревич"
)

var (
	examA, examB       = uuid.MustParse("00000000-0000-4000-8000-00000000000a"), uuid.MustParse("00000000-0000-4000-8000-00000000000b")
	attempt1, attempt2 = uuid.MustParse("00000000-0000-4000-8000-000000000001"), uuid.MustParse("00000000-0000-4000-8000-000000000002")
	person1            = uuid.MustParse("00000000-0000-4000-8000-0000000000f1")
	algebra            = ExamRef{Code: "algebra", Title: "Алгебра <и> анализ & «прочее»", Group: "МА-21"}
)

func identification() Entry {
	liveness, sound := 0.25, 1.0
	return Entry{
		Type: TypeIdentification, Exam: examA, Attempt: attempt1, Person: person1, Outcome: "match",
		Data: Identification{
			Exam: algebra, Number: 2, StartedAt: testTime, Outcome: "match", Reason: "identified", Challenge: "c-1",
			Policy: Policy{Threshold: 0.9999, Tries: 3}, Scores: &Scores{Overall: 0.99995, Photo: 0.98, Sound: &sound}, Liveness: &liveness,
			Photo:   &Photo{Recording: "rec-1", OffsetMS: 12345, FrameSHA256: "f00d", SHA256: "beef"},
			Voice:   &Voice{Recording: "rec-1", FromMS: 10, ToMS: 20, PacketsSHA256: "aa", SHA256: "cafe", VoicedMS: 9, SNR: 21, LevelDBFS: -20, ShownMS: []int64{11, 15}},
			Quality: []Measure{{Name: "UnifiedQualityScore", Value: 80}, {Name: "Sharpness", Value: -1}},
			Verdict: &Verdict{ID: "jti-1", Issuer: "ebs", JWS: "a.b.c", Object: "attempts/x/verdicts/y.jws", Engine: map[string]string{"photo": "1.2"}},
			Request: "req-1", Software: "test",
		},
		Personal: map[string]string{"student": student, "oid": oid},
	}
}

// oneOfEach has eight entries, each of another type; every type is in dataTypes.
func oneOfEach() []Entry {
	return []Entry{
		{Type: TypeLink, Person: person1, Data: Link{By: "snils+name"}, Personal: map[string]string{"person": student, "oid": oid}},
		{
			Type: TypeConsent, Exam: examA, Attempt: attempt1, Person: person1, Outcome: "granted", Data: Consent{Exam: algebra, Version: 1, TextSHA256: "00ff"},
			Personal: map[string]string{"student": student, "oid": oid},
		},
		identification(),
		{Type: TypeAdmission, Exam: examA, Attempt: attempt1, Data: Admission{Exam: algebra, Identification: "id-1"}, Personal: map[string]string{"student": student}},
		{Type: TypeRecordingHead, Exam: examA, Attempt: attempt1, Data: RecordingHead{Recording: "rec-1", Segment: 3, SHA256: "aa", Chain: "bb", ToMS: 30000}},
		{
			Type: TypeDecision, Exam: examA, Attempt: attempt1, Person: person1, Outcome: "terminated",
			Data: Decision{Exam: algebra, From: "in_progress", To: "terminated", Reason: "left"}, Personal: map[string]string{"student": student, "actor": actor},
		},
		{
			Type: TypeDecline, Exam: examB, Attempt: attempt2, Outcome: "declined", Data: Decline{Exam: ExamRef{Code: "biology", Title: "Биология"}},
			Personal: map[string]string{"student": student},
		},
		{Type: TypeAccess, Data: Access{What: "log export", Filter: map[string]string{"exam": "algebra"}}, Personal: map[string]string{"actor": actor}},
	}
}

// bounded is a context that ends long after a test that works.
func bounded(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
