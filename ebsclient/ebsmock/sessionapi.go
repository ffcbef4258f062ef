package ebsmock

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// begin answers POST /api/v2/verifications.
func (s *Stand) begin(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Metadata struct {
			Date       string `json:"date"`
			UserID     string `json:"user_id"`
			InfoSystem string `json:"info_system"`
			IDP        string `json:"idp"`
		} `json:"metadata"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMetadata)).Decode(&body); err != nil {
		refuseBody(w, err)
		return
	}
	m := body.Metadata
	if !isOID(m.UserID) || m.IDP != "ESIA" || m.Date == "" || strings.Trim(m.Date, "0123456789") != "" || !isReturn(r.URL.Query().Get("redirect")) {
		refuseBody(w, errBadForm)
		return
	}
	if !s.known(m.InfoSystem) {
		refuse(w, http.StatusForbidden, "forbidden", "Такой системы нет.", "There is no such system.")
		return
	}
	if !s.speaksFor(r, m.InfoSystem, m.UserID) {
		refuseStranger(w)
		return
	}
	sc, b, err := s.scenario(r, m.UserID)
	if err != nil {
		refuseScenario(w)
		return
	}
	one := session{id: newID(), system: m.InfoSystem, oid: m.UserID, returnTo: r.URL.Query().Get("redirect"), bearer: sha256.Sum256([]byte(bearer(r)))}
	if b.early {
		if !s.meet(w, r, sc, b) {
			return
		}
	} else {
		b = behaviour{}
		if sc.Name != "" {
			one.scenario = &sc
		}
	}
	if one, err = s.sessions.begin(one); err != nil {
		s.refuseSession(w, r, err)
		return
	}
	w.Header().Set("Location", s.cfg.PublicURL+"/session?"+url.Values{"session_id": {one.id}}.Encode())
	s.send(w, r, b, http.StatusFound, map[string]string{"session_id": one.id})
}

func (s *Stand) known(mnemonic string) bool {
	for _, system := range s.cfg.Systems {
		if system.Mnemonic == mnemonic {
			return true
		}
	}
	return false
}

// speaksFor says whether the bearer's token is the system's own, or looks like ESIA's for this person. ESIA's signature is not
// checked: the stand knows no ESIA.
func (s *Stand) speaksFor(r *http.Request, mnemonic, oid string) bool {
	if name, ok := s.authenticate(r); ok {
		return name == mnemonic
	}
	parts := strings.Split(bearer(r), ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	var claims struct {
		OID json.Number `json:"urn:esia:sbj_id"`
	}
	return json.Unmarshal(payload, &claims) == nil && claims.OID.String() == oid
}

// result answers GET /api/v2/verifications/{id}/result.
func (s *Stand) result(w http.ResponseWriter, r *http.Request) {
	one, err := s.sessions.get(r.PathValue("id"))
	if err != nil {
		s.refuseSession(w, r, err)
		return
	}
	if one.adapter || one.bearer != sha256.Sum256([]byte(bearer(r))) {
		refuseStranger(w)
		return
	}
	s.deliver(w, r, one, "")
}

// exchange answers POST /bio/remote-identification/result.
func (s *Stand) exchange(w http.ResponseWriter, r *http.Request) {
	mnemonic, ok := s.authenticate(r)
	if !ok {
		refuseStranger(w)
		return
	}
	id, ok := requestID(w, r)
	if !ok {
		return
	}
	var body struct {
		ResSecret string `json:"resSecret"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMetadata)).Decode(&body); err != nil || len(body.ResSecret) < 4 || len(body.ResSecret) > 4*250 {
		refuseBody(w, errors.Join(errBadForm, err))
		return
	}
	one, err := s.sessions.bySecretFor(body.ResSecret, id)
	switch {
	case errors.Is(err, errNoSession):
		refuse(w, http.StatusBadRequest, "bad_secret", "Такого секрета нет.", "There is no such secret.")
		return
	case err != nil:
		s.refuseSession(w, r, err)
		return
	case one.system != mnemonic:
		refuse(w, http.StatusForbidden, "forbidden", "Секрет другой системы.", "The secret is another system's.")
		return
	}
	s.deliver(w, r, one, id)
}

// deliver gives the session's verdict to whom it was promised, or says what became of it. The scenario met is the request's own,
// which waits for nobody, or else the session's, or the subject's.
func (s *Stand) deliver(w http.ResponseWriter, r *http.Request, one session, request string) {
	own := r.Header.Get(ScenarioHeader) != ""
	if one.state == statePending && !own {
		s.sendPending(w, r)
		return
	}
	sc, b, err := s.scenarioOf(r, one)
	if err != nil {
		refuseScenario(w)
		return
	}
	if b.ends == "" && !s.meet(w, r, sc, b) {
		return
	}
	switch {
	case b.ends != "":
		one.state = b.ends
	case b.blind && own:
		one.state = stateSuccess
	case one.refused != nil:
		s.refuseSamples(w, r, one.refused)
		return
	}
	switch one.state {
	case statePending:
		s.sendPending(w, r)
		return
	case stateSuccess:
	default:
		s.send(w, r, b, http.StatusOK, map[string]string{"state": one.state})
		return
	}
	token, err := s.sessions.give(one.id, request, func(one session) (string, error) {
		q := &question{oid: one.oid, session: one.id, challenge: one.challenge, system: one.system}
		o := one.outcome
		if b.outcome != nil {
			b.outcome(&o)
		}
		token, jti, err := s.verdict(q, o, b)
		if err == nil {
			s.answers.note(q.oid, jti)
		}
		return token, err
	})
	if err != nil {
		s.refuseSession(w, r, err)
		return
	}
	s.send(w, r, b, http.StatusOK, map[string]string{"state": stateSuccess, "extended_result": token})
}

func (s *Stand) sendPending(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	s.send(w, r, behaviour{}, http.StatusAccepted, map[string]string{"state": statePending})
}

// scenarioOf is the scenario of a request for a session's result.
func (s *Stand) scenarioOf(r *http.Request, one session) (Scenario, behaviour, error) {
	if r.Header.Get(ScenarioHeader) == "" && one.scenario != nil {
		b, _ := behave(one.scenario.Name)
		return *one.scenario, b, nil
	}
	return s.scenario(r, one.oid)
}

// refuseSession answers where there is no session, or no longer one.
func (s *Stand) refuseSession(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errNoSession):
		refuse(w, http.StatusNotFound, "expired", "Такой сессии нет.", "There is no such session.")
	case errors.Is(err, errSessionOver):
		refuse(w, http.StatusGone, "expired", "Сессия истекла.", "The session is over.")
	case errors.Is(err, errSecretUsed):
		refuseSecret(w, Scenario{})
	case errors.Is(err, errTooMany):
		refuse(w, http.StatusServiceUnavailable, "too_many", "Стенд заполнен.", "The stand is full.")
	default:
		s.fault(w, r, err)
	}
}

func refuseSecret(w http.ResponseWriter, _ Scenario) {
	refuse(w, http.StatusUnprocessableEntity, "secret_used", "Секрет уже использован.", "The secret was used before.")
}
