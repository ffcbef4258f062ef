// Package registrar makes what the registrar takes away from the identification log: sheets and protocols as PDF, and packages that anyone can
// check. It asks the rooms for what they know and writes; it does not decide who may have one, and its callers record that somebody had.
//
// Start reading at Papers.
package registrar

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
	"ochno/proctor/ledger/paper"
)

// Papers makes them. All fields but Recorded are needed.
type Papers struct {
	Log      *ledger.Log
	Key      ledger.Key // signs the packages' manifests
	Accounts *account.Accounts
	Exams    *exam.Exams
	Index    *archive.Index
	// Recorded gives recorded files; nil: packages have none.
	Recorded interface {
		Segment(ctx context.Context, recording uuid.UUID, number int) ([]byte, error)
	}
	Version string
	Now     func() time.Time
	Zone    *time.Location // of the times on paper
}

// Sheet writes «Ведомость идентификации» of an exam under the checkpoint.
func (p Papers) Sheet(ctx context.Context, w io.Writer, id uuid.UUID, c ledger.Checkpoint) error {
	e, err := p.Exams.Exam(ctx, id)
	if err != nil {
		return err
	}
	name, act, err := p.head(ctx, e.Organisation)
	if err != nil {
		return err
	}
	students, _, err := paper.Collect(ctx, p.Log, id, c)
	if err != nil {
		return err
	}
	return paper.Sheet{
		Organisation: name, Act: act, Exam: ledger.ExamRef{Code: e.Code, Title: e.Title}, Students: students,
		Checkpoint: c, Key: p.Key.Public, At: p.Now(), Zone: p.Zone,
	}.Write(w)
}

// Protocol writes «Протокол идентификации» of an attempt under the checkpoint.
func (p Papers) Protocol(ctx context.Context, w io.Writer, attempt uuid.UUID, c ledger.Checkpoint) error {
	a, err := p.Exams.Attempt(ctx, attempt)
	if err != nil {
		return err
	}
	e, err := p.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return err
	}
	protocol, err := paper.CollectProtocol(ctx, p.Log, attempt, c)
	if err != nil {
		return err
	}
	if protocol.Organisation, protocol.Act, err = p.head(ctx, e.Organisation); err != nil {
		return err
	}
	if protocol.Exam.Code == "" { // nothing was recorded of the attempt yet
		protocol.Exam = ledger.ExamRef{Code: a.ExamCode, Title: a.ExamTitle, Group: a.Group}
	}
	protocol.Key, protocol.At, protocol.Zone = p.Key.Public, p.Now(), p.Zone
	return protocol.Write(w)
}

// head is an organisation's name and its act.
func (p Papers) head(ctx context.Context, organisation uuid.UUID) (name, act string, err error) {
	o, err := p.Accounts.OrganisationByID(ctx, organisation)
	return o.Name, actOf(o), err
}

func actOf(o account.Organisation) (act string) {
	if o.ActNumber != "" {
		act = "Локальный акт № " + o.ActNumber
		if o.ActDate != nil {
			act += " от " + o.ActDate.Format("02.01.2006")
		}
	}
	return act
}

// Package writes a package of the selected records into a file and checks it there: what does not verify is an error. With an exam and nothing
// else selected it has the sheet. With recordings it has the recorded files. The file is left at no particular place.
func (p Papers) Package(ctx context.Context, file *os.File, f ledger.Filter, selection map[string]string, recordings bool) (*pack.Report, error) {
	o := p.packageOptions(f, selection)
	if recordings {
		o.Content = p.content
	}
	if _, err := pack.Write(ctx, file, p.Log, o); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("the package: %w", err)
	}
	return p.verified(ctx, file, info.Size())
}

func (p Papers) packageOptions(f ledger.Filter, selection map[string]string) pack.Options {
	o := pack.Options{
		Filter: f, Selection: maps.Clone(selection), Signer: p.Key.Signer, PublicKey: p.Key.Public, At: p.Now(), Software: p.Version, Segments: p.segments,
	}
	if len(selection) == 1 && f.Exam != uuid.Nil {
		o.Sheet = func(ctx context.Context, w io.Writer, c ledger.Checkpoint) error { return p.Sheet(ctx, w, f.Exam, c) }
	}
	return o
}

// segments gives the archive's segments in the package's form.
func (p Papers) segments(ctx context.Context, recording string, fn func(pack.Segment) error) error {
	id, err := uuid.Parse(recording)
	if err != nil {
		return fmt.Errorf("a recording's id: %w", err)
	}
	return p.Index.EachSegment(ctx, id, func(s archive.Segment) error {
		return fn(pack.Segment{
			Recording: recording, Number: s.Number, StartMS: s.StartMS, DurationMS: s.DurationMS, Size: s.Size,
			SHA256: hex.EncodeToString(s.SHA256), Chain: hex.EncodeToString(s.Chain),
		})
	})
}
