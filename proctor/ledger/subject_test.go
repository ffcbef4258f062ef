package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestSubjectAndAppeals: a person's records are those of her attempts and her own, whoever looked at her among them, but not her looks at others;
// with appeals are all records of an attempt on which one was filed.
func TestSubjectAndAppeals(t *testing.T) {
	l := newTestLog(t)
	her, other, hers, others := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	entries := map[string]Entry{
		"her sign-in":         {Type: TypeSignIn, Person: her, Data: SignIn{}},
		"her identification":  {Type: TypeIdentification, Person: her, Attempt: hers, Data: Identification{}},
		"her recording":       {Type: TypeRecordingHead, Attempt: hers, Data: RecordingHead{}},
		"a look at her":       {Type: TypeAccess, Person: other, Attempt: hers, Data: Access{What: SawTimeline}},
		"her look at another": {Type: TypeAccess, Person: her, Attempt: others, Data: Access{What: SawTimeline}},
		"another's":           {Type: TypeIdentification, Person: other, Attempt: others, Data: Identification{}},
		"another's appeal":    {Type: TypeAppeal, Person: other, Attempt: others, Outcome: "filed", Data: Appeal{}},
		"nobody's":            {Type: TypeKeyChange, Data: KeyChange{}},
	}
	names := map[uuid.UUID]string{}
	for name, e := range entries {
		e.At = testTime
		names[l.add(e)[0]] = name
	}
	for _, c := range []struct {
		filter Filter
		want   []string
	}{
		{Filter{Subject: her}, []string{"a look at her", "her identification", "her recording", "her sign-in"}},
		{Filter{Subject: her, Type: TypeAccess}, []string{"a look at her"}},
		{Filter{Subject: uuid.New()}, nil},
		{Filter{Appeals: true}, []string{"another's", "another's appeal", "her look at another"}},
		{Filter{Appeals: true, Attempt: hers}, nil},
	} {
		var got []string
		if err := l.Each(bounded(t), c.filter, func(r Row) error { got = append(got, names[r.ID]); return nil }); err != nil {
			t.Fatal(err)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%+v selects %q; want %q", c.filter, got, c.want)
		}
	}
}

// TestSawOnce: a look is one record an hour, however often and by how many at once it is told.
func TestSawOnce(t *testing.T) {
	l := newTestLog(t)
	look := Look{What: SawTimeline, Subject: uuid.New(), Attempt: attempt1, Actor: uuid.New(), Name: actor, Outcome: "viewed", At: testTime}
	told := make(chan error)
	for range 8 {
		go func() { told <- l.Saw(bounded(t), look) }()
	}
	for range 8 {
		if err := <-told; err != nil {
			t.Error(err)
		}
	}
	for _, other := range []func(*Look){
		func(k *Look) { k.At = k.At.Add(time.Hour) }, func(k *Look) { k.Actor = uuid.New() }, func(k *Look) { k.What = SawAppeal }, func(k *Look) { k.Subject = uuid.New() },
	} {
		k := look
		other(&k)
		for range 2 {
			if err := l.Saw(bounded(t), k); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := 0
	if err := l.Each(bounded(t), Filter{Type: TypeAccess}, func(r Row) error {
		n++
		if r.Personal["actor"] != actor {
			t.Errorf("the record names %q", r.Personal["actor"])
		}
		return nil
	}); err != nil || n != 5 {
		t.Errorf("%d records, %v; want 5", n, err)
	}
}
