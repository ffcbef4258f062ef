package demo_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ochno/deploy/demo"
	"ochno/ebsclient"
	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/identify"
	"ochno/proctor/media/webm"
)

// facts are what the browsers saw; see story/story.mjs.
type facts struct {
	Anna, Boris, Vera   uuid.UUID
	AnnaIdentification  wireIdentification
	BorisIdentification wireIdentification
	VeraIdentification  wireIdentification
}

type wireIdentification struct {
	ID          uuid.UUID
	Number      int
	Outcome     string
	Reason      string
	RecordingID uuid.UUID
	OffsetMs    int64
	FrameSHA256 string `json:"frameSha256"`
	VerdictID   string
}

// TestStory plays the main job in real browsers against the whole demonstration, and then looks at what is left of it: the recording in MinIO,
// the sample's place in it, the verdict, the log and its export.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute or two: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	cameras := makeMedia(t)
	enrol(t, d, face(t), esiamock.StudentAnna, esiamock.StudentBoris, esiamock.StudentVera)

	downloads := t.TempDir()
	var f facts
	play(t, d, "story.mjs", map[string]any{"media": cameras, "downloads": downloads}, &f)

	ctx := t.Context()
	store := openStore(t, d)
	records := openArchive(t, d, store)
	identifications := identify.New(identify.Config{Pool: store.Pool})

	t.Run("recording", func(t *testing.T) { checkRecording(t, records, f) })
	t.Run("sample", func(t *testing.T) { checkSample(t, records, f) })
	t.Run("verdict", func(t *testing.T) {
		i, err := identifications.Identification(ctx, f.AnnaIdentification.ID)
		if err != nil {
			t.Fatal(err)
		}
		checkVerdict(t, d, records, i)
	})
	t.Run("verifier was never asked about the empty picture", func(t *testing.T) {
		i, err := identifications.Identification(ctx, f.VeraIdentification.ID)
		if err != nil {
			t.Fatal(err)
		}
		if i.PhotoSHA256 != nil || i.VerdictToken != nil {
			t.Errorf("a sample was made of an empty picture: %+v", i)
		}
		if asked := strings.Count(standLog(t, d), "path=/api"); asked != f.AnnaIdentification.Number+1 {
			t.Errorf("the verifier was asked %d times, want %d: by Anna's tries, and Boris's", asked, f.AnnaIdentification.Number+1)
		}
	})
	t.Run("log", func(t *testing.T) {
		waitSealed(t, store)
		report, err := store.Log.Verify(ctx)
		if err != nil {
			t.Fatalf("the log does not verify: %v", err)
		}
		if report.Pending != 0 || report.Checkpoints == 0 {
			t.Errorf("log: %+v", report)
		}
		audited, err := records.Audit(ctx, true)
		if err != nil || len(audited.Findings) > 0 || audited.Objects == 0 {
			t.Errorf("the recordings against the log: %+v, %v", audited, err)
		}
		checkExports(t, downloads)
	})
}

// checkRecording says that every segment is a WebM with picture and sound, of the length its row says, chained to the one before.
func checkRecording(t *testing.T, records *archive.Archive, f facts) {
	list, err := records.Recordings(t.Context(), f.Anna)
	if err != nil || len(list) != 1 {
		t.Fatalf("recordings: %v, %v", list, err)
	}
	previous := make([]byte, sha256.Size)
	var total, whole, told float64 // seconds: recorded, with both tracks, missing as the gaps say
	for _, s := range list[0].Segments {
		data, err := records.Segment(t.Context(), list[0].ID, s.Number)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.PrevSHA256, previous) {
			t.Errorf("segment %d does not follow the one before", s.Number)
		}
		previous = s.SHA256
		p := probe(t, data)
		if !p.video || !p.audio {
			t.Errorf("segment %d: video %v, audio %v", s.Number, p.video, p.audio)
		}
		if (p.packets["video"] > 0) != s.Video || (p.packets["audio"] > 0) != s.Audio {
			t.Errorf("segment %d: packets %v, its row says video %v, audio %v", s.Number, p.packets, s.Video, s.Audio)
		}
		length := float64(s.DurationMS) / 1000
		total += length
		if s.Video && s.Audio {
			whole += length
		}
		for _, g := range s.Gaps {
			told += g.Duration.Seconds()
		}
	}
	// From the connection to the end of the exam; the story spends far more than 15 s in between.
	if whole < 15 {
		t.Errorf("%.1f s were recorded with picture and sound in %d segments", whole, len(list[0].Segments))
	}
	// A browser that a busy machine starves may stop sending for a while; then the recording must say so itself.
	if missing := float64(list[0].EndMS())/1000 - total; missing > told+2 {
		t.Errorf("%.1f s of the recording are missing, its gaps tell of %.1f s", missing, told)
	}
}

