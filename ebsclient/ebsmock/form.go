package ebsmock

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxMetadata = 8 << 10
	maxVoice    = 8 << 20
	// maxForm bounds a whole request in bytes.
	maxForm = maxMetadata + maxPhoto + maxVoice + 64<<10
	// maxDigits bounds a challenge.
	maxDigits = 16
)

// question is one comparison asked for.
type question struct {
	oid, session, challenge string
	system                  string
	// shown is when each digit was shown, from the beginning of the voice sample; nil where nobody said.
	shown        []time.Duration
	photo, voice []byte // one of them may be missing: nil
}

// wipe overwrites the samples.
func (q *question) wipe() {
	clear(q.photo)
	clear(q.voice)
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

// metadata is the first part of the form. The page's form has only some of it: the stand knows the rest.
type metadata struct {
	UserID     string `json:"user_id"`
	IDP        string `json:"idp"`
	InfoSystem string `json:"info_system"`
	SessionID  string `json:"session_id"`
	Challenge  string `json:"challenge"`
	ShownMS    []int  `json:"shown_ms"`
}

// readForm reads metadata, photo and voice; there is one sample at least.
func readForm(w http.ResponseWriter, r *http.Request) (metadata, *question, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form, err := r.MultipartReader()
	if err != nil {
		return metadata{}, nil, err
	}
	var m metadata
	q := &question{}
	seen := map[string]bool{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, nil, err
		}
		name := part.FormName()
		if seen[name] {
			return m, nil, errBadForm
		}
		seen[name] = true
		switch name {
		case "metadata":
			m, err = readMetadata(part)
		case "photo":
			q.photo, err = readPart(part, maxPhoto)
		case "voice":
			q.voice, err = readPart(part, maxVoice)
		default:
			err = errBadForm
		}
		if err != nil {
			return m, nil, err
		}
	}
	if !seen["metadata"] || !(seen["photo"] || seen["voice"]) {
		return m, nil, errBadForm
	}
	for _, ms := range m.ShownMS {
		q.shown = append(q.shown, time.Duration(ms)*time.Millisecond)
	}
	return m, q, nil
}

// readPart returns a part's bytes, which are not nil even if there are none.
func readPart(part *multipart.Part, most int) ([]byte, error) {
	buf := bytes.NewBuffer([]byte{})
	if n, err := io.Copy(buf, io.LimitReader(part, int64(most)+1)); err != nil || n > int64(most) {
		return nil, errors.Join(errBadForm, err)
	}
	return buf.Bytes(), nil
}

func readMetadata(part *multipart.Part) (metadata, error) {
	var m metadata
	data, err := readPart(part, maxMetadata)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, errBadForm
	}
	if len(m.ShownMS) > maxDigits || !slices.IsSorted(m.ShownMS) {
		return m, errBadForm
	}
	for _, ms := range m.ShownMS {
		if ms < 0 || ms > 120_000 {
			return m, errBadForm
		}
	}
	return m, nil
}

// readQuestion reads the form of a push.
func readQuestion(w http.ResponseWriter, r *http.Request) (*question, error) {
	m, q, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	if !isOID(m.UserID) || m.IDP != "ESIA" || m.SessionID == "" || len(m.SessionID) > 64 ||
		m.Challenge == "" || len(m.Challenge) > maxDigits || strings.Trim(m.Challenge, "0123456789") != "" ||
		(len(m.ShownMS) > 0 && len(m.ShownMS) != len(m.Challenge)) {
		return nil, errBadForm
	}
	q.oid, q.session, q.challenge, q.system = m.UserID, m.SessionID, m.Challenge, m.InfoSystem
	return q, nil
}
