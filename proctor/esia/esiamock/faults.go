package esiamock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"ochno/proctor/esia"
)

// FaultKind is what goes wrong.
type FaultKind string

// Kinds of faults.
const (
	FaultError       FaultKind = "error"        // ESIA's error Code instead of an answer
	FaultSlow        FaultKind = "slow"         // the answer comes after Delay
	FaultHTML        FaultKind = "html"         // a page about maintenance instead of an answer
	FaultRotatedKey  FaultKind = "rotated_key"  // tokens are signed by a key whose certificate nobody has
	FaultSkewedClock FaultKind = "skewed_clock" // the stand's clock is off by Skew: tokens, timestamps and the Date of answers
)

// Places where a fault can be.
const (
	PlaceAuthorize = "authorize" // the sign-in in the browser
	PlaceToken     = "token"     // the exchange of the code
	PlaceREST      = "rest"      // the person and the collections
)

// Fault is something that goes wrong at the stand on purpose.
type Fault struct {
	Kind FaultKind
	// Code of an error: ESIA-007008.
	Code string
	// Delay of a slow answer, at most 5 minutes.
	Delay time.Duration
	// Skew of a clock, at most 24 hours either way.
	Skew time.Duration
	// Person is the OID of whom it strikes; "" is everybody. A skewed clock strikes everybody.
	Person string
	// Place where it strikes; "" is everywhere.
	Place string
	// Times is how many requests it strikes before it is gone; 0 is all.
	Times int
}

const (
	maxFaults = 100
	maxDelay  = 5 * time.Minute
	maxSkew   = 24 * time.Hour
)

func (f Fault) check() error {
	switch f.Kind {
	case FaultError:
		if !esiaCodeForm.MatchString(f.Code) {
			return errors.New("an error needs a code of ESIA: ESIA-007008")
		}
	case FaultSlow:
		if f.Delay <= 0 || f.Delay > maxDelay {
			return fmt.Errorf("slow needs a delay of up to %s", maxDelay)
		}
	case FaultSkewedClock:
		if f.Skew == 0 || f.Skew.Abs() > maxSkew || f.Person != "" || f.Place != "" || f.Times != 0 {
			return fmt.Errorf("a skewed clock needs a skew of up to %s, and strikes everybody everywhere", maxSkew)
		}
	case FaultHTML, FaultRotatedKey:
	default:
		return fmt.Errorf("the kind %q is none of error, slow, html, rotated_key, skewed_clock", f.Kind)
	}
	if !slices.Contains([]string{"", PlaceAuthorize, PlaceToken, PlaceREST}, f.Place) {
		return fmt.Errorf("the place %q is none of authorize, token, rest", f.Place)
	}
	if f.Times < 0 {
		return errors.New("times is negative")
	}
	return nil
}

// ParseFault reads a fault as flags write it: kind[:detail][,person=OID][,place=P][,times=N], where the detail is the code of an error,
// the delay of slow or the skew of a clock. Examples: error:ESIA-007008,place=token,times=1 · slow:20s,person=1000000001 · html ·
// rotated_key · skewed_clock:-10m.
func ParseFault(text string) (Fault, error) {
	parts := strings.Split(text, ",")
	kind, detail, _ := strings.Cut(parts[0], ":")
	f := Fault{Kind: FaultKind(kind)}
	var err error
	switch {
	case detail == "":
	case f.Kind == FaultError:
		f.Code = detail
	case f.Kind == FaultSlow:
		f.Delay, err = time.ParseDuration(detail)
	case f.Kind == FaultSkewedClock:
		f.Skew, err = time.ParseDuration(detail)
	default:
		err = fmt.Errorf("%s has no detail", kind)
	}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "person":
			f.Person = value
		case "place":
			f.Place = value
		case "times":
			if _, scan := fmt.Sscanf(value, "%d", &f.Times); scan != nil || f.Times < 1 {
				err = errors.New("times is not a positive number")
			}
		default:
			err = fmt.Errorf("%q is none of person=, place=, times=", part)
		}
	}
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

// faults are those that are switched on.
type faults struct {
	mu  sync.Mutex
	set []Fault
}

// SetFaults switches these faults on and all others off.
func (s *Stand) SetFaults(set ...Fault) error {
	if len(set) > maxFaults {
		return fmt.Errorf("over %d faults", maxFaults)
	}
	for i, f := range set {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set = slices.Clone(set)
	return nil
}

// Faults are those that are switched on, their Times counted down.
func (s *Stand) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.set)
}

// strike returns the faults of the kinds that strike here, and counts them.
func (f *faults) strike(place, person string, kinds ...FaultKind) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var struck, left []Fault
	for _, fault := range f.set {
		if !slices.Contains(kinds, fault.Kind) || fault.Place != "" && fault.Place != place || fault.Person != "" && fault.Person != person {
			left = append(left, fault)
			continue
		}
		struck = append(struck, fault)
		if fault.Times == 1 {
			continue
		}
		if fault.Times > 1 {
			fault.Times--
		}
		left = append(left, fault)
	}
	f.set = left
	return struck
}

