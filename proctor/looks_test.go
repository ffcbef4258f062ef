package proctor_test

import (
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
	"ochno/proctor/retention"
)

// looks are the access records of the log, as what they tell of.
func (h *house) looks(t *testing.T, f ledger.Filter) []string {
	t.Helper()
	f.Type = ledger.TypeAccess
	var list []string
	must(t, h.store.Log.Each(t.Context(), f, func(r ledger.Row) error {
		var d ledger.Access
		list = append(list, "")
		if err := r.Data(&d); err != nil {
			return err
		}
		list[len(list)-1] = r.Personal["actor"] + " " + r.Outcome + " " + d.What
		return nil
	}))
	return list
}

// TestLooksAreRecorded: whoever looks at what is kept of a student stands in the log, once an hour, before anything is shown to her; the student's
// own looks do not.
func TestLooksAreRecorded(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	proctor, registrar := h.signedIn(t, esiamock.Proctor), h.signedIn(t, esiamock.Registrar)
	recording := h.record(t, a.ID)
	for range 3 {
		for _, path := range []string{"/timeline", "/identifications"} {
			get[any](t, proctor, "/api/attempts/"+a.ID.String()+path)
		}
		// The object is not there: who asked for it stands in the log all the same.
		if status, text := proctor.call(t, http.MethodGet, "/api/recordings/"+recording.String()+"/segments/0", nil); status != http.StatusNotFound {
			t.Errorf("a segment that is not there: %d %s", status, text)
		}
		get[any](t, registrar, "/api/exams/"+h.exam.ID.String()+"/readiness")
		get[any](t, registrar, "/api/log?exam="+h.exam.ID.String())
	}
	want := []string{"Соколова Елена Викторовна viewed timeline", "Соколова Елена Викторовна viewed identifications", "Соколова Елена Викторовна played recording"}
	if got := h.looks(t, ledger.Filter{Attempt: a.ID}); !slices.Equal(got, want) {
		t.Errorf("looks at the attempt %q; want %q", got, want)
	}
	want = append(want, "Лебедева Жанна Олеговна viewed readiness", "Лебедева Жанна Олеговна viewed log.page")
	if got := h.looks(t, ledger.Filter{Exam: h.exam.ID}); !slices.Equal(got, want) {
		t.Errorf("looks at the exam %q; want %q", got, want)
	}

	// When the log cannot take the record, nothing is shown.
	_, err := h.store.Pool.Exec(t.Context(), `alter table ledger_seen rename to ledger_seen_away`)
	must(t, err)
	for _, path := range []string{"/api/attempts/" + a.ID.String() + "/timeline", "/api/attempts/" + a.ID.String() + "/identifications", "/api/recordings/" + recording.String() + "/segments/0"} {
		if status, text := proctor.call(t, http.MethodGet, path, nil); status != http.StatusInternalServerError {
			t.Errorf("%s without a record: %d %.100s", path, status, text)
		}
	}
	_, err = h.store.Pool.Exec(t.Context(), `alter table ledger_seen_away rename to ledger_seen`)
	must(t, err)
}

// TestLooksEndAtTheHouse: what another organisation's exam left is not found, and nobody's look is noted.
func TestLooksEndAtTheHouse(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	recording := h.record(t, a.ID)
	proctor := h.signedIn(t, esiamock.Proctor)
	other := uuid.New()
	_, err := h.store.Pool.Exec(t.Context(), `insert into organisation (id, name, short_name) values ($1, 'Другой', 'Д')`, other)
	must(t, err)
	_, err = h.store.Pool.Exec(t.Context(), `update exam set organisation_id = $1 where id = $2`, other, h.exam.ID)
	must(t, err)
	for _, path := range []string{"/api/attempts/" + a.ID.String() + "/timeline", "/api/attempts/" + a.ID.String() + "/identifications", "/api/recordings/" + recording.String() + "/segments/0"} {
		if status, text := proctor.call(t, http.MethodGet, path, nil); status != http.StatusNotFound || problemCode(t, text) != "not_found" {
			t.Errorf("%s of another organisation: %d %.100s", path, status, text)
		}
	}
	if got := h.looks(t, ledger.Filter{}); len(got) != 0 {
		t.Errorf("looks %q; want none", got)
	}
}

// record makes an attempt's recording without a segment.
func (h *house) record(t *testing.T, attempt uuid.UUID) uuid.UUID {
	t.Helper()
	id := uuid.New()
	must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `insert into recording (id, attempt_id, kind, started_at) values ($1, $2, 'camera', now())`, id, attempt)
		return err
	}))
	return id
}

// sealed waits until everything that was appended is in the tree.
func (h *house) sealed(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := h.store.Log.Latest(t.Context())
		if err == nil && int(c.Size) == h.count(t, `select count(*) from ledger_record`) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the log is not sealed: %+v, %v", c, err)
		}
	}
}

func (h *house) holds() *retention.Service {
	return retention.New(retention.Config{Pool: h.store.Pool, Ring: h.store.Ring, Log: h.store.Log, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
}

// A student who is opened large on a proctor's page was looked at: the log tells of it once an hour, of this room's students only, and she sees it.
func TestALargePictureIsALook(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	other := h.exam
	other.Code, other.Title = "other", "Другой экзамен"
	id, err := h.store.Exams.Ensure(t.Context(), other)
	must(t, err)
	proctor := h.signedIn(t, esiamock.Proctor)
	for _, exam := range []uuid.UUID{h.exam.ID, id} {
		for range 2 { // a page that comes back tells it again
			conn, status := proctor.dial(t, "/api/exams/"+exam.String()+"/watch", nil)
			if status != http.StatusSwitchingProtocols {
				t.Fatalf("the socket: %d", status)
			}
			for _, look := range []string{a.ID.String(), a.ID.String(), uuid.NewString(), "x", ""} {
				must(t, conn.WriteJSON(map[string]string{"type": "look", "attempt": look}))
			}
			must(t, conn.WriteJSON(map[string]string{"type": "ping"}))
			if _, code := until(t, conn, "pong"); code != 0 {
				t.Fatalf("the socket was closed with %d", code)
			}
			conn.Close()
		}
	}
	want := []string{"Соколова Елена Викторовна viewed live"}
	if got := h.looks(t, ledger.Filter{}); !slices.Equal(got, want) {
		t.Errorf("looks %q; want %q", got, want)
	}
	file := get[struct {
		Attempts []struct {
			Looks []struct{ Who, What, Scope string }
		}
	}](t, anna, "/api/my-file")
	if looks := file.Attempts[0].Looks; len(looks) != 1 || looks[0].What != "live" || looks[0].Scope != "attempt" {
		t.Errorf("the student sees %+v", looks)
	}
}
