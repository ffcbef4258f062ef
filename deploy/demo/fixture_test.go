package demo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ochno/deploy/demo"
	"ochno/proctor"
	"ochno/proctor/archive"
	"ochno/proctor/media/webm"
)

// projectRoot is the checkout.
func projectRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// tool finds a program that the story needs.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed: run make setup-test", name)
	}
	return path
}

// face is the photograph that comes with the gocv module.
func face(t *testing.T) []byte {
	t.Helper()
	picture, err := os.ReadFile(facePath(t))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func facePath(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command(tool(t, "go"), "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		t.Fatalf("find the gocv module: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "images", "face.jpg")
}

// makeMedia makes the cameras and the microphone of the story:
//
//	right  the photograph, drifting a little, as a person before a webcam does
//	other  another face, made of the same one: mirrored, its middle squeezed and its lower half stretched by a lens the other way round
//	empty  a grey wall with the noise of a camera
//	digits the ten Russian digits, a file each, in their order
func makeMedia(t *testing.T) map[string]any {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	drift := "scale=688:516,crop=640:480:24+14*sin(t*1.6):18+9*sin(t*2.1)"
	ffmpeg := func(args ...string) {
		out, err := exec.Command(tool(t, "ffmpeg"), append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
		}
	}
	ffmpeg("-loop", "1", "-i", facePath(t), "-t", "8", "-r", "15", "-vf", drift, "-pix_fmt", "yuv420p", file("right.y4m"))
	ffmpeg("-loop", "1", "-i", facePath(t), "-t", "8", "-r", "15", "-vf", otherFace+","+drift, "-pix_fmt", "yuv420p", file("other.y4m"))
	ffmpeg("-f", "lavfi", "-i", "color=c=0x808080:s=640x480:r=15,noise=alls=6:allf=t", "-t", "4", "-pix_fmt", "yuv420p", file("empty.y4m"))
	var digits []string
	for i, word := range []string{"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"} {
		digits = append(digits, file(strconv.Itoa(i)+".wav"))
		if out, err := exec.Command(tool(t, "espeak-ng"), "-v", "ru", "-s", "120", "-w", digits[i], word).CombinedOutput(); err != nil {
			t.Fatalf("espeak-ng: %v\n%s", err, out)
		}
	}
	return map[string]any{"right": file("right.y4m"), "other": file("other.y4m"), "empty": file("empty.y4m"), "digits": digits}
}

const otherFace = "hflip,lenscorrection=cx=0.5:cy=0.45:k1=-0.35:k2=0.12,perspective=x0=60:y0=0:x1=W-60:y1=0:x2=-40:y2=H:x3=W+40:y3=H:interpolation=cubic"

func openStore(t *testing.T, d *demo.Demo) proctor.Store {
	t.Helper()
	store, err := proctor.OpenStore(t.Context(), d.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Pool.Close)
	return store
}

func openArchive(t *testing.T, d *demo.Demo, store proctor.Store) *archive.Archive {
	t.Helper()
	a, err := archive.Open(t.Context(), archive.Config{
		Endpoint: d.Stack.Minio.Endpoint, AccessKey: d.Stack.Minio.AccessKey, SecretKey: d.Stack.Minio.SecretKey, Bucket: d.Config.MinioBucket,
	}, store.Pool, store.Ring, store.Log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// waitSealed waits until the sequencer has taken every record into the tree.
func waitSealed(t *testing.T, store proctor.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		var pending int
		if err := store.Pool.QueryRow(ctx, `select count(*) from ledger_leaf where leaf is null`).Scan(&pending); err != nil {
			t.Fatalf("wait for the sequencer: %v", err)
		}
		if pending == 0 {
			tick.Stop()
			return
		}
		<-tick.C
	}
}

// probed is what ffprobe says of a file.
type probed struct {
	video, audio bool
	packets      map[string]int
}

func probe(t *testing.T, data []byte) probed {
	t.Helper()
	path := filepath.Join(t.TempDir(), "segment.webm")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool(t, "ffprobe"), "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,codec_name,nb_read_packets", "-of", "json", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v\n%s", err, out)
	}
	var said struct {
		Streams []struct {
			Type    string `json:"codec_type"`
			Codec   string `json:"codec_name"`
			Packets string `json:"nb_read_packets"`
		}
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("ffprobe does not find the file whole: %v\n%s", err, out)
	}
	p := probed{packets: map[string]int{}}
	for _, s := range said.Streams {
		p.video = p.video || s.Codec == "vp8"
		p.audio = p.audio || s.Codec == "opus"
		if s.Packets == "" { // ffprobe leaves the number out where there is none
			continue
		}
		n, err := strconv.Atoi(s.Packets)
		if err != nil {
			t.Fatalf("ffprobe: %q packets", s.Packets)
		}
		p.packets[s.Type] += n
	}
	return p
}

func blocks(t *testing.T, data []byte) []webm.Block {
	t.Helper()
	list, err := webm.Blocks(data)
	if err != nil {
		t.Fatalf("read the segment: %v", err)
	}
	return list
}

type verdictPayload struct {
	Challenge string `json:"challenge"`
}

func jwtPayload(token string) (verdictPayload, error) {
	var p verdictPayload
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return p, errors.New("not a JWS")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

func readCSV(t *testing.T, table []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table, []byte("\xef\xbb\xbf"))))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("CSV: %d rows, %v", len(rows), err)
	}
	return rows
}

// lockedWriter collects a log until it is closed; a slog handler may write from many goroutines.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return len(p), nil
	}
	return l.w.Write(p)
}

func (l *lockedWriter) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w = nil
}