// skew is how far the stand's clock is off.
func (f *faults) skew() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sum time.Duration
	for _, fault := range f.set {
		sum += fault.Skew
	}
	return sum
}

// misbehaves strikes a request whose answer is data. It returns true when it has answered.
func (s *Stand) misbehaves(w http.ResponseWriter, r *http.Request, place, person string) bool {
	for _, fault := range s.faults.strike(place, person, FaultSlow, FaultHTML, FaultError) {
		switch fault.Kind {
		case FaultSlow:
			if !wait(r, fault.Delay) {
				return true
			}
		case FaultHTML:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write([]byte("<!doctype html><title>Технические работы</title><h1>Ведутся технические работы</h1>"))
			return true
		case FaultError:
			s.logger.Info("refused on purpose", "place", place, "code", fault.Code)
			if place == PlaceREST {
				writeJSON(w, http.StatusBadRequest, map[string]string{"code": fault.Code, "message": "A fault of the stand"})
			} else {
				writeJSON(w, http.StatusBadRequest, map[string]string{"error": oauthName(fault.Code), "error_description": fault.Code + ": A fault of the stand", "state": r.PostFormValue("state")})
			}
			return true
		}
	}
	return false
}

// misbehavesInBrowser strikes a sign-in: an error goes back to the system.
func (s *Stand) misbehavesInBrowser(w http.ResponseWriter, r *http.Request, person, redirectURL, state string) bool {
	for _, fault := range s.faults.strike(PlaceAuthorize, person, FaultSlow, FaultHTML, FaultError) {
		switch fault.Kind {
		case FaultSlow:
			if !wait(r, fault.Delay) {
				return true
			}
		case FaultHTML:
			s.render(w, r, http.StatusServiceUnavailable, "problem.html", "", page{Problem: dictionary[language(r)].Maintenance})
			return true
		case FaultError:
			s.sendBack(w, r, redirectURL, refuse(oauthName(fault.Code), fault.Code, "A fault of the stand"), state)
			return true
		}
	}
	return false
}

// wait ends early, with false, when the other side gives up.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// oauthName is the OAuth error that goes with a code of ESIA.
func oauthName(code string) string {
	switch code {
	case "ESIA-007004", "ESIA-007053", "ESIA-007055", "ESIA-007019":
		return "access_denied"
	case "ESIA-007005":
		return "unauthorized_client"
	case "ESIA-007006", "ESIA-007013":
		return "invalid_scope"
	case "ESIA-007007":
		return "server_error"
	case "ESIA-007008":
		return "temporarily_unavailable"
	case "ESIA-007011", "ESIA-007039", "ESIA-007040":
		return "invalid_grant"
	}
	return "invalid_request"
}

// The admin API: GET, PUT and DELETE /admin/faults with a list of {kind, code, delay, skew, person, place, times}; POST /admin/rotate.
// It is for whoever runs the stand, where anybody may sign in as anybody; a page of another origin cannot send PUT or DELETE.

type faultJSON struct {
	Kind   FaultKind `json:"kind"`
	Code   string    `json:"code,omitempty"`
	Delay  string    `json:"delay,omitempty"` // 20s
	Skew   string    `json:"skew,omitempty"`  // -10m
	Person string    `json:"person,omitempty"`
	Place  string    `json:"place,omitempty"`
	Times  int       `json:"times,omitempty"`
}

func (s *Stand) listFaults(w http.ResponseWriter, _ *http.Request) {
	list := make([]faultJSON, 0)
	for _, f := range s.Faults() {
		entry := faultJSON{Kind: f.Kind, Code: f.Code, Person: f.Person, Place: f.Place, Times: f.Times}
		if f.Delay != 0 {
			entry.Delay = f.Delay.String()
		}
		if f.Skew != 0 {
			entry.Skew = f.Skew.String()
		}
		list = append(list, entry)
	}
	writeJSON(w, http.StatusOK, list)
}

func (s *Stand) putFaults(w http.ResponseWriter, r *http.Request) {
	var list []faultJSON
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&list)
	var set []Fault
	for _, entry := range list {
		f := Fault{Kind: entry.Kind, Code: entry.Code, Person: entry.Person, Place: entry.Place, Times: entry.Times}
		for _, d := range []struct {
			text string
			into *time.Duration
		}{{entry.Delay, &f.Delay}, {entry.Skew, &f.Skew}} {
			if d.text != "" && err == nil {
				*d.into, err = time.ParseDuration(d.text)
			}
		}
		set = append(set, f)
	}
	if err == nil {
		err = s.SetFaults(set...)
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	s.listFaults(w, r)
}

func (s *Stand) deleteFaults(w http.ResponseWriter, r *http.Request) {
	if err := s.SetFaults(); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	s.listFaults(w, r)
}

func (s *Stand) rotateKey(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" { // a browser's page, which could send this one from anywhere
		writeJSON(w, http.StatusForbidden, map[string]string{"error": "not for browsers"})
		return
	}
	if err := s.Rotate(); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	certificates, err := esia.ParseCertificates(s.CertificatePEM())
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]int{"certificates": len(certificates)})
}
