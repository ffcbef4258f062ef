package exam

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// Policy is what the university decided for an exam: who is believed to be who, how often it is asked, and what happens when the answer is
// no, or does not come. No policy admits anybody without a checked verdict or two members of staff.
//
// Its JSON stands in the exam's row, in what `ochno exam --policy` reads and in the API; fields that are absent there have the values of
// DefaultPolicy, so that rows of earlier versions keep their meaning.
type Policy struct {
	// Threshold is the least overall score of a verdict that identifies, 0…1.
	Threshold float64 `json:"threshold"`
	// Tries is how many identifications a student may make by herself; a proctor may grant more.
	Tries int `json:"tries"`
	// Digits is the length of the challenge.
	Digits int `json:"digits"`
	// Modalities are what is compared at the admission.
	Modalities []Modality `json:"modalities"`
	// PhotoThreshold and SoundThreshold are the least scores of one modality; 0: the overall score alone counts.
	PhotoThreshold float64 `json:"photoThreshold"`
	SoundThreshold float64 `json:"soundThreshold"`
	// Verifier is how the verifier is reached.
	Verifier VerifierKind `json:"verifier"`
	// OnFailure is what happens after the last try.
	OnFailure OnFailure `json:"onFailure"`
	// Outage is what happens without a verifier.
	Outage Outage `json:"outage"`
	// Again says when a student is identified once more during the exam; a proctor may ask for it at any time.
	Again Again `json:"again"`
	// Admission is who lets in whom the verifier or two members of staff have identified.
	Admission Admission `json:"admission"`
	// Breaks are those that a student may take by herself.
	Breaks Breaks `json:"breaks"`
	// Liveness says what a flag of our own examination does; those not named warn.
	Liveness map[Flag]Response `json:"liveness"`
	// Watch says what is looked out for during the exam; those not named have their defaults.
	Watch map[Behaviour]Watched `json:"watch"`
	// Screen says whether the student's whole screen is recorded.
	Screen Wanted `json:"screen"`
	// Phone says whether a phone is recorded as a second camera.
	Phone Wanted `json:"phone"`
	// Rates are the ceilings of what a student sends.
	Rates Rates `json:"rates"`
	// Page says what of the student's page is watched.
	Page PageRules `json:"page"`
	// Work is where the exam itself is.
	Work Work `json:"work"`
}

// Modality is what is compared. The words are the verifiers'.
type Modality string

// The modalities.
const (
	Photo Modality = "photo"
	Sound Modality = "sound"
)

// VerifierKind is how a verifier is reached.
type VerifierKind string

// The kinds: the samples are sent, or the browser goes to the verifier's page and returns.
const (
	Push    VerifierKind = "push"
	Session VerifierKind = "session"
)

// OnFailure is what happens after the last try.
type OnFailure string

// What happens after the last try: the proctor grants another one, identifies with a colleague, or ends it; the attempt waits for two members
// of staff at once; it is terminated.
const (
	ProctorDecides OnFailure = "proctor"
	Manually       OnFailure = "manual"
	Terminate      OnFailure = "terminate"
)

// Outage is what happens while the verifier does not answer. Nobody is ever admitted because of it.
type Outage struct {
	// RetryMinutes is how long the service asks again by itself.
	RetryMinutes int `json:"retryMinutes"`
	// Then is what follows.
	Then AfterOutage `json:"then"`
}

// Retry is RetryMinutes as a duration.
func (o Outage) Retry() time.Duration { return time.Duration(o.RetryMinutes) * time.Minute }

// AfterOutage is what follows when the verifier stayed away.
type AfterOutage string

// What follows: two members of staff identify, or the student keeps waiting.
const (
	OutageManual AfterOutage = "manual"
	OutageWait   AfterOutage = "wait"
)

// Admission is who lets in.
type Admission string

// Who lets in: the identification at once, or a proctor who sees that all is well. Nobody is let in without the identification.
const (
	AdmitAtOnce    Admission = "at_once"
	AdmitByProctor Admission = "proctor"
)

// Breaks are how often and for how long a student may leave the camera; no count: never.
type Breaks struct {
	Count   int `json:"count"`
	Minutes int `json:"minutes"`
}

// Length is Minutes as a duration.
func (b Breaks) Length() time.Duration { return time.Duration(b.Minutes) * time.Minute }

// Again says when a student is identified again while she sits the exam. It disturbs her only when it fails.
type Again struct {
	// EveryMin and EveryMax bound the minutes to the next one, which is chosen at random between them; both 0: none at random.
	EveryMin int `json:"everyMin"`
	EveryMax int `json:"everyMax"`
	// Reconnected: after every reconnection.
	Reconnected bool `json:"reconnected"`
	// AwaySeconds: when the face was away longer; 0: never for that.
	AwaySeconds int `json:"awaySeconds"`
	// Digits: she is asked for digits at once, instead of only when the picture alone does not do.
	Digits bool `json:"digits"`
	// OnFailure is what happens when she fails it with digits, too.
	OnFailure AgainFailure `json:"onFailure"`
}