// checkSample finds the very frame that was sent to the verifier in the stored recording, by its offset, and compares the hash.
func checkSample(t *testing.T, records *archive.Archive, f facts) {
	list, err := records.Recordings(t.Context(), f.Anna)
	if err != nil || len(list) == 0 {
		t.Fatalf("recordings: %v", err)
	}
	at := f.AnnaIdentification.OffsetMs
	for _, s := range list[0].Segments {
		if at < s.StartMS || at > s.StartMS+s.DurationMS {
			continue
		}
		data, err := records.Segment(t.Context(), list[0].ID, s.Number)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, block := range blocks(t, data) {
			if block.Track != webm.VideoTrack || block.Timecode.Milliseconds() != at {
				continue
			}
			found = true
			if sum := sha256.Sum256(block.Data); hex.EncodeToString(sum[:]) != f.AnnaIdentification.FrameSHA256 {
				t.Errorf("the frame at %d ms has another hash than the record says", at)
			}
		}
		if found {
			return
		}
	}
	t.Errorf("no frame of the recording stands at %d ms", at)
}

// checkVerdict verifies what was stored with the stand's public key, from the beginning.
func checkVerdict(t *testing.T, d *demo.Demo, records *archive.Archive, i identify.Identification) {
	if i.VerdictToken == nil {
		t.Fatal("no verdict is stored")
	}
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: d.EBS + "/keys"})
	if err != nil {
		t.Fatal(err)
	}
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: d.Config.EBSIssuer, Audience: d.Config.EBSSystem, Keys: keys, Stand: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jwtPayload(*i.VerdictToken)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := checker.Check(t.Context(), *i.VerdictToken, ebsclient.Expect{
		Subject: esiamock.StudentAnna, Session: i.ID.String(), Challenge: payload.Challenge, Replay: ebsclient.AllowReplay{},
	})
	if err != nil {
		t.Fatalf("the stored verdict does not verify: %v", err)
	}
	if verdict.Match.Overall != *i.Overall || verdict.Match.Overall < 0.9999 {
		t.Errorf("the verdict says %v, the identification %v", verdict.Match.Overall, *i.Overall)
	}
	sum := sha256.Sum256([]byte(*i.VerdictToken))
	object, err := records.Get(t.Context(), i.Attempt, "attempts/"+i.Attempt.String()+"/verdicts/"+hex.EncodeToString(sum[:])+".jws")
	if err != nil || string(object) != *i.VerdictToken {
		t.Errorf("the verdict as an object: %v", err)
	}
}

// checkExports reads what the registrar downloaded.
func checkExports(t *testing.T, downloads string) {
	table, err := os.ReadFile(filepath.Join(downloads, "log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(table, []byte("\xef\xbb\xbf")) {
		t.Error("the CSV has no byte order mark: a Russian Excel would show rubbish")
	}
	rows := readCSV(t, table)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	outcomes := map[string]string{}
	for _, row := range rows[1:] {
		if row[column["Вид"]] == "identification" {
			outcomes[row[column["Студент"]]] = row[column["Итог"]]
		}
	}
	for student, want := range map[string]string{
		"Смирнова Анна Сергеевна": "match", "Кузнецов Борис Андреевич": "no_match", "Попова Вера Дмитриевна": "quality",
	} {
		if outcomes[student] != want {
			t.Errorf("CSV: %s: outcome %q, want %q", student, outcomes[student], want)
		}
	}
	lines, err := os.ReadFile(filepath.Join(downloads, "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(lines)) {
		n++
		var record struct {
			SHA256 string          `json:"sha256"`
			Record json.RawMessage `json:"record"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("JSON Lines, line %d: %v", n, err)
		}
		if sum := sha256.Sum256(record.Record); hex.EncodeToString(sum[:]) != record.SHA256 {
			t.Errorf("JSON Lines, line %d: the record does not have its hash", n)
		}
	}
	if n < 3 {
		t.Errorf("JSON Lines: %d records", n)
	}
}

// enrol puts the picture into the EBS stand for each subject, as its page would.
func enrol(t *testing.T, d *demo.Demo, picture []byte, subjects ...string) {
	t.Helper()
	for _, oid := range subjects {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, d.EBS+"/enrolments/"+oid, bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "image/jpeg")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		resp.Body.Close()
		if resp.StatusCode >= 300 {
			t.Fatalf("enrol: %s %s", resp.Status, text)
		}
	}
}

func standLog(t *testing.T, d *demo.Demo) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.Stack.Dir(), "log", "EBS stand.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
