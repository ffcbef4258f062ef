// Package paper writes the identification log as printed sheets in Russian: «Ведомость идентификации» of an exam.
//
// A sheet says what the log says and nothing else, names the checkpoint under which the log can be checked, and holds it as a QR code. It does not
// decide who may have one. Start reading at Collect, then Sheet.Write.
package paper

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

// Sheet is «Ведомость идентификации» of one exam.
type Sheet struct {
	Organisation string
	Act          string // the local act that allows identified remote exams, in words
	Exam         ledger.ExamRef
	Students     []Student // by name
	Checkpoint   ledger.Checkpoint
	Key          string // the log's public key
	At           time.Time
	Zone         *time.Location
}

// Student is a row of the sheet: what the log says of one attempt.
type Student struct {
	Name    string // empty: erased
	Group   string
	Tries   int      // identifications
	Overall *float64 // of the last verdict
	Outcome Outcome
	At      time.Time // of the record that decided
	Leaf    int64     // that record's
}

// Outcome is how an attempt's identification ended.
type Outcome int

// The outcomes, a stronger one later.
const (
	None          Outcome = iota // no identification yet
	NotIdentified                // the last identification did not identify
	Declined                     // another form of the exam was chosen
	Admitted                     // let in on an identification
	ByStaff                      // let in by two members of staff, by her document
)

var outcomeWords = [...]string{"идентификации не было", "не идентифицирован(а)", "другая форма экзамена", "идентифицирован(а), допущен(а)", "допущен(а) двумя сотрудниками по документу"}

func (o Outcome) String() string { return outcomeWords[o] }

// maxStudents bounds a sheet.
const maxStudents = 20_000

// Collect reads an exam's attempts from the sealed records under the checkpoint.
func Collect(ctx context.Context, log *ledger.Log, exam uuid.UUID, c ledger.Checkpoint) ([]Student, ledger.ExamRef, error) {
	attempts := map[uuid.UUID]*Student{}
	var ref ledger.ExamRef
	err := log.Each(ctx, ledger.Filter{Exam: exam}, func(r ledger.Row) error {
		if r.Attempt == uuid.Nil || r.Leaf == nil || *r.Leaf >= c.Size {
			return nil
		}
		var d ledger.Identification // has what the others have
		switch r.Type {
		case ledger.TypeIdentification, ledger.TypeManual, ledger.TypeAdmission, ledger.TypeDecline, ledger.TypeConsent:
			if err := r.Data(&d); err != nil {
				return err
			}
		default:
			return nil
		}
		s := attempts[r.Attempt]
		if s == nil {
			if len(attempts) == maxStudents {
				return fmt.Errorf("the exam has more than %d attempts: too many for a sheet", maxStudents)
			}
			s = &Student{}
			attempts[r.Attempt] = s
		}
		s.Name, s.Group = cmp.Or(r.Personal["student"], s.Name), cmp.Or(d.Exam.Group, s.Group)
		if d.Exam.Code != "" {
			ref = ledger.ExamRef{Code: d.Exam.Code, Title: d.Exam.Title}
		}
		s.take(r, d)
		return nil
	})
	if err != nil {
		return nil, ref, err
	}
	list := make([]Student, 0, len(attempts))
	for _, s := range attempts {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Student) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Leaf, b.Leaf))
	})
	return list, ref, nil
}

func (s *Student) take(r ledger.Row, d ledger.Identification) {
	outcome := None
	switch r.Type {
	case ledger.TypeIdentification:
		s.Tries++
		outcome = NotIdentified
		if d.Scores != nil {
			s.Overall = &d.Scores.Overall
		}
	case ledger.TypeManual:
		if outcome = NotIdentified; r.Outcome == "confirmed" {
			outcome = ByStaff
		}
	case ledger.TypeAdmission:
		outcome = Admitted
	case ledger.TypeDecline:
		outcome = Declined
	}
	if outcome >= s.Outcome {
		s.Outcome, s.At, s.Leaf = outcome, r.At, *r.Leaf
	}
}
