package ebsmock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ScenarioHeader asks for a scenario in one request: a name, and settings after semicolons: "429;retry-after=2".
const ScenarioHeader = "X-Stand-Scenario"

// Scenario makes the stand misbehave, or answer without comparing. The package's documentation lists the names.
type Scenario struct {
	Name string `json:"scenario"`
	// Times is how many requests it is for; 0: all.
	Times int `json:"times,omitempty"`
	// Delay is how long "slow" waits; default 3 s, at most 2 min.
	Delay time.Duration `json:"-"`
	// RetryAfter is what "429" and "503" say, in whole seconds; default 1 s.
	RetryAfter time.Duration `json:"-"`
}

// behaviour is what a scenario changes. Each field may be nil.
type behaviour struct {
	// refusal answers instead of a verdict.
	refusal func(w http.ResponseWriter, sc Scenario)
	// outcome changes what was compared.
	outcome func(o *outcome)
	// claims changes what is said.
	claims func(s *Stand, claims map[string]any)
	// seal changes how it is signed.
	seal func(s *Stand, claims map[string]any) (string, error)
	// send changes how it is sent.
	send func(w http.ResponseWriter, status int, body []byte)
	// ends is the state a session comes to instead of a verdict.
	ends string
	// early: a session meets it at its beginning, if it is known by then.
	early bool
	// blind: the scenario needs no samples to compare and no enrolment.
	blind bool
	// wait is how long to wait before anything else.
	wait func(sc Scenario) time.Duration
}

const forever = time.Duration(1<<63 - 1)

// ScenarioNames returns the names of all scenarios.
func ScenarioNames() []string {
	return []string{
		"match", "near_miss", "no_match", "photo_missing", "sound_missing", "spoof", "repeat", "cancel", "failure",
		"low_quality", "liveness_failed", "not_enrolled", "expired_session", "replayed_secret", "wrong_issuer", "wrong_subject", "wrong_audience", "wrong_session", "wrong_challenge", "bad_signature", "unknown_key",
		"alg_none", "score_out_of_range", "replayed", "expired", "future", "401", "403", "422", "429", "500", "503", "half", "slow", "never",
	}
}

func scores(overall, photo, sound float64) func(o *outcome) {
	return func(o *outcome) {
		*o = outcome{overall: overall, photo: photo, sound: sound, alive: true, liveness: 0.99}
	}
}

func claim(name string, value any) func(*Stand, map[string]any) {
	return func(_ *Stand, claims map[string]any) { claims[name] = value }
}

func refusal(status int, code, ru, en string) func(http.ResponseWriter, Scenario) {
	return func(w http.ResponseWriter, _ Scenario) { refuse(w, status, code, ru, en) }
}

func without(modality string) func(*Stand, map[string]any) {
	return func(_ *Stand, claims map[string]any) { delete(claims["match"].(map[string]any), modality) }
}

