package exam

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestTimelineIsInOrder(t *testing.T) {
	x := newTestExams(t)
	student := x.student()
	a, err := x.Join(t.Context(), x.exam, student.ID)
	if err != nil {
		t.Fatal(err)
	}
	recording := uuid.New()
	at := func(minute int) time.Time { return testTime.Add(time.Duration(minute) * time.Minute) }
	record := func(e Event) {
		t.Helper()
		e.Attempt = a.ID
		if err := x.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	// Stored late, but it happened early.
	record(Event{Lane: LaneBehaviour, Kind: "left_window", At: at(3), Recording: recording, OffsetMS: 1500, Detail: map[string]any{"seconds": 2.5}})
	record(Event{Lane: LaneTechnical, Kind: "gap", At: at(1), Recording: recording})
	x.pass(2 * time.Minute)
	// Three moves of one moment.
	for _, m := range []Move{{To: Ready, Actor: student.ID, Reason: "consent_granted"}, {To: Identifying}, {To: Identified}} {
		if _, err := x.move(t.Context(), a.ID, m); err != nil {
			t.Fatal(err)
		}
	}
	x.pass(2 * time.Minute)
	if _, err := x.Decide(t.Context(), a.ID, x.proctor, Move{To: Terminated, Reason: "rules"}); err != nil {
		t.Fatal(err)
	}
	x.attempt(Ready) // another one's

	state := func(lane Lane, minute int, actor string, from, to State, reason string) Event {
		return Event{Lane: lane, Kind: "state", At: at(minute), Actor: actor, Detail: map[string]any{"from": string(from), "to": string(to), "reason": reason}}
	}
	want := []Event{
		state(LaneIdentity, 0, student.Name.String(), "", Registered, ""),
		{Lane: LaneTechnical, Kind: "gap", At: at(1), Recording: recording, Detail: map[string]any{}},
		state(LaneIdentity, 2, student.Name.String(), Registered, Ready, "consent_granted"),
		state(LaneIdentity, 2, "", Ready, Identifying, ""),
		state(LaneIdentity, 2, "", Identifying, Identified, ""),
		{Lane: LaneBehaviour, Kind: "left_window", At: at(3), Recording: recording, OffsetMS: 1500, Detail: map[string]any{"seconds": 2.5}},
		state(LaneProctor, 4, x.proctor.Name.String(), Identified, Terminated, "rules"),
	}
	got, err := x.Timeline(t.Context(), a.ID)
	for i := range got {
		if (got[i].ID == uuid.Nil) != (got[i].Kind == "state") {
			t.Errorf("%s has the id %s", got[i].Kind, got[i].ID)
		}
		got[i].ID = uuid.Nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Attempt = a.ID
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("timeline\n%+v\nwant\n%+v", got, want)
	}
}

func TestTimelineIsBounded(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	x.exec(`insert into event (id, attempt_id, lane, kind, at) select gen_random_uuid(), $1, 'technical', 'gap', $2 from generate_series(1, 2100)`, a.ID, testTime)
	if got, err := x.Timeline(t.Context(), a.ID); err != nil || len(got) != 2000 {
		t.Errorf("%d events, %v; want 2,000", len(got), err)
	}
	if got, err := x.Timeline(t.Context(), uuid.New()); err != nil || len(got) != 0 {
		t.Errorf("no attempt: %v, %v", got, err)
	}
}

func TestRecordRefuses(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	for name, e := range map[string]Event{
		"an unknown lane": {Attempt: a.ID, Lane: "gossip", Kind: "x", At: testTime},
		"no attempt":      {Attempt: uuid.New(), Lane: LaneProctor, Kind: "x", At: testTime},
	} {
		if err := x.Record(t.Context(), e); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	if n := x.count(`select count(*) from event`); n != 0 {
		t.Errorf("%d events", n)
	}
}
