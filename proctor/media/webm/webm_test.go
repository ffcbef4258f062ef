package webm_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"ochno/proctor/media/webm"
)

// sample builds a file of a few clusters and returns it with its blocks and the
// length of every prefix that ends with a whole cluster.
func sample(t testing.TB) (file []byte, blocks []webm.Block, ends []int, patch webm.Patch) {
	t.Helper()
	epoch := time.Date(2026, 5, 20, 10, 0, 0, 123e6, time.UTC)
	file, patch = webm.AppendHeader(nil, webm.Header{Epoch: epoch, Width: 640, Height: 480})
	ends = []int{len(file)}
	for c := range 4 {
		var cluster []webm.Block
		for i := range 5 {
			cluster = append(cluster,
				webm.Block{Track: webm.AudioTrack, Timecode: time.Duration(c*2000+i*100) * time.Millisecond, Key: true, Data: []byte{byte(c), byte(i), 1}},
				webm.Block{Track: webm.VideoTrack, Timecode: time.Duration(c*2000+i*100+3) * time.Millisecond, Key: i == 0, Data: bytes.Repeat([]byte{byte(c), byte(i)}, 200*i+1)},
			)
		}
		var err error
		if file, err = webm.AppendCluster(file, cluster); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, cluster...)
		ends = append(ends, len(file))
	}
	return file, blocks, ends, patch
}

func TestRoundTrip(t *testing.T) {
	file, want, _, _ := sample(t)
	got, err := webm.Blocks(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
	for i := range got {
		if g, w := got[i], want[i]; g.Track != w.Track || g.Timecode != w.Timecode || g.Key != w.Key || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("block %d: got %v, want %v", i, g, w)
		}
	}
	f, err := webm.Scan(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Width != 640 || f.Height != 480 || len(f.Tracks) != 2 || f.Tracks[0].Codec != "V_VP8" || f.Tracks[1].Codec != "A_OPUS" {
		t.Errorf("header: %+v", f)
	}
	if want := time.Date(2026, 5, 20, 10, 0, 0, 123e6, time.UTC); !f.Epoch.Equal(want) {
		t.Errorf("epoch %v, want %v", f.Epoch, want)
	}
	if f.First != 0 || f.Last != 6403*time.Millisecond || f.Clusters != 4 || f.Whole != int64(len(file)) {
		t.Errorf("summary: %+v", f)
	}
}

// TestTruncated cuts a file at every length: what is whole must be found, and
// nothing else.
func TestTruncated(t *testing.T) {
	file, blocks, ends, _ := sample(t)
	for n := ends[0]; n < len(file); n++ {
		whole := 0
		for whole+1 < len(ends) && ends[whole+1] <= n {
			whole++
		}
		seen := 0
		f, err := webm.Scan(bytes.NewReader(file[:n]), func(b webm.Block) error {
			if !bytes.Equal(b.Data, blocks[seen].Data) {
				t.Fatalf("cut at %d: block %d differs", n, seen)
			}
			seen++
			return nil
		})
		atEnd := n == ends[whole]
		if atEnd && err != nil || !atEnd && !errors.Is(err, webm.ErrTruncated) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if f.Whole != int64(ends[whole]) || f.Clusters != whole || seen != whole*10 {
			t.Fatalf("cut at %d: %+v, %d blocks, want %d clusters", n, f, seen, whole)
		}
	}
}

func TestFinish(t *testing.T) {
	file, _, _, patch := sample(t)
	finish := func(p webm.Patch) []byte {
		out := bytes.Clone(file)
		err := p.Finish(func(b []byte, off int64) (int, error) { return copy(out[off:], b), nil }, int64(len(out)), 8*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := finish(patch)
	f, err := webm.Scan(bytes.NewReader(out), nil)
	if err != nil || f.Duration != 8*time.Second || f.Clusters != 4 {
		t.Fatalf("%+v, %v", f, err)
	}
	// Recovery finishes a file with the patch that the reader found.
	unfinished, err := webm.Scan(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(finish(unfinished.Patch), out) {
		t.Error("the reader's patch writes elsewhere than the writer's")
	}
	// Now the size is known, so that a missing tail shows.
	if _, err := webm.Scan(bytes.NewReader(out[:len(out)-1]), nil); !errors.Is(err, webm.ErrTruncated) {
		t.Errorf("a cut finished file: %v", err)
	}
}

func TestAppendClusterRefuses(t *testing.T) {
	b := func(ms int) webm.Block {
		return webm.Block{Track: 1, Timecode: time.Duration(ms) * time.Millisecond}
	}
	for name, blocks := range map[string][]webm.Block{
		"backwards":  {b(10), b(9)},
		"too long":   {b(0), b(33000)},
		"negative":   {b(-1)},
		"no track":   {{Track: 0}},
		"huge track": {{Track: 127}},
	} {
		if out, err := webm.AppendCluster(nil, blocks); !errors.Is(err, webm.ErrSpan) || len(out) != 0 {
			t.Errorf("%s: %v, %d bytes", name, err, len(out))
		}
	}
}

func TestScanStopsForVisitor(t *testing.T) {
	file, _, _, _ := sample(t)
	stop := errors.New("enough")
	n := 0
	_, err := webm.Scan(bytes.NewReader(file), func(webm.Block) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("%v after %d", err, n)
	}
}

// TestScanReportsReadErrors keeps a failing disk apart from a short file.
func TestScanReportsReadErrors(t *testing.T) {
	file, _, _, _ := sample(t)
	broken := errors.New("disk")
	r := io.MultiReader(bytes.NewReader(file[:300]), errReader{broken})
	if _, err := webm.Scan(r, nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

func FuzzScan(f *testing.F) {
	file, _ := webm.AppendHeader(nil, webm.Header{Width: 16, Height: 16}) // small seeds mutate fast
	f.Add(file)
	for i := range 3 {
		file, _ = webm.AppendCluster(file, []webm.Block{
			{Track: 1, Timecode: time.Duration(i) * time.Second, Key: true, Data: []byte{1, 2, 3}},
			{Track: 2, Timecode: time.Duration(i) * time.Second, Data: []byte{4}},
		})
	}
	f.Add(file)
	f.Add(file[:len(file)-3])
	f.Add([]byte{0x1A, 0x45, 0xDF, 0xA3})
	f.Add([]byte("not a file at all"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := webm.Scan(bytes.NewReader(b), func(b webm.Block) error {
			if b.Timecode < 0 {
				t.Fatalf("negative timecode %v", b.Timecode)
			}
			return nil
		})
		if got.Whole > int64(len(b)) {
			t.Fatalf("%d whole bytes of %d", got.Whole, len(b))
		}
		if err != nil && !errors.Is(err, webm.ErrTruncated) && !errors.Is(err, webm.ErrMalformed) {
			t.Fatalf("an untyped error: %v", err)
		}
		// What was good must be good alone, when the size is not declared.
		if got.Clusters > 0 && bytes.Contains(b[:got.Whole], []byte{0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}) {
			again, err := webm.Scan(bytes.NewReader(b[:got.Whole]), nil)
			if err == nil && again.Blocks != got.Blocks {
				t.Fatalf("cut to the last whole cluster: %d blocks, before %d", again.Blocks, got.Blocks)
			}
		}
	})
}
