package identify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media/studenttest"
)

var passport = identify.Seen{Document: "passport", Compared: []identify.Comparison{"face", "name"}}

// TestTwoMembersOfStaff: only two different people of the organisation admit, with the record of both; everything else is refused and changes
// nothing.
func TestTwoMembersOfStaff(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	first, second := h.staff(t, 1, account.Proctor), h.staff(t, 2, account.Registrar)
	elsewhere := first
	elsewhere.ID, elsewhere.Organisation = uuid.New(), uuid.New()
	student := h.staff(t, 3, account.Student)
	a := h.student(t, "8501")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	itself := account.Person{ID: a.PersonID, Organisation: h.exam.Organisation, Roles: []account.Role{account.Proctor}}
	var illegal *exam.IllegalMove

	// unchanged says that a refusal left everything as it was.
	unchanged := func(what string) {
		t.Helper()
		if n := h.count(t, `select count(*) from ledger_record where attempt_id = $1 and type in ('manual_identification', 'admission')`, a.ID); n != 0 {
			t.Errorf("%s: %d records", what, n)
		}
	}
	if err := h.service.Confirm(ctx, a.ID, first, passport, stream); !errors.As(err, &illegal) {
		t.Errorf("confirmed before it began: %v", err)
	}
	for _, who := range []account.Person{elsewhere, student, itself} {
		if err := h.service.BeginManual(ctx, a.ID, who, identify.WhyOther, ""); err == nil {
			t.Errorf("begun by %+v", who)
		}
	}
	if err := h.service.BeginManual(ctx, a.ID, first, "because", ""); !errors.Is(err, identify.ErrManualInput) {
		t.Errorf("begun without a reason: %v", err)
	}
	if now := h.attempt(t, a.ID); now.State != exam.Ready || len(h.records(t, a.ID, ledger.TypeDecision)) != 0 {
		t.Errorf("state %s", now.State)
	}
	must(t, h.service.BeginManual(ctx, a.ID, first, identify.WhyNoSample, "микрофон"))
	if err := h.service.BeginManual(ctx, a.ID, second, identify.WhyNoSample, ""); !errors.As(err, &illegal) {
		t.Errorf("begun twice: %v", err)
	}
	if _, err := h.service.Start(ctx, a.ID, stream, "", func(identify.Progress) {}); !errors.As(err, &illegal) {
		t.Errorf("the verifier was asked meanwhile: %v", err)
	}
	confirm := func(name string, who account.Person, seen identify.Seen, stream identify.Stream, want error) {
		t.Helper()
		before := h.situation(t, a.ID).Manual
		if err := h.service.Confirm(ctx, a.ID, who, seen, stream); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if after := h.situation(t, a.ID).Manual; after == nil || before.First != after.First {
			t.Errorf("%s: %+v, was %+v", name, after, before)
		}
		unchanged(name)
	}
	confirm("another organisation", elsewhere, passport, stream, exam.ErrNotFound)
	confirm("a student", student, passport, stream, identify.ErrNotStaff)
	confirm("herself", itself, passport, stream, identify.ErrNotStaff)
	confirm("without a camera", first, passport, nil, identify.ErrNoCamera)
	confirm("without the face", first, identify.Seen{Document: "passport", Compared: []identify.Comparison{"name"}}, stream, identify.ErrManualInput)
	confirm("another document", first, identify.Seen{Document: "library_card", Compared: passport.Compared}, stream, identify.ErrManualInput)
	confirm("something else compared", first, identify.Seen{Document: "passport", Compared: []identify.Comparison{"face", "name", "4509 123456"}}, stream, identify.ErrManualInput)

	must(t, h.service.Confirm(ctx, a.ID, first, passport, stream))
	if now := h.situation(t, a.ID).Manual; now.First != first.Name.String() || now.Document != "passport" || h.attempt(t, a.ID).State != exam.ManualIdentification {
		t.Errorf("after the first: %+v", now)
	}
	confirm("the same person", first, passport, stream, identify.ErrSamePerson)
	confirm("another document than the first's", second, identify.Seen{Document: "student_card", Compared: passport.Compared}, stream, identify.ErrOtherPapers)
	must(t, h.service.Confirm(ctx, a.ID, second, identify.Seen{Document: "passport", Compared: []identify.Comparison{"face", "name", "birth_date"}}, stream))
	if now := h.attempt(t, a.ID); now.State != exam.Admitted || now.TriesLeft != a.TriesLeft {
		t.Errorf("state %s with %d tries", now.State, now.TriesLeft)
	}
	if err := h.service.Confirm(ctx, a.ID, second, passport, stream); !errors.As(err, &illegal) {
		t.Errorf("confirmed a third time: %v", err)
	}
	rows := h.records(t, a.ID, ledger.TypeManual)
	if len(rows) != 1 {
		t.Fatalf("%d records", len(rows))
	}
	var d ledger.ManualIdentification
	must(t, rows[0].Data(&d))
	if p := rows[0].Personal; rows[0].Outcome != "confirmed" || p["first"] != first.Name.String() || p["second"] != second.Name.String() || p["oid"] != a.OID || p["student"] != a.Student {
		t.Errorf("the record of %v", p)
	}
	if d.Why != "no_sample" || d.Document != "passport" || len(d.Compared) != 3 || d.Recording == "" || d.FromMS == nil || *d.ToMS < *d.FromMS ||
		d.SegmentSHA256 == "" || d.FirstAt == nil || d.SecondAt.Before(*d.FirstAt) {
		t.Errorf("the record %+v", d)
	}
	var admission ledger.Admission
	must(t, h.records(t, a.ID, ledger.TypeAdmission)[0].Data(&admission))
	if admission.Identification != rows[0].ID.String() || len(h.asked.calls) != 0 {
		t.Errorf("admitted on %s after %d questions", admission.Identification, len(h.asked.calls))
	}
	heads := h.records(t, a.ID, ledger.TypeRecordingHead)
	if len(heads) == 0 {
		t.Error("the recording's head is not in the log")
	}
}

