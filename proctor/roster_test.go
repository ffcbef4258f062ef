package proctor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

type rosterPreview struct {
	SHA256                                       string
	Rows, New, NewPeople, Changed, Known, Absent int
	ProblemsTotal                                int
	Problems                                     []struct {
		Line    int
		Column  string
		Message struct{ Ru, En string }
	}
}

// send posts a file and reads the answer.
func (b *browser) send(t *testing.T, path, file string) (int, rosterPreview, string) {
	t.Helper()
	resp, err := b.Post(b.house.url+path, "application/octet-stream", strings.NewReader(file))
	must(t, err)
	text := read(t, resp)
	var p rosterPreview
	if resp.StatusCode == http.StatusOK {
		must(t, json.Unmarshal([]byte(text), &p))
	}
	return resp.StatusCode, p, text
}

func TestRosterUpload(t *testing.T) {
	h := newHouse(t)
	registrar := h.signedIn(t, esiamock.Registrar)
	path := "/api/exams/" + h.exam.ID.String() + "/roster"
	entries := func() (n int) {
		t.Helper()
		must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from roster_entry`).Scan(&n))
		return n
	}
	before := entries()

	broken := "Фамилия;Имя;Дата рождения;СНИЛС;Группа\nПетрова;Инна;31.12.2005;112-233-445 95;А-2\nСидоров;;вчера;1;А-2\n"
	status, p, text := registrar.send(t, path+"/preview", broken)
	if status != http.StatusOK || p.ProblemsTotal != 3 || len(p.Problems) != 3 || p.Problems[0].Line != 3 || p.Problems[0].Column != "Имя" || p.Problems[0].Message.Ru == "" {
		t.Fatalf("a broken file: %d %s", status, text)
	}
	if status, _, text := registrar.send(t, path+"?sha256="+p.SHA256, broken); status != http.StatusUnprocessableEntity || problemCode(t, text) != "roster_broken" {
		t.Errorf("a broken file was confirmed: %d %s", status, text)
	}
	good := "Фамилия;Имя;Дата рождения;СНИЛС;Группа\nПетрова;Инна;31.12.2005;112-233-445 95;А-2\n"
	status, p, text = registrar.send(t, path+"/preview", good)
	if status != http.StatusOK || p.ProblemsTotal != 0 || p.New != 1 || p.NewPeople != 1 || p.Absent != before {
		t.Fatalf("a good file: %d %s", status, text)
	}
	if n := entries(); n != before {
		t.Fatalf("previews and a refusal changed the roster: %d entries, were %d", n, before)
	}
	for name, c := range map[string]struct {
		query, file, code string
		status            int
	}{
		"another file":   {"?sha256=" + p.SHA256, good + "Ещё;Один;31.12.2005;087-654-303 00;А-2\n", "roster_changed", http.StatusConflict},
		"without a hash": {"", good, "bad_request", http.StatusUnprocessableEntity},
		"a wrong hash":   {"?sha256=" + strings.Repeat("0", 64), good, "roster_changed", http.StatusConflict},
	} {
		if status, _, text := registrar.send(t, path+c.query, c.file); status != c.status || problemCode(t, text) != c.code {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if n := entries(); n != before {
		t.Fatalf("refused imports changed the roster: %d entries, were %d", n, before)
	}
	for again, want := range []int{1, 0} {
		if status, p, text := registrar.send(t, path+"?sha256="+p.SHA256, good); status != http.StatusOK || p.New != want {
			t.Errorf("import %d: %d %s", again+1, status, text)
		}
	}
	if n := entries(); n != before+1 {
		t.Errorf("%d entries after the import; want %d", n, before+1)
	}
	if status, _, text := registrar.send(t, "/api/exams/"+hex.EncodeToString(make([]byte, 16))+"/roster/preview", good); status != http.StatusNotFound {
		t.Errorf("no exam: %d %s", status, text)
	}
	// The limit is told in words; what is beyond all measure is not even read.
	if status, p, text := registrar.send(t, path+"/preview", strings.Repeat(" ", exam.MaxRosterBytes+1)); status != http.StatusOK || p.ProblemsTotal != 1 || !strings.Contains(p.Problems[0].Message.En, "16 MiB") {
		t.Errorf("a byte too many: %d %.300s", status, text)
	}
	huge := bytes.Repeat([]byte{' '}, exam.MaxRosterBytes+2)
	if status, _, text := registrar.send(t, path+"/preview", string(huge)); status != http.StatusRequestEntityTooLarge || problemCode(t, text) != "too_large" {
		t.Errorf("two bytes too many: %d %.300s", status, text)
	}
	if sum := sha256.Sum256([]byte(good)); p.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s", p.SHA256)
	}
}
