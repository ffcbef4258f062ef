package demo_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
)

// trouble is when something went wrong and when all was well again, in Unix milliseconds of the machine on which everything runs.
type trouble struct{ From, To, Back int64 }

// TestOutageStory plays a cut network, a reloaded tab and a MinIO that does not answer during an exam, and then compares what is missing in the
// recording with when it was.
func TestOutageStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	seconds := 20
	if text := os.Getenv("OCHNO_STORY_MINIO_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 || seconds > 120 {
			t.Fatalf("OCHNO_STORY_MINIO_SECONDS: %q", text)
		}
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	store := openStore(t, d)
	// Her picture alone is compared: how a voice follows the digits is another story's subject, and a browser that shares its machine speaks late.
	if _, err := store.Pool.Exec(t.Context(), `update exam set policy = policy || '{"modalities": ["photo"]}'`); err != nil {
		t.Fatal(err)
	}
	var f struct {
		Anna               uuid.UUID
		Cut, Reload, Minio trouble
		Ended              int64
	}
	play(t, d, "outage.mjs", map[string]any{"media": makeMedia(t), "minio": d.Stack.MinioPID(), "minioSeconds": seconds}, &f)

	records := openArchive(t, d, store)
	list, err := records.Recordings(t.Context(), f.Anna)
	if err != nil || len(list) != 1 {
		t.Fatalf("recordings: %v, %v", list, err)
	}
	playable(t, records, list[0], "through all of it")

	const slack = 5 * time.Second // to notice, to connect, to get a key frame, on a busy machine
	for what, c := range map[string]struct {
		t           trouble
		least, most time.Duration
	}{
		"the cut":              {f.Cut, between(f.Cut.From, f.Cut.To) - slack, between(f.Cut.From, f.Cut.Back) + slack},
		"the reload":           {f.Reload, 0, between(f.Reload.From, f.Reload.Back) + slack},
		"MinIO's silence":      {f.Minio, 0, 2 * time.Second},
		"before the first one": {trouble{From: list[0].StartedAt.UnixMilli() + 5000, Back: f.Cut.From - 1000}, 0, 2 * time.Second},
	} {
		if lost := missing(list[0], c.t.From, c.t.Back); lost < c.least || lost > c.most {
			t.Errorf("%s lasted %v; %v of the recording are missing then, want %v to %v", what, between(c.t.From, c.t.Back), lost, c.least, c.most)
		}
	}
}

func between(from, to int64) time.Duration { return time.Duration(to-from) * time.Millisecond }

// missing is how much of a stretch of time no segment covers, or its gaps say is not there.
func missing(r archive.Recording, from, to int64) time.Duration {
	start := r.StartedAt.UnixMilli()
	const step = 20 // ms
	var lost time.Duration
	for at := from - start; at < to-start; at += step {
		there := false
		for _, s := range r.Segments {
			if at < s.StartMS || at >= s.StartMS+s.DurationMS {
				continue
			}
			there = true
			for _, g := range s.Gaps {
				if at >= g.Offset.Milliseconds() && at < (g.Offset+g.Duration).Milliseconds() {
					there = false
				}
			}
		}
		if !there {
			lost += step * time.Millisecond
		}
	}
	return lost
}