// TestStaffRefuse: one is enough, with a reason; she may be identified otherwise, and by staff again.
func TestStaffRefuse(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	first, second := h.staff(t, 1, account.Proctor), h.staff(t, 2, account.Proctor)
	a := h.student(t, "8601")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	must(t, h.service.BeginManual(ctx, a.ID, first, identify.WhyOther, ""))
	must(t, h.service.Confirm(ctx, a.ID, first, passport, stream))
	if err := h.service.Refuse(ctx, a.ID, second, "dislike", ""); !errors.Is(err, identify.ErrManualInput) {
		t.Errorf("refused without a reason: %v", err)
	}
	must(t, h.service.Refuse(ctx, a.ID, second, "face_differs", "не похожа"))
	if now := h.attempt(t, a.ID); now.State != exam.Ready || now.TriesLeft != a.TriesLeft {
		t.Errorf("state %s with %d tries", now.State, now.TriesLeft)
	}
	row := h.records(t, a.ID, ledger.TypeManual)[0]
	var d ledger.ManualIdentification
	must(t, row.Data(&d))
	if p := row.Personal; row.Outcome != "refused" || p["actor"] != second.Name.String() || p["first"] != first.Name.String() || p["note"] != "не похожа" || d.Reason != "face_differs" || d.SecondAt != nil {
		t.Errorf("the record %+v of %v", d, p)
	}
	if len(h.records(t, a.ID, ledger.TypeAdmission)) != 0 {
		t.Error("admitted")
	}
	// What the first confirmed then counts no more.
	must(t, h.service.BeginManual(ctx, a.ID, second, identify.WhyOther, ""))
	if now := h.situation(t, a.ID).Manual; now.First != "" {
		t.Errorf("begun with %+v", now)
	}
	must(t, h.service.Confirm(ctx, a.ID, second, passport, stream))
	must(t, h.service.Confirm(ctx, a.ID, first, passport, stream))
	if now := h.attempt(t, a.ID); now.State != exam.Admitted {
		t.Errorf("state %s", now.State)
	}
}

// TestSecondsAtOnce: two who confirm as the second at the same moment admit once.
func TestSecondsAtOnce(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	a := h.student(t, "8701")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	must(t, h.service.BeginManual(ctx, a.ID, h.staff(t, 1, account.Proctor), identify.WhyOther, ""))
	must(t, h.service.Confirm(ctx, a.ID, h.staff(t, 1, account.Proctor), passport, stream))
	done := make(chan error, 2)
	for n := range 2 {
		who := h.staff(t, 2+n, account.Proctor)
		go func() { done <- h.service.Confirm(ctx, a.ID, who, passport, stream) }()
	}
	failed := 0
	for range 2 {
		if err := <-done; err != nil {
			failed++
		}
	}
	if failed != 1 || len(h.records(t, a.ID, ledger.TypeManual)) != 1 || len(h.records(t, a.ID, ledger.TypeAdmission)) != 1 {
		t.Errorf("%d failed, %d records", failed, len(h.records(t, a.ID, ledger.TypeManual)))
	}
}
