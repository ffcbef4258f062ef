package ebsmock

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// What the stand's page for a session asks and says. Whoever has a session's ID is the person it was begun for.

// launch answers POST /sessions: the page was opened by an adapter's launch link.
func (s *Stand) launch(w http.ResponseWriter, r *http.Request) {
	var body struct {
		SID      string `json:"sid"`
		System   string `json:"infoSystem"`
		ReturnTo string `json:"returnTo"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMetadata)).Decode(&body); err != nil {
		refuseBody(w, err)
		return
	}
	if len(body.SID) < 8 || len(body.SID) > 64 || strings.Trim(body.SID, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") != "" || !isReturn(body.ReturnTo) {
		refuseBody(w, errBadForm)
		return
	}
	if !s.known(body.System) {
		refuse(w, http.StatusForbidden, "forbidden", "Такой системы нет.", "There is no such system.")
		return
	}
	one, err := s.sessions.begin(session{id: body.SID, adapter: true, system: body.System, returnTo: body.ReturnTo})
	if err == nil && (!one.adapter || one.system != body.System || one.returnTo != body.ReturnTo) {
		err = errSessionOver // somebody else's
	}
	if err != nil {
		s.refuseSession(w, r, err)
		return
	}
	s.writeSession(w, one)
}

func (s *Stand) showSession(w http.ResponseWriter, r *http.Request) {
	one, err := s.sessions.get(r.PathValue("id"))
	if err != nil {
		s.refuseSession(w, r, err)
		return
	}
	s.writeSession(w, one)
}

// writeSession says what the page needs to know. Where to return is said once the session has ended.
func (s *Stand) writeSession(w http.ResponseWriter, one session) {
	out := map[string]any{
		"id": one.id, "system": one.system, "state": one.state, "challenge": one.challenge, "choosesPerson": one.adapter, "scenarios": ScenarioNames(),
	}
	if one.adapter {
		out["people"] = s.choice()
	}
	if one.state != statePending {
		out["returnTo"] = one.returnURL()
	}
	writeJSON(w, http.StatusOK, out)
}

// choice is who may come by a launch link: those offered for enrolment, and those enrolled.
func (s *Stand) choice() []Person {
	people := append([]Person{}, s.cfg.People...)
	known := make(map[string]bool)
	for _, p := range people {
		known[p.OID] = true
	}
	for _, e := range s.enrolled.list() {
		if !known[e.OID] {
			people = append(people, e.Person)
		}
	}
	return people
}

// person is of whom the session is: with an adapter, who the page says.
func (one session) person(said string) (oid string, ok bool) {
	if one.adapter {
		return said, isOID(said)
	}
	return one.oid, true
}

// takeSamples answers POST /sessions/{id}/samples: the person confirms with camera and microphone.
func (s *Stand) takeSamples(w http.ResponseWriter, r *http.Request) {
	m, q, err := readForm(w, r)
	if err != nil {
		refuseBody(w, err)
		return
	}
	defer q.wipe()
	one, err := s.sessions.get(r.PathValue("id"))
	if err != nil {
		s.refuseSession(w, r, err)
		return
	}
	oid, ok := one.person(m.UserID)
	if !ok || (len(q.shown) > 0 && len(q.shown) != len(one.challenge)) {
		refuseBody(w, errBadForm)
		return
	}
	if one.state != statePending {
		s.writeSession(w, one)
		return
	}
	e := end{state: stateSuccess, oid: oid}
	if one.scenario == nil && one.adapter {
		// Only now it is known of whom the session is.
		if sc, ok := s.scenarios.take(oid); ok {
			one.scenario, e.scenario = &sc, &sc
		}
	}
	q.oid, q.session, q.challenge, q.system = oid, one.id, one.challenge, one.system
	if one.scenario != nil {
		e.state = endOf(*one.scenario)
	}
	if one.scenario == nil || !blind(*one.scenario) {
		e.outcome, err = s.compare(r.Context(), q)
		switch {
		case err == nil:
		case errors.Is(err, errNotEnrolled):
			e.state, e.refused = stateFailure, err
		case errors.Is(err, errNoFace) || errors.Is(err, errSeveralFaces) || errors.Is(err, errNotPicture) || errors.Is(err, errNotSound):
			if s.sessions.try(one.id) {
				s.refuseSamples(w, r, err)
				return
			}
			e.state = stateRepeat
		default:
			s.refuseSamples(w, r, err)
			return
		}
	}
	s.end(w, r, one.id, e)
}

// takeScenario answers POST /sessions/{id}/scenario: the person picked what is to happen.
func (s *Stand) takeScenario(w http.ResponseWriter, r *http.Request) {
	var body struct {
		scenarioBody
		UserID string `json:"user_id"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&body); err != nil {
		refuseBody(w, err)
		return
	}
	sc, err := body.scenario()
	if err != nil {
		refuseScenario(w)
		return
	}
	one, err := s.sessions.get(r.PathValue("id"))
	if err != nil {
		s.refuseSession(w, r, err)
		return
	}
	oid, ok := one.person(body.UserID)
	if !ok && endOf(sc) == stateSuccess {
		refuseBody(w, errBadForm)
		return
	}
	s.end(w, r, one.id, end{state: endOf(sc), oid: oid, scenario: &sc})
}

// end ends the session and says where to go. A session that had ended before stays as it is.
func (s *Stand) end(w http.ResponseWriter, r *http.Request, id string, e end) {
	one, err := s.sessions.finish(id, e)
	if err != nil && one.id == "" {
		s.refuseSession(w, r, err)
		return
	}
	s.writeSession(w, one)
}

// endOf is the state a session comes to by a scenario.
func endOf(sc Scenario) string {
	if b, _ := behave(sc.Name); b.ends != "" {
		return b.ends
	}
	return stateSuccess
}

// blind says whether a scenario needs no samples compared.
func blind(sc Scenario) bool {
	b, _ := behave(sc.Name)
	return b.blind || b.refusal != nil
}