// Away is AwaySeconds as a duration.
func (a Again) Away() time.Duration { return time.Duration(a.AwaySeconds) * time.Second }

// AgainFailure is what happens when somebody else seems to sit there. The proctor is told in any case.
type AgainFailure string

// What happens: nothing until the proctor decides; the exam is paused; it is terminated.
const (
	AgainAlert     AgainFailure = "alert"
	AgainPause     AgainFailure = "pause"
	AgainTerminate AgainFailure = "terminate"
)

// Flag is a doubt of our own, apart from the verifier's, that a living person sat before a camera.
type Flag string

// The flags.
const (
	FrozenPicture           Flag = "frozen_picture"
	LoopedPicture           Flag = "looped_picture"
	VirtualCamera           Flag = "virtual_camera"
	OddFrameRate            Flag = "odd_frame_rate"
	NoCameraNoise           Flag = "no_camera_noise"
	VoiceBeforeDigits       Flag = "voice_before_digits"
	VoiceNotFollowingDigits Flag = "voice_not_following_digits"
	MouthNotMoving          Flag = "mouth_not_moving"
	FaceChanged             Flag = "face_changed"
)

// Flags are all of them.
func Flags() []Flag {
	return []Flag{
		FrozenPicture, LoopedPicture, VirtualCamera, OddFrameRate, NoCameraNoise, VoiceBeforeDigits, VoiceNotFollowingDigits, MouthNotMoving, FaceChanged,
	}
}

// Response is what a flag does.
type Response string

// The responses: the identification stops as failed; the proctor is told and the record says so; nothing.
const (
	Stop Response = "stop"
	Warn Response = "warn"
	Off  Response = "off"
)

// On tells what a flag does under the policy.
func (p Policy) On(f Flag) Response {
	if r, ok := p.Liveness[f]; ok {
		return r
	}
	return Warn
}

// Asks tells whether a modality is compared at the admission.
func (p Policy) Asks(m Modality) bool { return slices.Contains(p.Modalities, m) }

// Demanded is the least score of a modality, 0: none of its own.
func (p Policy) Demanded(m Modality) float64 {
	if m == Photo {
		return p.PhotoThreshold
	}
	return p.SoundThreshold
}

// DefaultPolicy is what EBS's public material suggests (the threshold is believed, not published).
func DefaultPolicy() Policy {
	return Policy{
		Threshold: 0.9999, Tries: 3, Digits: 4, Modalities: []Modality{Photo, Sound}, Verifier: Push, OnFailure: ProctorDecides,
		Outage: Outage{RetryMinutes: 15, Then: OutageManual}, Again: Again{OnFailure: AgainAlert}, Admission: AdmitAtOnce, Liveness: map[Flag]Response{},
		Watch: defaultWatch(), Screen: NotWanted, Phone: NotWanted, Rates: defaultRates(),
	}
}

// UnmarshalJSON implements json.Unmarshaler: what is absent has its default, what is unknown is passed over.
func (p *Policy) UnmarshalJSON(data []byte) error { return p.read(data, false) }

// ParsePolicy reads what a person wrote: a field that does not exist is her mistake, an error over ErrPolicy.
func ParsePolicy(data []byte) (Policy, error) {
	var p Policy
	if err := p.read(data, true); err != nil {
		return p, err
	}
	return p, p.Check()
}

func (p *Policy) read(data []byte, strict bool) error {
	type plain Policy
	read := plain(DefaultPolicy())
	read.Modalities = nil // else a shorter list would keep the default's end
	decoder := json.NewDecoder(bytes.NewReader(data))
	if strict {
		decoder.DisallowUnknownFields()
	}
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	if read.Modalities == nil {
		read.Modalities = DefaultPolicy().Modalities
	}
	*p = Policy(read)
	return nil
}

// ErrPolicy lies below every refusal of a policy.
var ErrPolicy = errors.New("policy")

