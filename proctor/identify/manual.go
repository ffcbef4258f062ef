package identify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
)

// Why staff identify instead of the verifier.
type Why string

// The reasons.
const (
	WhyOutage      Why = "verifier_unavailable"
	WhyFailed      Why = "identification_failed"
	WhyNotEnrolled Why = "not_enrolled"
	WhyNoSample    Why = "no_sample" // a sample of hers cannot be taken: she cannot speak, a device is broken
	WhyOther       Why = "other"
)

// Whys are all of them.
func Whys() []Why { return []Why{WhyOutage, WhyFailed, WhyNotEnrolled, WhyNoSample, WhyOther} }

func whyOf(o Outcome) Why {
	if o == VerifierUnavailable {
		return WhyOutage
	}
	return WhyFailed
}

// Document is the kind of what the student shows to the camera. Its number is stored nowhere.
type Document string

// Documents are the kinds that are taken.
func Documents() []Document {
	return []Document{"passport", "foreign_passport", "residence_permit", "temporary_identity_card", "military_card", "student_card"}
}

// Comparison is something of the document that a member of staff compared.
type Comparison string

// Comparisons are what may be compared; the face and the name must be.
func Comparisons() []Comparison { return []Comparison{"face", "name", "birth_date", "validity"} }

// Refusal is why staff do not identify.
type Refusal string

// Refusals are the reasons.
func Refusals() []Refusal {
	return []Refusal{"no_document", "unreadable", "face_differs", "data_differs", "invalid_document", "technical"}
}

// Why a manual identification does not go on.
var (
	ErrSamePerson   = errors.New("the second member of staff must be another person than the first")
	ErrNotStaff     = errors.New("only proctors and registrars of the organisation identify")
	ErrNoCamera     = errors.New("the student's camera is not connected")
	ErrManualInput  = errors.New("not a kind of document, a comparison or a reason that is known, or the face and the name were not compared")
	ErrManualMoved  = errors.New("somebody else went on with it meanwhile")
	ErrOtherPapers  = errors.New("the first member of staff saw another kind of document")
	errNoManualOpen = errors.New("no manual identification is open")
)

// Manual is an identification by two members of staff that is under way: admission needs both.
type Manual struct {
	ID        uuid.UUID
	Why       Why
	StartedAt time.Time
	Document  Document // seen by the first; empty until then
	First     string   // the name of the first; empty until then
	FirstID   uuid.NullUUID
	FirstAt   *time.Time
	firstMS   *int64
	compared  []string
}

// Seen is what a member of staff confirms to have seen.
type Seen struct {
	Document Document
	Compared []Comparison
}

func (s Seen) check() error {
	if !slices.Contains(Documents(), s.Document) || len(s.Compared) > len(Comparisons()) {
		return ErrManualInput
	}
	for _, c := range s.Compared {
		if !slices.Contains(Comparisons(), c) {
			return ErrManualInput
		}
	}
	if !slices.Contains(s.Compared, "face") || !slices.Contains(s.Compared, "name") {
		return ErrManualInput
	}
	return nil
}

// BeginManual takes a waiting student over from the verifier: a proctor's decision. The student is asked to show a document to the camera.
func (s *Service) BeginManual(ctx context.Context, attempt uuid.UUID, actor account.Person, why Why, note string) error {
	if !slices.Contains(Whys(), why) {
		return ErrManualInput
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		m := exam.Move{From: exam.Ready, To: exam.ManualIdentification, Actor: actor.ID, Reason: string(why), Note: note}
		before, err := s.Exams.Move(ctx, tx, attempt, m)
		if err != nil {
			return err
		}
		if err := s.mayIdentify(ctx, tx, before, actor); err != nil {
			return err
		}
		if note != "" {
			e := exam.Event{Attempt: attempt, Lane: exam.LaneProctor, Kind: "note", At: s.Now().UTC(), Detail: map[string]any{"text": note}}
			if err := s.Exams.RecordIn(ctx, tx, e); err != nil {
				return err
			}
		}
		if err := s.waitNoMore(ctx, tx, attempt); err != nil {
			return err
		}
		if err := s.openManual(ctx, tx, attempt, why, s.Now().UTC()); err != nil {
			return err
		}
		return s.Exams.LogDecision(ctx, tx, before, actor, m)
	})
}

// mayIdentify refuses whoever is no member of staff of the exam's organisation, as if there were no such attempt, and the student herself.
func (s *Service) mayIdentify(ctx context.Context, tx pgx.Tx, a exam.Attempt, actor account.Person) error {
	e, err := s.Exams.ExamIn(ctx, tx, a.ExamID)
	if err != nil {
		return err
	}
	if e.Organisation != actor.Organisation {
		return exam.ErrNotFound
	}
	if !actor.Has(account.Proctor, account.Registrar) || actor.ID == a.PersonID {
		return ErrNotStaff
	}
	return nil
}

