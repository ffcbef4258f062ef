package demo_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
)

// TestGuidanceStory plays a student who is guided to an identification by hints, and then looks at what the record says of her camera.
func TestGuidanceStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	media := makeMedia(t)
	enrol(t, d, face(t), esiamock.StudentAnna)
	var f struct{ Anna, Identification uuid.UUID }
	play(t, d, "guidance.mjs", map[string]any{"media": media, "scenes": makeScenes(t)}, &f)

	store := openStore(t, d)
	list, err := identify.New(identify.Config{Pool: store.Pool}).Of(t.Context(), f.Anna)
	if err != nil {
		t.Fatal(err)
	}
	doubted := func(flags []ledger.Flag) bool {
		return slices.ContainsFunc(flags, func(f ledger.Flag) bool { return f.Name == string(exam.VirtualCamera) && f.Confidence == 1 })
	}
	last := list[len(list)-1]
	if last.ID != f.Identification || last.Outcome != identify.Match || !doubted(last.Flags) {
		t.Errorf("the last identification: %s, flags %v", last.Outcome, last.Flags)
	}
	for _, i := range list[:len(list)-1] {
		if sent := i.PhotoSHA256 != nil; sent != (i.VerdictToken != nil) || (i.Outcome == identify.Quality) == sent || i.Outcome == identify.Match {
			t.Errorf("before it: %s (%s), sent %v", i.Outcome, i.Reason, sent)
		}
	}
	rows, _, err := store.Log.Page(t.Context(), ledger.Filter{Attempt: f.Anna, Type: ledger.TypeIdentification}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		var record ledger.Identification
		if err := row.Data(&record); err != nil {
			t.Fatal(err)
		}
		if record.Outcome == string(identify.Match) && !doubted(record.Flags) {
			t.Errorf("the record's flags: %v", record.Flags)
		}
	}
	events, err := store.Exams.Timeline(t.Context(), f.Anna)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events, func(e exam.Event) bool {
		return e.Kind == "liveness" && e.Lane == exam.LaneIdentity && e.Detail["flag"] == string(exam.VirtualCamera) && e.Recording != uuid.Nil
	}) {
		t.Error("the doubt is not on the timeline")
	}
}

// makeScenes makes the pictures of the guidance: in the dark, with two people, from far away, and good.
func makeScenes(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	scenes := map[string]string{}
	for name, filter := range map[string]string{
		"dark": "scale=640:480,lutrgb=r=val*0.25:g=val*0.25:b=val*0.25",
		"two":  "scale=320:240,split[a][b];[a][b]hstack,pad=640:480:0:120:color=0x787878",
		"far":  "scale=256:192,pad=640:480:192:144:color=0x787878",
		"good": "scale=640:480",
	} {
		scenes[name] = filepath.Join(dir, name+".jpg")
		out, err := exec.Command(tool(t, "ffmpeg"), "-v", "error", "-i", facePath(t), "-filter_complex", filter, "-q:v", "2", scenes[name]).CombinedOutput()
		if err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, out)
		}
	}
	return scenes
}
