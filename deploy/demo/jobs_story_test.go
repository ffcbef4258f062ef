package demo_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"ochno/deploy/demo"
	"ochno/proctor/esia/esiamock"
)

// TestJobsStory has each of the four do a whole job on a phone held upright, and looks at every page of it on a large screen as well.
func TestJobsStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	// The exam's questions are a page of the university's learning system, within the exam's page.
	lms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>Тест</title><h1>Вопрос 1 из 10</h1><p>Найдите предел последовательности (1 + 1/n)ⁿ.</p><input aria-label="Ответ">`)
	}))
	defer lms.Close()
	d := startDemoWith(t, demo.Options{Frames: lms.URL})
	enrol(t, d, face(t), esiamock.StudentAnna)
	store := openStore(t, d)
	// How a voice follows the digits is the main job's subject.
	if _, err := store.Pool.Exec(t.Context(), `update exam set policy = policy || '{"modalities": ["photo"], "admission": "proctor"}' || jsonb_build_object('work', jsonb_build_object('url', $1::text, 'embed', true))`, lms.URL+"/quiz?id=7"); err != nil {
		t.Fatal(err)
	}
	var f struct{ Steps int }
	play(t, d, "jobs.mjs", map[string]any{"media": makeMedia(t), "exam": d.Exam}, &f)
	if f.Steps < 30 {
		t.Errorf("%d steps were played: some of the four's jobs are missing", f.Steps)
	}
	waitSealed(t, store)
	if report, err := store.Log.Verify(t.Context()); err != nil || report.Pending != 0 {
		t.Errorf("the log afterwards: %+v, %v", report, err)
	}
}