// openManual begins one; one that was left open by a side exit ends.
func (s *Service) openManual(ctx context.Context, tx pgx.Tx, attempt uuid.UUID, why Why, at time.Time) error {
	if _, err := tx.Exec(ctx, `update manual_identification set decided_at = $2, outcome = 'ended' where attempt_id = $1 and decided_at is null`, attempt, at); err != nil {
		return fmt.Errorf("end the manual identification before: %w", err)
	}
	if _, err := tx.Exec(ctx, `insert into manual_identification (id, attempt_id, why, started_at) values ($1, $2, $3, $4)`, uuid.New(), attempt, why, at); err != nil {
		return fmt.Errorf("begin a manual identification: %w", err)
	}
	return nil
}

const selectManual = `select m.attempt_id, m.id, m.why, m.started_at, m.document, coalesce(trim(p.last_name || ' ' || p.first_name || ' ' || p.middle_name), ''),
	m.first_id, m.first_at, m.first_ms, m.compared
	from manual_identification m join attempt a on a.id = m.attempt_id left join person p on p.id = m.first_id
	where m.attempt_id = any($1) and m.decided_at is null and a.state = 'manual_identification'`

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func readManuals(ctx context.Context, q queryer, attempts []uuid.UUID) (map[uuid.UUID]Manual, error) {
	out := map[uuid.UUID]Manual{}
	var id uuid.UUID
	var m Manual
	rows, _ := q.Query(ctx, selectManual, attempts)
	_, err := pgx.ForEachRow(rows, []any{&id, &m.ID, &m.Why, &m.StartedAt, &m.Document, &m.First, &m.FirstID, &m.FirstAt, &m.firstMS, &m.compared}, func() error {
		out[id] = m
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read manual identifications: %w", err)
	}
	return out, nil
}

func (s *Service) manuals(ctx context.Context, attempts []uuid.UUID) (map[uuid.UUID]Manual, error) {
	return readManuals(ctx, s.Pool, attempts)
}

// openManualOf reads the one that is open.
func openManualOf(ctx context.Context, q queryer, attempt uuid.UUID) (Manual, error) {
	list, err := readManuals(ctx, q, []uuid.UUID{attempt})
	if err != nil {
		return Manual{}, err
	}
	m, ok := list[attempt]
	if !ok {
		return m, errNoManualOpen
	}
	return m, nil
}

// Confirm says that a member of staff saw the student with her document before the camera and that they fit. The first confirmation waits for the
// second, of another person: then the student is identified and admitted, with the record, in one transaction. The stream is the student's, live.
func (s *Service) Confirm(ctx context.Context, attempt uuid.UUID, actor account.Person, seen Seen, stream Stream) error {
	if err := seen.check(); err != nil {
		return err
	}
	a, m, err := s.toConfirm(ctx, attempt, actor)
	if err != nil {
		return err
	}
	switch {
	case m.FirstID.Valid && m.FirstID.UUID == actor.ID:
		return ErrSamePerson
	case m.FirstID.Valid && m.Document != seen.Document:
		return ErrOtherPapers
	case stream == nil:
		return ErrNoCamera
	}
	limit, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	head, err := stream.Cut(limit) // what was seen is in the recording, and stored
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoCamera, err)
	}
	if !m.FirstID.Valid {
		return s.confirmFirst(ctx, a, m, actor, seen, head)
	}
	if err := s.confirmSecond(ctx, a, m, actor, seen, head); err != nil {
		return err
	}
	if err := s.Archive.Seal(limit, a.ExamID, a.ID, false); err != nil {
		s.Logger.Error("the recording's head did not enter the log", "attempt", a.ID, "error", err)
	}
	return nil
}

// toConfirm reads what is open, for somebody who may go on with it.
func (s *Service) toConfirm(ctx context.Context, attempt uuid.UUID, actor account.Person) (a exam.Attempt, m Manual, err error) {
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if a, err = s.Exams.Lock(ctx, tx, attempt); err != nil {
			return err
		}
		if err = s.mayIdentify(ctx, tx, a, actor); err != nil {
			return err
		}
		if a.State != exam.ManualIdentification {
			return &exam.IllegalMove{From: a.State, To: exam.Identified}
		}
		m, err = openManualOf(ctx, tx, attempt)
		return err
	})
	return a, m, err
}

