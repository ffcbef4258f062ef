package paper

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

var at = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

func sheet(students int) Sheet {
	s := Sheet{
		Organisation: "Федеральное государственное бюджетное образовательное учреждение высшего образования «Примерный университет»",
		Act:          "Приказ № 112-о от 01.09.2026", Exam: ledger.ExamRef{Code: "ma-2026", Title: "Математический анализ"},
		Checkpoint: ledger.Checkpoint{Size: 1234, Note: "ochno.test/log\n1234\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— ochno.test/log pJ4VdgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"},
		Key:        "ochno.test/log+a49e1576+Ab5Ros/aTajv4qIny5dTiYZ666f9C4aRUaRmX+tcLVpa", At: at, Zone: time.FixedZone("MSK", 3*3600),
	}
	overall := 0.99995
	for i := range students {
		student := Student{Name: fmt.Sprintf("Ёлкина Мария Петровна %d", i), Group: "МА-21", Tries: 1, Overall: &overall, Outcome: Outcome(i % len(outcomeWords)), At: at, Leaf: int64(i)}
		if i%7 == 3 {
			student.Name = "Константинопольская-Задунайская Александра-Виктория Владиславовна Иннокентьевна"
		}
		if i%7 == 5 {
			student = Student{}
		}
		if i == 2 {
			student.Name, student.Group = "Мария 😀\n\x00\xff {pages}"+strings.Repeat("ы", 2000), strings.Repeat("W", 10000)
		}
		s.Students = append(s.Students, student)
	}
	return s
}