// behave finds what a scenario changes.
func behave(name string) (b behaviour, ok bool) {
	certain := scores(0.99995, 0.99995, 0.99999)
	switch name {
	case "match":
		return behaviour{blind: true, outcome: certain}, true
	case "near_miss":
		return behaviour{blind: true, outcome: scores(0.9998, 0.9998, 0.99999)}, true
	case "no_match":
		return behaviour{blind: true, outcome: scores(0.0123, 0.0123, 0.98)}, true
	case "photo_missing":
		return behaviour{blind: true, outcome: certain, claims: without("photo")}, true
	case "sound_missing":
		return behaviour{blind: true, outcome: certain, claims: without("sound")}, true
	case "spoof":
		return behaviour{blind: true, outcome: func(o *outcome) { certain(o); o.alive, o.liveness = false, 0.02 }}, true
	case "repeat":
		return behaviour{ends: stateRepeat, refusal: refusal(422, "repeat", "Пройдите идентификацию ещё раз.", "The person has to go through it again.")}, true
	case "cancel":
		return behaviour{ends: stateCancel, refusal: refusal(422, "cancelled", "Человек отказался.", "The person called it off.")}, true
	case "failure":
		return behaviour{ends: stateFailure, refusal: refusal(422, "failed", "Идентификация не удалась.", "The identification failed.")}, true
	case "replayed_secret":
		return behaviour{refusal: refuseSecret}, true
	case "low_quality", "422":
		return behaviour{refusal: refusal(422, "low_quality", "Образец не подходит для сравнения.", "The sample cannot be compared.")}, true
	case "liveness_failed":
		return behaviour{refusal: refusal(422, "liveness_failed", "Не видно живого человека.", "No living person was seen.")}, true
	case "not_enrolled":
		return behaviour{early: true, refusal: func(w http.ResponseWriter, _ Scenario) { refuseNotEnrolled(w) }}, true
	case "expired_session":
		return behaviour{refusal: refusal(410, "expired", "Сессия истекла.", "The session is over.")}, true
	case "wrong_issuer":
		return behaviour{blind: true, outcome: certain, claims: claim("iss", "somebody-else")}, true
	case "wrong_subject":
		return behaviour{blind: true, outcome: certain, claims: claim("sub", "999999999")}, true
	case "wrong_audience":
		return behaviour{blind: true, outcome: certain, claims: claim("aud", "SOMEBODY_ELSE")}, true
	case "wrong_session":
		return behaviour{blind: true, outcome: certain, claims: claim("session_id", "another-session")}, true
	case "wrong_challenge":
		return behaviour{blind: true, outcome: certain, claims: claim("challenge", "0000000000")}, true
	case "score_out_of_range":
		return behaviour{blind: true, outcome: scores(1.2, 1, 1)}, true
	case "bad_signature":
		return behaviour{blind: true, outcome: certain, seal: sealBadly}, true
	case "unknown_key":
		return behaviour{blind: true, outcome: certain, seal: func(s *Stand, c map[string]any) (string, error) { return s.signer.signForeign(c) }}, true
	case "alg_none":
		return behaviour{blind: true, outcome: certain, seal: sealNot}, true
	case "replayed":
		return behaviour{blind: true, outcome: certain, claims: (*Stand).repeatID}, true
	case "expired":
		return behaviour{blind: true, outcome: certain, claims: shift(-time.Hour)}, true
	case "future":
		return behaviour{blind: true, outcome: certain, claims: shift(time.Hour)}, true
	case "401":
		return behaviour{early: true, refusal: refusal(401, "not_authenticated", "Система не опознана.", "The system is not authenticated.")}, true
	case "403":
		return behaviour{early: true, refusal: refusal(403, "forbidden", "Системе это не разрешено.", "The system may not do this.")}, true
	case "429":
		return behaviour{early: true, refusal: busy(429, "busy")}, true
	case "500":
		return behaviour{early: true, refusal: refusal(500, "internal", "Сбой.", "A failure.")}, true
	case "503":
		return behaviour{early: true, refusal: busy(503, "unavailable")}, true
	case "half":
		return behaviour{early: true, blind: true, outcome: certain, send: sendHalf}, true
	case "slow":
		return behaviour{early: true, wait: func(sc Scenario) time.Duration { return sc.Delay }}, true
	case "never":
		return behaviour{early: true, wait: func(Scenario) time.Duration { return forever }}, true
	}
	return behaviour{}, false
}

func busy(status int, code string) func(http.ResponseWriter, Scenario) {
	return func(w http.ResponseWriter, sc Scenario) {
		w.Header().Set("Retry-After", strconv.Itoa(int(sc.RetryAfter/time.Second)))
		refuse(w, status, code, "Слишком много запросов.", "Too many requests.")
	}
}

// shift moves a verdict in time.
func shift(by time.Duration) func(*Stand, map[string]any) {
	return func(_ *Stand, claims map[string]any) {
		for _, name := range []string{"iat", "exp"} {
			claims[name] = claims[name].(int64) + int64(by/time.Second)
		}
	}
}

// repeatID gives the verdict the ID of the last one about the same subject.
func (s *Stand) repeatID(claims map[string]any) {
	if id := s.answers.lastID(claims["sub"].(string)); id != "" {
		claims["jti"] = id
	}
}

// sealBadly signs and then says something better than it signed.
func sealBadly(s *Stand, claims map[string]any) (string, error) {
	signed, err := s.signer.sign(claims)
	if err != nil {
		return "", err
	}
	claims["jti"] = "changed-after-signing"
	other, err := s.signer.sign(claims)
	if err != nil {
		return "", err
	}
	a, b := strings.Split(signed, "."), strings.Split(other, ".")
	return a[0] + "." + b[1] + "." + a[2], nil
}

// sealNot does not sign at all.
func sealNot(s *Stand, claims map[string]any) (string, error) {
	signed, err := s.signer.sign(claims)
	if err != nil {
		return "", err
	}
	parts := strings.Split(signed, ".")
	return noneHeader + "." + parts[1] + ".", nil
}

