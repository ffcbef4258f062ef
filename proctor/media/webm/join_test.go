package webm_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"ochno/proctor/media/webm"
)

// parts are files of a recording, each of another length, with their rows.
func parts(t *testing.T) (files [][]byte, rows []webm.Part, blocks []webm.Block, epoch time.Time) {
	t.Helper()
	epoch = time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC)
	for n := range 5 {
		start := time.Duration(n*10)*time.Second + time.Duration(n)*time.Second // with gaps
		file, patch := webm.AppendHeader(nil, webm.Header{Epoch: epoch, Width: 640 + n, Height: 480})
		for c := range n + 1 {
			var cluster []webm.Block
			for i := range 8 {
				at := start + time.Duration(c*2000+i*200)*time.Millisecond
				cluster = append(cluster, webm.Block{Track: webm.VideoTrack, Timecode: at, Key: c == 0 && i == 0, Data: bytes.Repeat([]byte{byte(n), byte(i)}, 100*i+3)})
			}
			var err error
			if file, err = webm.AppendCluster(file, cluster); err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, cluster...)
		}
		write := func(b []byte, off int64) (int, error) { return copy(file[off:], b), nil }
		if err := patch.Finish(write, int64(len(file)), 2*time.Second); err != nil {
			t.Fatal(err)
		}
		files, rows = append(files, file), append(rows, webm.Part{Size: int64(len(file)), Start: start})
	}
	return files, rows, blocks, epoch
}

func TestJoin(t *testing.T) {
	files, rows, want, epoch := parts(t)
	joined := webm.Join(webm.Header{Epoch: epoch, Width: 640, Height: 480}, 54*time.Second, rows)
	reads := 0
	open := func() io.ReadSeeker {
		return joined.Open(func(i int) ([]byte, error) {
			reads++
			return files[i], nil
		})
	}
	whole, err := io.ReadAll(open())
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(whole)) != joined.Size() || reads != len(files) {
		t.Errorf("%d bytes of %d, parts read %d times", len(whole), joined.Size(), reads)
	}
	if err := iotest.TestReader(open(), whole); err != nil {
		t.Error(err)
	}
	f, err := webm.Scan(bytes.NewReader(whole), nil)
	if err != nil || f.Duration != 54*time.Second || !f.Epoch.Equal(epoch) || f.Whole > int64(len(whole)) {
		t.Errorf("%+v, %v", f, err)
	}
	got, err := webm.Blocks(whole)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d blocks of %d, %v", len(got), len(want), err)
	}
	for i := range got {
		if g, w := got[i], want[i]; g.Track != w.Track || g.Timecode != w.Timecode || g.Key != w.Key || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("block %d: got %v, want %v", i, g, w)
		}
	}
	cues, err := webm.Cues(whole)
	if err != nil || len(cues) != len(rows) {
		t.Fatalf("%d cues of %d, %v", len(cues), len(rows), err)
	}
	for i, c := range cues {
		if c.Time != rows[i].Start || !bytes.HasPrefix(whole[c.At:], []byte{0x1F, 0x43, 0xB6, 0x75}) {
			t.Errorf("cue %d: %s at %d: % x", i, c.Time, c.At, whole[c.At:c.At+4])
		}
	}
}

// TestJoinRefuses: a part that is not the one the index tells of does not come out as another recording.
func TestJoinRefuses(t *testing.T) {
	files, rows, _, epoch := parts(t)
	broken := errors.New("broken")
	for name, part := range map[string]func(int) ([]byte, error){
		"an error":     func(int) ([]byte, error) { return nil, broken },
		"another size": func(i int) ([]byte, error) { return append(files[i], 0), nil },
		"rubbish":      func(i int) ([]byte, error) { return make([]byte, rows[i].Size), nil },
		"no cluster": func(i int) ([]byte, error) {
			head, _ := webm.AppendHeader(nil, webm.Header{Epoch: epoch, Width: 1, Height: 1})
			return append(head, append([]byte{0xEC, 0x01, 0, 0, 0, 0, 0}, append([]byte{byte((int(rows[i].Size) - len(head) - 9) >> 8), byte(int(rows[i].Size) - len(head) - 9)}, make([]byte, int(rows[i].Size)-len(head)-9)...)...)...), nil
		},
	} {
		b, err := io.ReadAll(webm.Join(webm.Header{Epoch: epoch, Width: 640, Height: 480}, time.Minute, rows).Open(part))
		if err == nil {
			t.Errorf("%s: %d bytes came out", name, len(b))
		}
	}
	if empty, err := io.ReadAll(webm.Join(webm.Header{Epoch: epoch, Width: 640, Height: 480}, 0, nil).Open(nil)); err != nil || len(empty) == 0 {
		t.Errorf("no parts: %d bytes, %v", len(empty), err)
	}
}
