package ebsmock

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// push answers POST /api/v1/push/verifications.
func (s *Stand) push(w http.ResponseWriter, r *http.Request) {
	mnemonic, ok := s.authenticate(r)
	if !ok {
		refuseStranger(w)
		return
	}
	id, ok := requestID(w, r)
	if !ok {
		return
	}
	q, err := readQuestion(w, r)
	if err != nil {
		refuseBody(w, err)
		return
	}
	defer q.wipe()
	if q.system != mnemonic {
		refuse(w, http.StatusForbidden, "forbidden", "Мнемоника не этой системы.", "The mnemonic is another system's.")
		return
	}
	sc, b, err := s.scenario(r, q.oid)
	if err != nil {
		refuseScenario(w)
		return
	}
	if !s.meet(w, r, sc, b) {
		return
	}
	s.answer(w, r, mnemonic+"/"+id, q, b)
}

// meet plays the part of a scenario that comes before anything else: a wait, a refusal. It returns whether to go on.
func (s *Stand) meet(w http.ResponseWriter, r *http.Request, sc Scenario, b behaviour) bool {
	if b.wait != nil && !s.wait(r, b.wait(sc)) {
		return false
	}
	if b.refusal != nil {
		b.refusal(w, sc)
		return false
	}
	return true
}

// requestID refuses a request without one.
func requestID(w http.ResponseWriter, r *http.Request) (id string, ok bool) {
	id = r.Header.Get("X-Request-Id")
	if id == "" || len(id) > 64 {
		refuse(w, http.StatusBadRequest, "bad_request_id", "Нужен X-Request-Id до 64 знаков.", "X-Request-Id of up to 64 characters is needed.")
		return "", false
	}
	return id, true
}

func refuseStranger(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	refuse(w, http.StatusUnauthorized, "not_authenticated", "Система не опознана.", "The system is not authenticated.")
}

func refuseScenario(w http.ResponseWriter) {
	refuse(w, http.StatusBadRequest, "bad_scenario", "Такого сценария нет.", "There is no such scenario.")
}

// bearer is the token a request came with; empty if none.
func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

// authenticate finds the system by its token.
func (s *Stand) authenticate(r *http.Request) (mnemonic string, ok bool) {
	token := bearer(r)
	if token == "" {
		return "", false
	}
	for _, system := range s.cfg.Systems {
		if subtle.ConstantTimeCompare([]byte(token), []byte(system.Token)) == 1 {
			return system.Mnemonic, true
		}
	}
	return "", false
}

// scenario finds what the request, or else its subject, is to meet.
func (s *Stand) scenario(r *http.Request, oid string) (Scenario, behaviour, error) {
	if header := r.Header.Get(ScenarioHeader); header != "" {
		sc, err := parseScenario(header)
		b, _ := behave(sc.Name)
		return sc, b, err
	}
	sc, ok := s.scenarios.take(oid)
	if !ok {
		return Scenario{}, behaviour{}, nil
	}
	b, _ := behave(sc.Name)
	return sc, b, nil
}

// wait returns false when the client or the stand went away meanwhile.
func (s *Stand) wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}

// answer compares, signs and sends. A request that was answered before gets the same verdict again.
func (s *Stand) answer(w http.ResponseWriter, r *http.Request, id string, q *question, b behaviour) {
	fingerprint := q.fingerprint()
	known, ok := s.answers.get(id)
	if ok && known.fingerprint != fingerprint {
		refuse(w, http.StatusConflict, "id_reused", "X-Request-Id уже был у другого запроса.", "X-Request-Id was another request's.")
		return
	}
	if !ok {
		var o outcome
		if !b.blind {
			var err error
			if o, err = s.compare(r.Context(), q); err != nil {
				s.refuseSamples(w, r, err)
				return
			}
		}
		if b.outcome != nil {
			b.outcome(&o)
		}
		token, jti, err := s.verdict(q, o, b)
		if err != nil {
			s.fault(w, r, err)
			return
		}
		known = s.answers.put(id, answer{fingerprint: fingerprint, token: token, subject: q.oid, jti: jti, until: s.cfg.Now().Add(s.cfg.Lifetime)})
	}
	s.send(w, r, b, http.StatusOK, map[string]string{"extended_result": known.token})
}

// send sends an answer, as the scenario wants it sent.
func (s *Stand) send(w http.ResponseWriter, r *http.Request, b behaviour, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		s.fault(w, r, err)
		return
	}
	if b.send != nil {
		b.send(w, status, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// verdict says it and signs it.
func (s *Stand) verdict(q *question, o outcome, b behaviour) (token, jti string, err error) {
	now := s.cfg.Now()
	claims := map[string]any{
		"iss":        s.cfg.Issuer,
		"aud":        q.system,
		"sub":        q.oid,
		"iat":        now.Unix(),
		"exp":        now.Add(s.cfg.Lifetime).Unix(),
		"jti":        newID(),
		"session_id": q.session,
		"challenge":  q.challenge,
		"result":     o.overall >= Threshold && o.alive,
		"match":      o.match(),
		"liveness":   map[string]any{"passed": o.alive, "score": o.liveness},
		"engine":     map[string]string{"photo": PhotoEngine, "sound": SoundEngine},
	}
	if b.claims != nil {
		b.claims(s, claims)
	}
	jti, _ = claims["jti"].(string)
	if b.seal != nil {
		token, err = b.seal(s, claims)
	} else {
		token, err = s.signer.sign(claims)
	}
	return token, jti, err
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// refuseSamples answers to samples that cannot be compared.
func (s *Stand) refuseSamples(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errNotEnrolled):
		refuseNotEnrolled(w)
	case errors.Is(err, errNotSound):
		refuse(w, http.StatusUnprocessableEntity, "low_quality", "Запись голоса не читается.", "The voice sample cannot be read.")
	default:
		s.refusePhoto(w, r, err)
	}
}