// What the log says of each attempt stands in the sheet, erased people without a name, and nothing that the checkpoint does not cover.
func TestCollect(t *testing.T) {
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	private, public, err := note.GenerateKey(nil, "paper.test/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	pool := stacktest.Database(t)
	log := ledger.Open(pool, ring, public)
	sequencer := ledger.NewSequencer(pool, signer, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	exam, ref := uuid.New(), ledger.ExamRef{Code: "ma", Title: "Анализ", Group: "МА-21"}
	outcome := ""
	add := func(attempt uuid.UUID, kind ledger.Type, name string, data any) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := log.Append(t.Context(), tx, ledger.Entry{Type: kind, At: at, Exam: exam, Attempt: attempt, Outcome: outcome, Data: data, Personal: map[string]string{"student": name}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sequencer.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	identification := func(score float64) ledger.Identification {
		return ledger.Identification{Exam: ref, Scores: &ledger.Scores{Overall: score}}
	}
	anna, boris, vera, galina := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	add(boris, ledger.TypeConsent, "Борис", ledger.Consent{Exam: ref})
	add(anna, ledger.TypeIdentification, "Анна", identification(0.1))
	add(anna, ledger.TypeIdentification, "Анна", identification(0.99995))
	add(anna, ledger.TypeAdmission, "Анна", ledger.Admission{Exam: ref})
	add(vera, ledger.TypeIdentification, "Вера", identification(0.2))
	add(galina, ledger.TypeDecline, "Галина", ledger.Decline{Exam: ref})
	darya, elena := uuid.New(), uuid.New()
	outcome = "confirmed"
	add(darya, ledger.TypeIdentification, "Дарья", identification(0.3))
	add(darya, ledger.TypeManual, "Дарья", ledger.ManualIdentification{Exam: ref, Why: "identification_failed"})
	add(darya, ledger.TypeAdmission, "Дарья", ledger.Admission{Exam: ref})
	outcome = "refused"
	add(elena, ledger.TypeManual, "Елена", ledger.ManualIdentification{Exam: ref, Why: "not_enrolled", Reason: "unreadable"})
	outcome = ""
	checkpoint, err := log.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	add(vera, ledger.TypeAdmission, "Вера", ledger.Admission{Exam: ref}) // after the checkpoint
	if _, err := pool.Exec(t.Context(), `update ledger_record set personal = null where attempt_id = $1`, galina); err != nil {
		t.Fatal(err)
	}
	list, exams, err := Collect(t.Context(), log, exam, checkpoint)
	if err != nil || exams != (ledger.ExamRef{Code: "ma", Title: "Анализ"}) {
		t.Fatalf("%+v, %v", exams, err)
	}
	high, low, third := 0.99995, 0.2, 0.3
	want := []Student{
		{Group: "МА-21", Outcome: Declined, At: at, Leaf: 5},
		{Name: "Анна", Group: "МА-21", Tries: 2, Overall: &high, Outcome: Admitted, At: at, Leaf: 3},
		{Name: "Борис", Group: "МА-21", Outcome: None, At: at, Leaf: 0},
		{Name: "Вера", Group: "МА-21", Tries: 1, Overall: &low, Outcome: NotIdentified, At: at, Leaf: 4},
		{Name: "Дарья", Group: "МА-21", Tries: 1, Overall: &third, Outcome: ByStaff, At: at, Leaf: 7},
		{Name: "Елена", Group: "МА-21", Outcome: NotIdentified, At: at, Leaf: 9},
	}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("collected %+v; want %+v", list, want)
	}
}

// Every size of sheet is a PDF, the same for the same facts, with a page for every thirty rows or so.
func TestSheet(t *testing.T) {
	for students, pages := range map[int]int{0: 1, 1: 1, 40: 4, 300: 14} {
		var one, two bytes.Buffer
		if err := sheet(students).Write(&one); err != nil {
			t.Fatal(err)
		}
		if err := sheet(students).Write(&two); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(one.Bytes(), []byte("%PDF-")) || !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%d students: no PDF, or another one each time", students)
		}
		if n := bytes.Count(one.Bytes(), []byte("/Type /Page\n")); n != pages {
			t.Errorf("%d students take %d pages; want %d", students, n, pages)
		}
		if dir := os.Getenv("OCHNO_PICTURES"); dir != "" {
			if err := os.WriteFile(fmt.Sprintf("%s/sheet-%d.pdf", dir, students), one.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestConsents(t *testing.T) {
	s := sheet(0)
	register := Consents{Organisation: s.Organisation, Act: s.Act, Checkpoint: s.Checkpoint, Key: s.Key, At: at, Zone: s.Zone, Totals: []Total{{"действует", 30}, {"отозвано", 10}}}
	withdrawn := at.Add(24 * time.Hour)
	for i := range 40 {
		c := Consent{
			Student: fmt.Sprintf("Ёлкина Мария Петровна %d", i), Exams: "ma-2026, physics-2026", Version: 3, GrantedAt: at, How: "вход через Госуслуги и подтверждение под текстом",
			By: fmt.Sprintf("Ёлкина Мария Петровна %d", i), State: "действует",
		}
		switch i % 4 {
		case 1:
			c.By, c.How = "Ёлкин Пётр Иванович", "вход через Госуслуги и подтверждение под текстом; представитель по документам"
		case 2:
			c.State, c.WithdrawnAt, c.WithdrawnBy = "отозвано", &withdrawn, "Ёлкина Мария Петровна"
		case 3:
			c.Student, c.By, c.How, c.State = "", "студент", "", "данные удалены"
		}
		if err := register.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	var one, two bytes.Buffer
	for _, out := range []*bytes.Buffer{&one, &two} {
		if err := register.Write(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(one.Bytes(), []byte("%PDF-")) || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("no PDF, or another one each time")
	}
	if dir := os.Getenv("OCHNO_PICTURES"); dir != "" {
		if err := os.WriteFile(dir+"/consents.pdf", one.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range maxStudents - 40 {
		if err := register.Add(Consent{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := register.Add(Consent{}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more than a paper holds: %v", err)
	}
	if err := (Consents{}).Write(&one); err == nil {
		t.Error("a register without a zone")
	}
}

// A protocol says what the sealed records say of one attempt: tries with their scores, decisions and by whom, the sealed recording, and nothing of
// another attempt or of what came after the checkpoint.
func TestProtocol(t *testing.T) {
	l := newPaperLog(t)
	attempt, other := uuid.New(), uuid.New()
	ref := ledger.ExamRef{Code: "ma", Title: "Математический анализ", Group: "МА-21"}
	hash := strings.Repeat("ab", 32)
	sound := 0.98
	try := func(number int, outcome string, score float64) ledger.Identification {
		return ledger.Identification{
			Exam: ref, Number: number, StartedAt: at, Outcome: outcome, Reason: "below_threshold", Policy: ledger.Policy{Threshold: 0.9999, Tries: 3},
			Scores:  &ledger.Scores{Overall: score, Photo: 0.99, Sound: &sound},
			Photo:   &ledger.Photo{Recording: "00000000-0000-4000-8000-0000000000c1", OffsetMS: 61_250, FrameSHA256: hash, SHA256: hash},
			Voice:   &ledger.Voice{Recording: "00000000-0000-4000-8000-0000000000c1", FromMS: 61_000, ToMS: 66_500, SHA256: hash},
			Verdict: &ledger.Verdict{ID: "4a1f", Issuer: "ebs.example"}, Request: "r-17",
		}
	}
	l.add(attempt, ledger.TypeConsent, "granted", ledger.Consent{Exam: ref, Version: 3}, map[string]string{"student": "Ёлкина Мария Петровна"})
	l.add(attempt, ledger.TypeIdentification, "no_match", try(1, "no_match", 0.41), map[string]string{"student": "Ёлкина Мария Петровна"})
	l.add(attempt, ledger.TypeIdentification, "match", try(2, "match", 0.99995), map[string]string{"student": "Ёлкина Мария Петровна"})
	l.add(other, ledger.TypeIdentification, "match", try(1, "match", 1), map[string]string{"student": "Чужая Анна"})
	l.add(attempt, ledger.TypeAdmission, "admitted", ledger.Admission{Exam: ref}, map[string]string{"student": "Ёлкина Мария Петровна"})
	l.add(attempt, ledger.TypeRecordingHead, "", ledger.RecordingHead{Recording: "00000000-0000-4000-8000-0000000000c1", Segment: 11, ToMS: 120_000, SHA256: hash, Chain: hash}, nil)
	l.add(attempt, ledger.TypeAccess, "viewed", ledger.Access{What: "recording"}, map[string]string{"actor": "Смотрящий Пётр"})
	l.add(attempt, ledger.TypeDecision, "terminated", ledger.Decision{Exam: ref, From: "in_progress", To: "terminated", Reason: "rules"}, map[string]string{"actor": "Кузнецов Олег Игоревич"})
	checkpoint, err := l.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.add(attempt, ledger.TypeAdmission, "admitted", ledger.Admission{Exam: ref}, nil) // after the checkpoint
	p, err := CollectProtocol(t.Context(), l.Log, attempt, checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, s := range p.Steps {
		steps = append(steps, fmt.Sprintf("%d %s %s", s.Leaf, s.What, s.By))
	}
	want := []string{
		"0 Согласие дано (текст, версия 3) ", "1 Идентификация № 1: личность не подтверждена ", "2 Идентификация № 2: личность подтверждена ",
		"4 Допуск к экзамену по результату идентификации ", "7 Решение сотрудника: на экзамене → прекращён (нарушение правил) Кузнецов Олег Игоревич",
	}
	if !reflect.DeepEqual(steps, want) || len(p.Tries) != 2 || p.Student != "Ёлкина Мария Петровна" || p.Exam != ref {
		t.Errorf("collected %+v\n%s", p, strings.Join(steps, "\n"))
	}
	if len(p.Recordings) != 1 || p.Recordings[0].Segment != 11 || p.Recordings[0].Final {
		t.Errorf("recordings %+v", p.Recordings)
	}
	s := sheet(0)
	p.Organisation, p.Act, p.Key, p.At, p.Zone = s.Organisation, s.Act, s.Key, s.At, s.Zone
	p.Steps[4].What = strings.Repeat("Очень длинное решение. ", 100)
	var one, two bytes.Buffer
	for _, out := range []*bytes.Buffer{&one, &two} {
		if err := p.Write(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(one.Bytes(), []byte("%PDF-")) || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("no PDF, or another one each time")
	}
	var empty bytes.Buffer
	if err := (Protocol{Checkpoint: s.Checkpoint}).Write(&empty); err != nil || bytes.Count(empty.Bytes(), []byte("/Type /Page\n")) != 1 {
		t.Errorf("of nothing: %v", err)
	}
	if dir := os.Getenv("OCHNO_PICTURES"); dir != "" {
		if err := os.WriteFile(dir+"/protocol.pdf", one.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// paperLog is a log in a database of its own, sealed record by record.
type paperLog struct {
	*ledger.Log
	add func(attempt uuid.UUID, kind ledger.Type, outcome string, data any, personal map[string]string)
}

func newPaperLog(t *testing.T) paperLog {
	t.Helper()
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	private, public, err := note.GenerateKey(nil, "paper.test/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	pool := stacktest.Database(t)
	l := paperLog{Log: ledger.Open(pool, ring, public)}
	sequencer := ledger.NewSequencer(pool, signer, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	l.add = func(attempt uuid.UUID, kind ledger.Type, outcome string, data any, personal map[string]string) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := l.Append(t.Context(), tx, ledger.Entry{Type: kind, At: at, Attempt: attempt, Outcome: outcome, Data: data, Personal: personal})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sequencer.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return l
}