// Check refuses a policy that cannot be meant, with an error over ErrPolicy that names the field.
func (p Policy) Check() error {
	known := slices.Collect(maps.Keys(p.Liveness))
	slices.Sort(known)
	for _, f := range known {
		if !slices.Contains(Flags(), f) {
			return fmt.Errorf("%w: liveness: no flag %q", ErrPolicy, f)
		}
		if !slices.Contains([]Response{Stop, Warn, Off}, p.Liveness[f]) {
			return fmt.Errorf("%w: liveness: %s: %q is not stop, warn or off", ErrPolicy, f, p.Liveness[f])
		}
	}
	if err := p.checkWatch(); err != nil {
		return err
	}
	a := p.Again
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{!(p.Threshold > 0 && p.Threshold <= 1), "threshold is not in (0, 1]"},
		{p.Tries < 1 || p.Tries > maxTriesLeft, "tries are not in 1…20"},
		{p.Digits < 3 || p.Digits > 10, "digits are not in 3…10"},
		{!slices.Equal(p.Modalities, []Modality{Photo, Sound}) && !slices.Equal(p.Modalities, []Modality{Photo}), "modalities are not [photo, sound] or [photo]"},
		{!(p.PhotoThreshold >= 0 && p.PhotoThreshold <= 1), "photoThreshold is not in 0…1"},
		{!(p.SoundThreshold >= 0 && p.SoundThreshold <= 1), "soundThreshold is not in 0…1"},
		{p.SoundThreshold > 0 && !p.Asks(Sound), "soundThreshold is set and sound is not compared"},
		{p.Verifier != Push && p.Verifier != Session, "verifier is not push or session"},
		{!slices.Contains([]OnFailure{ProctorDecides, Manually, Terminate}, p.OnFailure), "onFailure is not proctor, manual or terminate"},
		{p.Outage.RetryMinutes < 0 || p.Outage.RetryMinutes > 240, "outage.retryMinutes are not in 0…240"},
		{p.Outage.Then != OutageManual && p.Outage.Then != OutageWait, "outage.then is not manual or wait"},
		{(a.EveryMin != 0 || a.EveryMax != 0) && (a.EveryMin < 1 || a.EveryMax > 240 || a.EveryMin > a.EveryMax), "again.everyMin and again.everyMax are not in order within 1…240 minutes"},
		{a.AwaySeconds != 0 && (a.AwaySeconds < 5 || a.AwaySeconds > 3600), "again.awaySeconds are not 0 or 5…3600"},
		{p.Admission != AdmitAtOnce && p.Admission != AdmitByProctor, "admission is not at_once or proctor"},
		{p.Breaks.Count < 0 || p.Breaks.Count > 20, "breaks.count is not in 0…20"},
		{p.Breaks.Count > 0 && (p.Breaks.Minutes < 1 || p.Breaks.Minutes > 120), "breaks.minutes are not in 1…120"},
		{p.Breaks.Count == 0 && p.Breaks.Minutes != 0, "breaks.minutes are set and no break is allowed"},
		{!p.Phone.valid(), "phone is not none or required"},
		{!p.Screen.valid(), "screen is not none or required"},
		{!p.Rates.valid(), "rates are not low in 64…500, high in 150…4000 and no less than low, screen and phone in 150…4000 kbit/s"},
		{!p.Work.valid(), "work.url is no https address, or nothing is there to embed"},
		{!slices.Contains([]AgainFailure{AgainAlert, AgainPause, AgainTerminate}, a.OnFailure), "again.onFailure is not alert, pause or terminate"},
	} {
		if rule.broken {
			return fmt.Errorf("%w: %s", ErrPolicy, rule.text)
		}
	}
	return nil
}

// SetPolicy changes an exam's policy, also while it goes on; what was decided under the old one stands. Each setting that changed is a record
// of the log, with what it was and who changed it. An error over ErrPolicy refuses.
func (x *Exams) SetPolicy(ctx context.Context, id uuid.UUID, actor account.Person, p Policy) error {
	if err := p.Check(); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, selectExam+` where id = $1 and organisation_id = $2 for update`, id, actor.Organisation)
		before, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Exam])
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read the exam: %w", err)
		}
		if _, err := tx.Exec(ctx, `update exam set policy = $2 where id = $1`, id, p); err != nil {
			return fmt.Errorf("store the policy: %w", err)
		}
		return x.logPolicy(ctx, tx, before, p, &actor)
	})
}

// logPolicy writes a record for each setting that changes; without an actor the change came from the command line.
func (x *Exams) logPolicy(ctx context.Context, tx pgx.Tx, before Exam, after Policy, actor *account.Person) error {
	was, err := before.Policy.settings()
	if err != nil {
		return err
	}
	becomes, err := after.settings()
	if err != nil {
		return err
	}
	var personal map[string]string
	if actor != nil {
		personal = map[string]string{"actor": actor.Name.String()}
	}
	for _, name := range slices.Sorted(maps.Keys(becomes)) {
		if bytes.Equal(was[name], becomes[name]) {
			continue
		}
		if _, err := x.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypePolicyChange, At: x.now(), Exam: before.ID, Outcome: "changed",
			Data:     ledger.PolicyChange{What: "exam", Class: name, Before: string(was[name]), After: string(becomes[name])},
			Personal: personal,
		}); err != nil {
			return err
		}
	}
	return nil
}

// settings are the policy's top fields by their names, each as JSON.
func (p Policy) settings() (map[string]json.RawMessage, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write the policy: %w", err)
	}
	var out map[string]json.RawMessage
	return out, json.Unmarshal(text, &out)
}
