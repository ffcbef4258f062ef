package ebsmock

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	maxEnrolments = 10000
	maxName       = 200
)

var errTooMany = errors.New("too many enrolments")

// enrolment is what the stand keeps of a person: the print, not the picture.
type enrolment struct {
	Person
	EnrolledAt time.Time  `json:"enrolledAt"`
	Print      *faceprint `json:"print,omitempty"`
}

// enrolments holds all of them in memory and, with a folder, each in a file of its own.
type enrolments struct {
	dir string // empty: in memory only

	mu    sync.RWMutex
	byOID map[string]enrolment
}

func loadEnrolments(dataDir string) (*enrolments, error) {
	e := &enrolments{byOID: make(map[string]enrolment)}
	if dataDir == "" {
		return e, nil
	}
	e.dir = filepath.Join(dataDir, "enrolments")
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(e.dir)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		oid, ok := strings.CutSuffix(file.Name(), ".json")
		if !ok || !isOID(oid) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(e.dir, file.Name()))
		if err != nil {
			return nil, err
		}
		var one enrolment
		if err := json.Unmarshal(data, &one); err != nil || one.OID != oid || one.Print == nil {
			return nil, fmt.Errorf("%s is damaged: remove it and enrol again", filepath.Join(e.dir, file.Name()))
		}
		e.byOID[oid] = one
	}
	return e, nil
}

func (e *enrolments) get(oid string) (enrolment, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	one, ok := e.byOID[oid]
	return one, ok
}

func (e *enrolments) put(one enrolment) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.byOID[one.OID]; !ok && len(e.byOID) >= maxEnrolments {
		return errTooMany
	}
	if e.dir != "" {
		data, err := json.Marshal(one)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(e.dir, one.OID+".json"), data); err != nil {
			return err
		}
	}
	e.byOID[one.OID] = one
	return nil
}

func (e *enrolments) remove(oid string) (found bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.byOID[oid]; !ok {
		return false, nil
	}
	if e.dir != "" {
		if err := os.Remove(filepath.Join(e.dir, oid+".json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	delete(e.byOID, oid)
	return true, nil
}

func (e *enrolments) list() []enrolment {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make([]enrolment, 0, len(e.byOID))
	for _, one := range e.byOID {
		one.Print = nil
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b enrolment) int { return cmp.Compare(a.OID, b.OID) })
	return out
}

// writeFile replaces a file at once: never half of it is seen.
func writeFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func isOID(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

func (s *Stand) listEnrolments(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"enrolments": s.enrolled.list()})
}

// enrol takes a picture as the body. The name may come percent-encoded in X-Person-Name: names do not belong in URLs.
func (s *Stand) enrol(w http.ResponseWriter, r *http.Request) {
	oid := r.PathValue("oid")
	if !isOID(oid) {
		refuse(w, http.StatusBadRequest, "bad_oid", "OID — это от 1 до 20 цифр.", "An oid is 1 to 20 digits.")
		return
	}
	name, err := url.PathUnescape(r.Header.Get("X-Person-Name"))
	if err != nil || len(name) > maxName || !utf8.ValidString(name) {
		refuse(w, http.StatusBadRequest, "bad_name", "Имя не читается или слишком длинное.", "The name is unreadable or too long.")
		return
	}
	if t := r.Header.Get("Content-Type"); t != "image/jpeg" && t != "image/png" {
		refuse(w, http.StatusUnsupportedMediaType, "bad_type", "Нужен снимок JPEG или PNG.", "A JPEG or PNG picture is needed.")
		return
	}
	photo, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPhoto))
	if err != nil {
		refuseBody(w, err)
		return
	}
	if err := s.Enrol(r.Context(), Person{OID: oid, Name: name}, photo); err != nil {
		s.refusePhoto(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Stand) unenrol(w http.ResponseWriter, r *http.Request) {
	found, err := s.enrolled.remove(r.PathValue("oid"))
	switch {
	case err != nil:
		s.fault(w, r, err)
	case !found:
		refuseNotEnrolled(w)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func refuseNotEnrolled(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, "not_enrolled", "Для этого человека нет образцов.", "There are no samples of this person.")
}

// refuseBody answers to a body that could not be read whole.
func refuseBody(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "too_large", "Слишком большой запрос.", "The request is too large.")
		return
	}
	refuse(w, http.StatusBadRequest, "bad_body", "Запрос не читается.", "The request cannot be read.")
}

// refusePhoto answers to a photo that cannot be used.
func (s *Stand) refusePhoto(w http.ResponseWriter, r *http.Request, err error) {
	low := func(reason, ru, en string) {
		w.Header().Set("X-Stand-Reason", reason)
		refuse(w, http.StatusUnprocessableEntity, "low_quality", ru, en)
	}
	switch {
	case errors.Is(err, errNoFace):
		low("no_face", "На снимке не найдено лицо.", "No face was found in the picture.")
	case errors.Is(err, errSeveralFaces):
		low("several_faces", "На снимке несколько лиц.", "There are several faces in the picture.")
	case errors.Is(err, errNotPicture):
		low("not_a_picture", "Это не снимок JPEG или PNG подходящего размера.", "This is no JPEG or PNG picture of a usable size.")
	case errors.Is(err, errTooMany):
		refuse(w, http.StatusInsufficientStorage, "too_many", "Стенд заполнен.", "The stand is full.")
	default:
		s.fault(w, r, err)
	}
}

// fault answers to a failure of the stand's own.
func (s *Stand) fault(w http.ResponseWriter, r *http.Request, err error) {
	s.cfg.Logger.ErrorContext(r.Context(), "ebs stand failed", "error", err.Error())
	refuse(w, http.StatusInternalServerError, "internal", "Сбой стенда.", "The stand failed.")
}