func (s *Service) confirmFirst(ctx context.Context, a exam.Attempt, m Manual, actor account.Person, seen Seen, head media.Head) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update manual_identification set document = $2, compared = $3, first_id = $4, first_at = $5, first_ms = $6
			where id = $1 and first_id is null and decided_at is null`,
			m.ID, seen.Document, seen.Compared, actor.ID, s.Now().UTC(), head.Offset.Milliseconds())
		if err != nil {
			return fmt.Errorf("confirm first: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrManualMoved
		}
		return s.Exams.Notify(ctx, tx, a.ID)
	})
}

func (s *Service) confirmSecond(ctx context.Context, a exam.Attempt, m Manual, actor account.Person, seen Seen, head media.Head) error {
	now := s.Now().UTC()
	data := s.manualRecord(a, m)
	to := head.Offset.Milliseconds()
	data.SecondAt, data.Recording, data.FromMS, data.ToMS = &now, head.Recording.String(), m.firstMS, &to
	data.Segment, data.SegmentSHA256 = &head.Segment, hex.EncodeToString(head.SHA256[:])
	for _, c := range seen.Compared {
		if !slices.Contains(data.Compared, string(c)) {
			data.Compared = append(data.Compared, string(c))
		}
	}
	entry := ledger.Entry{
		Type: ledger.TypeManual, At: now, Exam: a.ExamID, Attempt: a.ID, Person: a.PersonID, Outcome: "confirmed", Data: data,
		Personal: map[string]string{"student": a.Student, "oid": a.OID, "first": m.First, "second": actor.Name.String()},
	}
	return s.closeManual(ctx, a, m, actor, entry, exam.Move{From: exam.ManualIdentification, To: exam.Identified, Actor: actor.ID, Reason: "manual"})
}

// Refuse ends a manual identification without admission: one member of staff is enough. The student may be identified otherwise.
func (s *Service) Refuse(ctx context.Context, attempt uuid.UUID, actor account.Person, reason Refusal, note string) error {
	if !slices.Contains(Refusals(), reason) {
		return ErrManualInput
	}
	a, m, err := s.toConfirm(ctx, attempt, actor)
	if err != nil {
		return err
	}
	data := s.manualRecord(a, m)
	data.Reason = string(reason)
	personal := map[string]string{"student": a.Student, "oid": a.OID, "actor": actor.Name.String()}
	if m.First != "" {
		personal["first"] = m.First
	}
	if note != "" {
		personal["note"] = note
	}
	entry := ledger.Entry{
		Type: ledger.TypeManual, At: s.Now().UTC(), Exam: a.ExamID, Attempt: a.ID, Person: a.PersonID, Outcome: "refused", Data: data, Personal: personal,
	}
	return s.closeManual(ctx, a, m, actor, entry, exam.Move{From: exam.ManualIdentification, To: exam.Ready, Actor: actor.ID, Reason: "manual_refused"})
}

func (s *Service) manualRecord(a exam.Attempt, m Manual) ledger.ManualIdentification {
	return ledger.ManualIdentification{
		Exam: examRef(a), Why: string(m.Why), StartedAt: m.StartedAt.UTC(), Document: string(m.Document), Compared: slices.Clone(m.compared), FirstAt: utc(m.FirstAt), Software: s.Software,
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// closeManual stores the record as an object, then decides: record, move, and admission in one transaction, if nobody went on meanwhile.
func (s *Service) closeManual(ctx context.Context, a exam.Attempt, m Manual, actor account.Person, entry ledger.Entry, move exam.Move) error {
	record, err := s.Log.Prepare(entry)
	if err != nil {
		return err
	}
	if _, err := s.Archive.Put(ctx, a.ID, "records", "json", record.Body); err != nil {
		return fmt.Errorf("store the record: %w", err)
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		before, err := s.Exams.Move(ctx, tx, a.ID, move)
		if err != nil {
			return err
		}
		if err := s.Log.AppendPrepared(ctx, tx, record); err != nil {
			return err
		}
		var second uuid.NullUUID
		if entry.Outcome == "confirmed" {
			second = uuid.NullUUID{UUID: actor.ID, Valid: true}
		}
		tag, err := tx.Exec(ctx, `update manual_identification set second_id = $2, decided_at = $3, outcome = $4, record_id = $5
			where id = $1 and decided_at is null and first_id is not distinct from $6`,
			m.ID, second, entry.At, entry.Outcome, record.ID, m.FirstID)
		if err != nil {
			return fmt.Errorf("decide: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrManualMoved
		}
		e := exam.Event{Attempt: a.ID, Lane: exam.LaneIdentity, Kind: "manual_identification", At: entry.At, Detail: map[string]any{"outcome": entry.Outcome, "why": m.Why}}
		if d, ok := entry.Data.(ledger.ManualIdentification); ok && d.ToMS != nil {
			if e.Recording, err = uuid.Parse(d.Recording); err != nil {
				return fmt.Errorf("the recording's id: %w", err)
			}
			e.OffsetMS = *d.ToMS
		}
		if err := s.Exams.RecordIn(ctx, tx, e); err != nil {
			return err
		}
		if move.To != exam.Identified {
			return nil
		}
		return s.letIn(ctx, tx, before, record.ID, entry.At)
	})
}
