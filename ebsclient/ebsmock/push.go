package ebsmock

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

const (
	maxMetadata = 8 << 10
	maxVoice    = 8 << 20
	// maxForm bounds a whole request in bytes.
	maxForm = maxMetadata + maxPhoto + maxVoice + 64<<10
)

// question is one request, read.
type question struct {
	oid, session, challenge string
	system                  string
	photo, voice            []byte
}

// push answers POST /api/v1/push/verifications.
func (s *Stand) push(w http.ResponseWriter, r *http.Request) {
	mnemonic, ok := s.authenticate(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "not_authenticated", "Система не опознана.", "The system is not authenticated.")
		return
	}
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > 64 {
		refuse(w, http.StatusBadRequest, "bad_request_id", "Нужен X-Request-Id до 64 знаков.", "X-Request-Id of up to 64 characters is needed.")
		return
	}
	q, err := readQuestion(w, r)
	if err != nil {
		refuseBody(w, err)
		return
	}
	defer clear(q.photo)
	defer clear(q.voice)
	if q.system != mnemonic {
		refuse(w, http.StatusForbidden, "forbidden", "Мнемоника не этой системы.", "The mnemonic is another system's.")
		return
	}
	sc, b, err := s.scenario(r, q.oid)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_scenario", "Такого сценария нет.", "There is no such scenario.")
		return
	}
	if b.wait != nil && !s.wait(r, b.wait(sc)) {
		return
	}
	if b.refusal != nil {
		b.refusal(w, sc)
		return
	}
	s.answer(w, r, mnemonic+"/"+id, q, b)
}

// authenticate finds the system by its token.
func (s *Stand) authenticate(r *http.Request) (mnemonic string, ok bool) {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
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
	body, err := json.Marshal(map[string]string{"extended_result": known.token})
	if err != nil {
		s.fault(w, r, err)
		return
	}
	if b.send != nil {
		b.send(w, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
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
		"match":      map[string]any{"overall": o.overall, "photo": o.photo, "sound": o.sound},
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

// fingerprint tells one request from another with the same ID.
func (q *question) fingerprint() [32]byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(q.oid), []byte(q.session), []byte(q.challenge), q.photo, q.voice} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

var errBadForm = errors.New("not the form that was asked for")

// readQuestion reads the form: metadata, photo, voice.
func readQuestion(w http.ResponseWriter, r *http.Request) (*question, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	q := &question{}
	seen := map[string]bool{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		name := part.FormName()
		if seen[name] {
			return nil, errBadForm
		}
		seen[name] = true
		switch name {
		case "metadata":
			err = q.readMetadata(part)
		case "photo":
			q.photo, err = readPart(part, maxPhoto)
		case "voice":
			q.voice, err = readPart(part, maxVoice)
		default:
			err = errBadForm
		}
		if err != nil {
			return nil, err
		}
	}
	if !seen["metadata"] || !seen["photo"] || !seen["voice"] {
		return nil, errBadForm
	}
	return q, nil
}

func readPart(part *multipart.Part, most int) ([]byte, error) {
	var buf bytes.Buffer
	if n, err := io.Copy(&buf, io.LimitReader(part, int64(most)+1)); err != nil || n > int64(most) {
		return nil, errors.Join(errBadForm, err)
	}
	return buf.Bytes(), nil
}

func (q *question) readMetadata(part *multipart.Part) error {
	data, err := readPart(part, maxMetadata)
	if err != nil {
		return err
	}
	var m struct {
		UserID     string `json:"user_id"`
		IDP        string `json:"idp"`
		InfoSystem string `json:"info_system"`
		SessionID  string `json:"session_id"`
		Challenge  string `json:"challenge"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return errBadForm
	}
	if !isOID(m.UserID) || m.IDP != "ESIA" || m.SessionID == "" || len(m.SessionID) > 64 ||
		m.Challenge == "" || len(m.Challenge) > 16 || strings.Trim(m.Challenge, "0123456789") != "" {
		return errBadForm
	}
	q.oid, q.session, q.challenge, q.system = m.UserID, m.SessionID, m.Challenge, m.InfoSystem
	return nil
}
