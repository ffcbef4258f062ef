package pack

import (
	"testing"
	"time"

	"ochno/proctor/ledger"
)

// An identification by two members of staff stands in a package like the verifier's: who they were and what they saw cannot be changed unnoticed.
func TestManualIdentificationIsProved(t *testing.T) {
	l := newTestLog(t)
	first, second, from, to, segment := at, at.Add(time.Minute), int64(1000), int64(61_000), 2
	l.add(identification(examA, algebra, "j1"), ledger.Entry{
		Type: ledger.TypeManual, Exam: examA, Attempt: attempt1, Outcome: "confirmed",
		Data: ledger.ManualIdentification{
			Exam: algebra, Why: "verifier_unavailable", StartedAt: at, Document: "passport", Compared: []string{"face", "name"}, FirstAt: &first, SecondAt: &second,
			Recording: camera, FromMS: &from, ToMS: &to, Segment: &segment, SegmentSHA256: hexOf(2), Software: "test",
		},
		Personal: map[string]string{"student": student, "oid": oid, "first": "Смирнов Олег Игоревич", "second": "Волкова Ирина Львовна"},
	})
	l.seal()
	for name, f := range map[string]ledger.Filter{"selection": {Type: ledger.TypeManual}, "all": {}} {
		file := l.write(l.options(f))
		if report := check(t, unpack(t, file).pack(), Trust{}); !report.OK() || report.ByType["manual_identification"] != 1 {
			t.Errorf("%s: %+v", name, report)
		}
		for _, harm := range []struct {
			what, file, old, new string
			want                 []string
		}{
			{"the document", fileRecords, `"document":"passport"`, `"document":"student_card"`, []string{"records.jsonl, line ", "changed"}},
			{"the second's time", fileRecords, `"secondAt":"`, `"secondAt":"1`, []string{"records.jsonl, line ", "changed"}},
			{"a refusal made a confirmation", fileRecords, `"outcome":"confirmed"`, `"outcome":"refused"`, []string{"records.jsonl, line ", "changed"}},
			{"the second's name", filePersonal, "Волкова Ирина Львовна", "Смирнов Олег Игоревич", []string{"personal.jsonl, line ", `"second" was changed`}},
		} {
			t.Run(name+"/"+harm.what, func(t *testing.T) {
				u := unpack(t, file)
				u.replace(harm.file, harm.old, harm.new)
				found(t, check(t, u.pack(), Trust{}), harm.want)
			})
		}
	}
}
