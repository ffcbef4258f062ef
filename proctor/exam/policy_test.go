package exam

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// A row of an earlier version means what it meant; a shorter list is not filled up.
func TestPolicyReadsWhatIsAbsent(t *testing.T) {
	old := DefaultPolicy()
	old.Threshold, old.Tries, old.Digits = 0.9, 2, 5
	photo := DefaultPolicy()
	photo.Modalities = []Modality{Photo}
	again := DefaultPolicy()
	again.Again.EveryMin, again.Again.EveryMax = 10, 20
	flags := DefaultPolicy()
	flags.Liveness = map[Flag]Response{VirtualCamera: Stop}
	watch := DefaultPolicy()
	watch.Watch[Speech], watch.Watch[LookingAway] = Watched{}, Watched{After: 60, Limit: 30}
	rates := DefaultPolicy()
	rates.Rates.High = 600
	for text, want := range map[string]Policy{
		`{}`: DefaultPolicy(),
		`{"watch": {"speech": {}, "looking_away": {"after": 60, "limit": 30}}}`: watch,
		`{"threshold": 0.9, "tries": 2, "digits": 5}`:                           old,
		`{"rates": {"high": 600}}`:                                              rates,
		`{"modalities": ["photo"]}`:                                             photo,
		`{"again": {"everyMin": 10, "everyMax": 20}}`:                           again,
		`{"liveness": {"virtual_camera": "stop"}, "later": 1}`:                  flags,
	} {
		var got Policy
		if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		whole, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var again Policy
		if err := json.Unmarshal(whole, &again); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s, written and read: %+v, %v", whole, again, err)
		}
	}
	if flags.On(VirtualCamera) != Stop || flags.On(FrozenPicture) != Warn {
		t.Error("a flag does not do what the policy says")
	}
	if watch.Watches(Speech).After != 0 || watch.Watches(LookingAway).Limit != 30 || watch.Watches(FaceAbsent).After != 10 {
		t.Error("what is looked out for is not what the policy says")
	}
	if _, err := ParsePolicy([]byte(`{"treshold": 0.9}`)); !errors.Is(err, ErrPolicy) {
		t.Errorf("a misspelt field: %v", err)
	}
}