// noneHeader is {"alg":"none"}.
const noneHeader = "eyJhbGciOiJub25lIn0"

// sendHalf promises the whole body and breaks off in the middle.
func sendHalf(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// parseScenario reads the header.
func parseScenario(header string) (Scenario, error) {
	name, settings, _ := strings.Cut(header, ";")
	sc := Scenario{Name: strings.TrimSpace(name)}
	for setting := range strings.SplitSeq(settings, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(setting), "=")
		var err error
		switch key {
		case "":
		case "retry-after":
			var n int
			n, err = strconv.Atoi(value)
			sc.RetryAfter = time.Duration(n) * time.Second
		case "delay":
			sc.Delay, err = time.ParseDuration(value)
		default:
			err = errors.New("unknown")
		}
		if err != nil {
			return Scenario{}, fmt.Errorf("setting %q", key)
		}
	}
	return sc, sc.check()
}

// check refuses what is no scenario and fills in defaults.
func (sc *Scenario) check() error {
	if _, ok := behave(sc.Name); !ok {
		return errors.New("unknown scenario")
	}
	if sc.Times < 0 || sc.Delay < 0 || sc.Delay > 2*time.Minute || sc.RetryAfter < 0 || sc.RetryAfter > time.Hour {
		return errors.New("a setting out of range")
	}
	if sc.Delay == 0 {
		sc.Delay = 3 * time.Second
	}
	if sc.RetryAfter == 0 {
		sc.RetryAfter = time.Second
	}
	return nil
}

// maxScenarios bounds how many subjects have one.
const maxScenarios = 1000

// scenarios are those set per subject.
type scenarios struct {
	mu    sync.Mutex
	byOID map[string]Scenario
}

func newScenarios() *scenarios { return &scenarios{byOID: make(map[string]Scenario)} }

// take returns the subject's scenario for one request, if there is one.
func (s *scenarios) take(oid string) (Scenario, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, ok := s.byOID[oid]
	if !ok {
		return Scenario{}, false
	}
	if sc.Times == 1 {
		delete(s.byOID, oid)
	} else if sc.Times > 1 {
		sc.Times--
		s.byOID[oid] = sc
	}
	return sc, true
}

func (s *scenarios) set(oid string, sc Scenario) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byOID[oid]; !ok && len(s.byOID) >= maxScenarios {
		return errors.New("too many scenarios")
	}
	s.byOID[oid] = sc
	return nil
}

// SetScenario makes a scenario the subject's, as PUT /scenarios/{oid} does.
func (s *Stand) SetScenario(oid string, sc Scenario) error {
	if !isOID(oid) {
		return errors.New("ebsmock: scenario: an oid is 1 to 20 digits")
	}
	if err := sc.check(); err != nil {
		return fmt.Errorf("ebsmock: scenario: %w", err)
	}
	return s.scenarios.set(oid, sc)
}

func (s *Stand) listScenarios(w http.ResponseWriter, _ *http.Request) {
	s.scenarios.mu.Lock()
	set := make(map[string]Scenario, len(s.scenarios.byOID))
	for oid, sc := range s.scenarios.byOID {
		set[oid] = sc
	}
	s.scenarios.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"names": ScenarioNames(), "subjects": set})
}

// scenarioBody is a scenario as JSON.
type scenarioBody struct {
	Scenario
	DelayMS           int `json:"delayMs"`
	RetryAfterSeconds int `json:"retryAfterSeconds"`
}

func (b scenarioBody) scenario() (Scenario, error) {
	sc := b.Scenario
	sc.Delay = time.Duration(min(max(b.DelayMS, -1), 1<<30)) * time.Millisecond
	sc.RetryAfter = time.Duration(min(max(b.RetryAfterSeconds, -1), 1<<30)) * time.Second
	return sc, sc.check()
}

func (s *Stand) setScenario(w http.ResponseWriter, r *http.Request) {
	var body scenarioBody
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&body); err != nil {
		refuseBody(w, err)
		return
	}
	sc, err := body.scenario()
	if err != nil {
		refuseScenario(w)
		return
	}
	if err := s.SetScenario(r.PathValue("oid"), sc); err != nil {
		refuse(w, http.StatusBadRequest, "bad_scenario", "Такого сценария нет.", err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Stand) unsetScenario(w http.ResponseWriter, r *http.Request) {
	s.scenarios.mu.Lock()
	delete(s.scenarios.byOID, r.PathValue("oid"))
	s.scenarios.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