func TestPolicyRefuses(t *testing.T) {
	if err := DefaultPolicy().Check(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for name, change := range map[string]func(*Policy){
		"nothing compared":          func(p *Policy) { p.Modalities = []Modality{} },
		"a behaviour nobody knows":  func(p *Policy) { p.Watch = map[Behaviour]Watched{"yawning": {After: 3}} },
		"a behaviour for an hour":   func(p *Policy) { p.Watch = map[Behaviour]Watched{FaceAbsent: {After: 3601}} },
		"a limit out of bounds":     func(p *Policy) { p.Watch = map[Behaviour]Watched{LookingAway: {After: 10, Limit: 90}} },
		"a limit where none is":     func(p *Policy) { p.Watch = map[Behaviour]Watched{FaceAbsent: {After: 10, Limit: 1}} },
		"a limit that is no number": func(p *Policy) { p.Watch = map[Behaviour]Watched{Speech: {After: 10, Limit: math.NaN()}} },
		"the voice alone":           func(p *Policy) { p.Modalities = []Modality{Sound} },
		"a modality twice":          func(p *Policy) { p.Modalities = []Modality{Photo, Photo} },
		"a threshold of 2":          func(p *Policy) { p.PhotoThreshold = 2 },
		"sound not compared":        func(p *Policy) { p.Modalities, p.SoundThreshold = []Modality{Photo}, 0.5 },
		"no verifier":               func(p *Policy) { p.Verifier = "" },
		"admit on failure":          func(p *Policy) { p.OnFailure = "admit" },
		"admit without verifier":    func(p *Policy) { p.Outage.Then = "admit" },
		"five hours of waiting":     func(p *Policy) { p.Outage.RetryMinutes = 300 },
		"an interval backwards":     func(p *Policy) { p.Again.EveryMin, p.Again.EveryMax = 20, 10 },
		"an interval half open":     func(p *Policy) { p.Again.EveryMax = 10 },
		"away for a second":         func(p *Policy) { p.Again.AwaySeconds = 1 },
		"an unknown response":       func(p *Policy) { p.Liveness = map[Flag]Response{FrozenPicture: "maybe"} },
		"an unknown flag":           func(p *Policy) { p.Liveness = map[Flag]Response{"smile": Warn} },
		"half a screen":             func(p *Policy) { p.Screen = "window" },
		"a tile of a megabit":       func(p *Policy) { p.Rates.Low = 1000 },
		"less large than small":     func(p *Policy) { p.Rates.Low, p.Rates.High = 400, 300 },
		"a screen of nothing":       func(p *Policy) { p.Rates.Screen = 0 },
		"two phones":                func(p *Policy) { p.Phone = "two" },
		"a phone of a gigabit":      func(p *Policy) { p.Rates.Phone = 1000000 },
		"an unknown again-answer":   func(p *Policy) { p.Again.OnFailure = "" },
	} {
		p := DefaultPolicy()
		change(&p)
		if err := p.Check(); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A changed policy is in the log, setting by setting; one that stays is not; a refused one changes nothing.
func TestPolicyChangeIsLogged(t *testing.T) {
	x := newTestExams(t)
	changes := func() []ledger.Row {
		rows, _, err := x.log.Page(t.Context(), ledger.Filter{Exam: x.exam.ID, Type: ledger.TypePolicyChange}, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	p := x.exam.Policy
	p.Threshold, p.Again.Reconnected = 0.95, true
	if err := x.SetPolicy(t.Context(), x.exam.ID, x.proctor, p); err != nil {
		t.Fatal(err)
	}
	got := map[string]ledger.PolicyChange{}
	for _, r := range changes() {
		var d ledger.PolicyChange
		if err := r.Data(&d); err != nil {
			t.Fatal(err)
		}
		got[d.Class] = d
		if r.Personal["actor"] != x.proctor.Name.String() || d.What != "exam" || r.Outcome != "changed" {
			t.Errorf("%+v of %v", d, r.Personal)
		}
	}
	if len(got) != 2 || got["threshold"].Before != "0.9999" || got["threshold"].After != "0.95" || got["again"].Before == got["again"].After {
		t.Errorf("%+v", got)
	}
	if e, err := x.Exam(t.Context(), x.exam.ID); err != nil || !reflect.DeepEqual(e.Policy, p) {
		t.Errorf("%+v, %v", e.Policy, err)
	}

	e := x.exam
	e.Policy = p
	if _, err := x.Ensure(t.Context(), e); err != nil || len(changes()) != 2 {
		t.Errorf("set again: %v; %d records", err, len(changes()))
	}
	e.Policy.Tries = 5
	if _, err := x.Ensure(t.Context(), e); err != nil || len(changes()) != 3 {
		t.Errorf("set from the command line: %v; %d records", err, len(changes()))
	}
	if r := changes()[0]; r.Personal["actor"] != "" {
		t.Errorf("%v changed it, at the command line", r.Personal)
	}

	bad := p
	bad.Tries = 0
	if err := x.SetPolicy(t.Context(), x.exam.ID, x.proctor, bad); !errors.Is(err, ErrPolicy) {
		t.Errorf("no tries: %v", err)
	}
	if err := x.SetPolicy(t.Context(), uuid.New(), x.proctor, p); !errors.Is(err, ErrNotFound) {
		t.Errorf("no exam: %v", err)
	}
	stranger := account.Person{ID: uuid.New(), Organisation: uuid.New(), Name: x.proctor.Name}
	if err := x.SetPolicy(t.Context(), x.exam.ID, stranger, DefaultPolicy()); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation: %v", err)
	}
	if e, err := x.Exam(t.Context(), x.exam.ID); err != nil || e.Policy.Tries != 5 || len(changes()) != 3 {
		t.Errorf("refused, and changed: %+v, %v; %d records", e.Policy, err, len(changes()))
	}
}
