package media

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media/webm"
)

// testSegmenter drives a segmenter with a clock of its own: blocks arrive when
// their offset says.
type testSegmenter struct {
	*segmenter
	t *testing.T
	n byte
}

var testEpoch = time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)

func newTestSegmenter(t *testing.T, sp *spool, c *chain) *testSegmenter {
	_, _, end := c.state()
	s := newSegmenter(recorderConfig{
		log: testLogger(t), spool: sp, chain: c, started: testEpoch, duration: 10 * time.Second,
		room: uuid.New(), attempt: uuid.New(),
	}, end)
	return &testSegmenter{segmenter: &s, t: t}
}

func (s *testSegmenter) now(ms int) time.Time {
	return testEpoch.Add(time.Duration(ms) * time.Millisecond)
}

// picture gives a frame at ms and returns the number of its segment.
func (s *testSegmenter) picture(ms int, key bool, width int) int {
	s.n++
	return s.give(block{media: Video, key: key, width: width, height: width * 3 / 4, data: []byte{1, s.n}}, ms, ms)
}

func (s *testSegmenter) sound(ms int) {
	s.n++
	s.give(block{media: Audio, key: true, length: 20 * time.Millisecond, data: []byte{2, s.n}}, ms, ms)
}

func (s *testSegmenter) give(b block, offset, arrival int) int {
	b.off, b.at = time.Duration(offset)*time.Millisecond, s.now(arrival)
	number := s.put(&b, b.at)
	s.advance(b.at)
	return number
}

// play gives both tracks from one time to another, key frames every so often.
func (s *testSegmenter) play(from, to, keyEvery int) {
	for ms := from; ms < to; ms += 20 {
		s.sound(ms)
		if ms%40 == 0 && !s.dropVideo {
			s.picture(ms, (ms-from)%keyEvery == 0, 640)
		}
		s.segmenter.tick(s.now(ms))
	}
}

// run feeds a fresh segmenter and returns the finished segments and their files.
func runSegmenter(t *testing.T, start RecordingStart, feed func(s *testSegmenter)) ([]Segment, [][]byte) {
	t.Helper()
	sp, err := openSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	start.ID = uuid.New()
	c := newChain(start, nil, nil, nil)
	s := newTestSegmenter(t, sp, c)
	feed(s)
	s.finish()
	var files [][]byte
	for _, g := range c.queue {
		b, err := os.ReadFile(g.Path)
		if err != nil {
			t.Fatal(err)
		}
		checkSegmentBlocks(t, b, g)
		files = append(files, b)
	}
	return c.queue, files
}

// checkSegmentBlocks checks a file against its row without other programs.
func checkSegmentBlocks(t *testing.T, file []byte, s Segment) {
	t.Helper()
	last, video := time.Duration(0), false
	info, err := webm.Scan(bytes.NewReader(file), func(b webm.Block) error {
		if b.Timecode < last {
			t.Errorf("segment %d: goes back to %v", s.Number, b.Timecode)
		}
		last = b.Timecode
		if b.Track == webm.VideoTrack {
			if !video && !b.Key {
				t.Errorf("segment %d: the picture does not begin with a key frame", s.Number)
			}
			video = true
		}
		return nil
	})
	if err != nil {
		t.Fatalf("segment %d: %v", s.Number, err)
	}
	if info.First != s.Offset || video != s.Video || info.Width != s.Width || s.Size != int64(len(file)) {
		t.Errorf("segment %d: file %+v, row %+v", s.Number, info, s)
	}
	if info.Last >= s.Offset+s.Duration {
		t.Errorf("segment %d: a block at %v, the end at %v", s.Number, info.Last, s.Offset+s.Duration)
	}
}

// outline is a short text of segments: start, end, V and A, width.
func outline(segments []Segment) string {
	var parts []string
	for _, s := range segments {
		tracks := ""
		if s.Video {
			tracks += "V"
		}
		if s.Audio {
			tracks += "A"
		}
		parts = append(parts, fmt.Sprintf("%d-%d %s", s.Offset.Milliseconds(), (s.Offset+s.Duration).Milliseconds(), tracks))
	}
	return strings.Join(parts, ", ")
}

func gaps(segments []Segment) string {
	var parts []string
	for _, s := range segments {
		for _, g := range s.Gaps {
			parts = append(parts, fmt.Sprintf("#%d %s%s %d+%d", s.Number, g.Media, g.Reason, g.Offset.Milliseconds(), g.Duration.Milliseconds()))
		}
	}
	return strings.Join(parts, ", ")
}

func TestSegmenter(t *testing.T) {
	for _, c := range []struct {
		name  string
		start RecordingStart
		feed  func(s *testSegmenter)
		want  string
		gaps  string
	}{
		{
			name: "key frames when due",
			feed: func(s *testSegmenter) { s.play(0, 25000, 10000) },
			want: "0-10000 VA, 10000-20000 VA, 20000-25000 VA",
		},
		{
			name: "a key frame every second cuts only when due",
			feed: func(s *testSegmenter) { s.play(0, 25000, 1000) },
			want: "0-10000 VA, 10000-20000 VA, 20000-25000 VA",
		},
		{
			name: "key frames that come late",
			feed: func(s *testSegmenter) { s.play(0, 32000, 14000) },
			want: "0-14000 VA, 14000-28000 VA, 28000-32000 VA",
		},
		{
			name: "a sender without key frames",
			feed: func(s *testSegmenter) { s.play(0, 70000, 1000000) },
			want: "0-60000 VA, 60000-70000 A",
		},
		{
			name: "sound alone",
			feed: func(s *testSegmenter) {
				for ms := 0; ms < 25000; ms += 20 {
					s.sound(ms)
				}
			},
			want: "0-10000 A, 10000-20000 A, 20000-25000 A",
		},
		{
			name: "picture alone",
			feed: func(s *testSegmenter) {
				for ms := 0; ms < 25000; ms += 40 {
					s.picture(ms, ms%10000 == 0, 640)
				}
			},
			want: "0-10000 V, 10000-20000 V, 20000-24993 V",
		},
		{
			name: "sound first, then the picture",
			feed: func(s *testSegmenter) {
				for ms := 0; ms < 3000; ms += 20 {
					s.sound(ms)
				}
				s.play(3000, 12000, 4000)
			},
			// The picture comes in without a new segment; its size is the assumed one.
			want: "0-11000 VA, 11000-12000 VA",
		},
		{
			name: "the picture's size changes",
			feed: func(s *testSegmenter) {
				s.play(0, 3000, 10000)
				s.picture(3000, true, 320)
				s.sound(3001)
				s.picture(3040, false, 0)
				s.picture(3080, true, 160)
				s.sound(3090)
			},
			want: "0-3000 VA, 3000-3080 VA, 3080-3113 VA",
		},
		{
			name: "the picture's size differs from the assumed one",
			feed: func(s *testSegmenter) {
				for ms := 0; ms < 3000; ms += 20 {
					s.sound(ms)
				}
				s.picture(3000, true, 320)
				s.sound(3010)
			},
			want: "0-3000 A, 3000-3033 VA",
		},
		{
			name: "lost pictures are marked",
			feed: func(s *testSegmenter) {
				s.play(0, 2000, 10000)
				for ms := 2000; ms < 2800; ms += 20 {
					s.sound(ms)
				}
				s.give(block{media: Video, key: true, lost: true, width: 640, height: 480, data: []byte{1}}, 2800, 2800)
				s.sound(2810)
			},
			want: "0-2833 VA",
			gaps: "#0 videoloss 1993+807",
		},
		{
			name: "late pictures do not hold the sound up",
			feed: func(s *testSegmenter) {
				s.play(0, 1000, 10000)
				for ms := 1000; ms < 4000; ms += 20 {
					s.sound(ms)
				}
				if s.file == nil {
					s.t.Error("nothing was written while the picture was away")
				}
				s.give(block{media: Video, data: []byte{1}}, 1000, 4000)
				s.sound(4000)
			},
			want: "0-4020 VA",
		},
		{
			name: "away and back",
			feed: func(s *testSegmenter) {
				s.play(0, 4000, 10000)
				for ms := 4000; ms < 9000; ms += 50 {
					s.segmenter.tick(s.now(ms))
				}
				if s.begun || !s.dropVideo {
					s.t.Error("the segment was not finished while nothing came")
				}
				s.dropVideo = false
				s.play(9000, 10000, 10000)
			},
			want: "0-4000 VA, 9000-10000 VA",
			gaps: "#1 disconnect 4000+5000",
		},
		{
			name:  "goes on after a reconnect",
			start: RecordingStart{NextSegment: 7, PrevSHA256: [32]byte{9}, Offset: 30 * time.Second},
			feed:  func(s *testSegmenter) { s.play(34000, 35000, 10000) },
			want:  "34000-35000 VA",
			gaps:  "#7 disconnect 30000+4000",
		},
		{
			name:  "offsets before what is written are moved",
			start: RecordingStart{NextSegment: 1, Offset: 5 * time.Second},
			feed: func(s *testSegmenter) {
				s.sound(10)
				s.sound(30)
				s.sound(50)
			},
			want: "5000-5050 A",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			segments, _ := runSegmenter(t, c.start, c.feed)
			if got := outline(segments); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := gaps(segments); got != c.gaps {
				t.Errorf("gaps: got %q, want %q", got, c.gaps)
			}
			prev := c.start.PrevSHA256
			for i, s := range segments {
				if s.Number != c.start.NextSegment+i || s.PrevSHA256 != prev || !s.Started.Equal(testEpoch.Add(s.Offset)) {
					t.Errorf("segment %+v", s)
				}
				prev = s.SHA256
			}
		})
	}
}

// TestSegmenterClusters checks how long a block may wait and how long a cluster
// is, since that is what a crash may cost.
func TestSegmenterClusters(t *testing.T) {
	_, files := runSegmenter(t, RecordingStart{}, func(s *testSegmenter) {
		s.play(0, 9000, 10000)
		oldest := s.pending[0].off
		if wait := 9*time.Second - oldest; wait > 2*time.Second {
			t.Errorf("a block waits for %v", wait)
		}
	})
	f, err := webm.Scan(bytes.NewReader(files[0]), nil)
	if err != nil || f.Clusters < 5 {
		t.Errorf("%d clusters in 9 s, %v", f.Clusters, err)
	}
}

// TestSegmenterCut asks for the end of a segment in all situations.
func TestSegmenterCut(t *testing.T) {
	runSegmenter(t, RecordingStart{}, func(s *testSegmenter) {
		ask := func(ms int) chan cutReply {
			reply := make(chan cutReply, 1)
			s.cut(reply, s.now(ms))
			return reply
		}
		if r := <-ask(0); !errors.Is(r.err, ErrNothingRecorded) {
			t.Errorf("before anything: %+v", r)
		}
		s.play(0, 2000, 10000)
		a, b := ask(2000), ask(2000)
		if !s.wantsKey(2 * time.Second) {
			t.Error("no key frame is asked for")
		}
		if n := s.picture(2000, true, 640); n != 1 {
			t.Errorf("the key frame that ends segment 0 is said to be in %d", n)
		}
		s.sound(2000)
		s.sound(2020)
		for _, reply := range []chan cutReply{a, b} {
			if r := <-reply; r.err != nil || r.number != 0 {
				t.Errorf("with a key frame: %+v", r)
			}
		}
		if s.wantsKey(2 * time.Second) {
			t.Error("the key frame is still asked for")
		}

		// No key frame comes: the sound goes on, the picture waits for one.
		c := ask(2040)
		for ms := 2040; ms < 5000; ms += 20 {
			s.sound(ms)
			if !s.dropVideo && ms%40 == 0 {
				s.picture(ms, false, 0)
			}
		}
		if r := <-c; r.err != nil || r.number != 1 || !s.dropVideo {
			t.Errorf("without a key frame: %+v, drop %v", r, s.dropVideo)
		}
		s.dropVideo = false

		// Nothing at all comes any more.
		d := ask(5000)
		for ms := 5000; ms < 8000; ms += 50 {
			s.segmenter.tick(s.now(ms))
		}
		if r := <-d; r.err != nil || r.number != 2 {
			t.Errorf("without media: %+v", r)
		}
		if r := <-ask(8000); r.err != nil || r.number != 2 {
			t.Errorf("when all is stored: %+v", r)
		}
		s.dropVideo = false
		s.play(8000, 9000, 10000)
		e := ask(9000)
		s.finish()
		if r := <-e; r.err != nil || r.number != 3 {
			t.Errorf("at the end: %+v", r)
		}
	})
}

// TestSegmenterStorageFails takes the spool away for a while.
func TestSegmenterStorageFails(t *testing.T) {
	root := t.TempDir()
	sp, err := openSpool(root)
	if err != nil {
		t.Fatal(err)
	}
	c := newChain(RecordingStart{ID: uuid.New()}, nil, nil, nil)
	s := newTestSegmenter(t, sp, c)
	s.play(0, 3000, 10000)
	good := sp.dir
	sp.dir = filepath.Join(root, "gone")
	reply := make(chan cutReply, 1)
	s.cut(reply, s.now(3000))
	s.picture(3000, true, 640)
	s.sound(3010)
	if r := <-reply; r.err != nil || r.number != 0 { // the open file could still be finished
		t.Errorf("cut: %+v", r)
	}
	s.play(3040, 6000, 10000) // cannot be opened
	s.cut(reply, s.now(6000))
	s.segmenter.tick(s.now(9500))
	if r := <-reply; r.err == nil {
		t.Errorf("cut of what cannot be written: %+v", r)
	}
	sp.dir = good
	s.dropVideo = false
	s.play(6000, 8000, 10000)
	s.finish()
	if len(c.queue) != 2 {
		t.Fatalf("segments: %s", outline(c.queue))
	}
	g := c.queue[1].Gaps
	if len(g) != 1 || g[0].Reason != GapStorage || g[0].Offset > 3100*time.Millisecond || g[0].Offset+g[0].Duration > c.queue[1].Offset {
		t.Errorf("gaps %+v of the segment at %v", g, c.queue[1].Offset)
	}
	if c.queue[1].PrevSHA256 != c.queue[0].SHA256 || c.queue[1].Number != 1 {
		t.Errorf("chain: %+v", c.queue[1])
	}
}

// TestSegmenterSalvage breaks the file that is being written: what is whole in
// it is kept, and when nothing is, the number is used again.
func TestSegmenterSalvage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(f *segmentFile) error
		want   string
	}{
		"the descriptor": {func(f *segmentFile) error { return f.f.Close() }, "#0 true, #1 false"},
		"the whole file": {func(f *segmentFile) error { return errors.Join(f.f.Close(), os.Remove(f.base+partExt)) }, "#0 false"},
		"everything in it": {func(f *segmentFile) error {
			return errors.Join(os.WriteFile(f.base+partExt, []byte("rubbish"), 0o600), f.f.Close())
		}, "#0 false"},
	} {
		for _, when := range []string{"writing", "finishing"} {
			t.Run(name+" while "+when, func(t *testing.T) {
				segments, _ := runSegmenter(t, RecordingStart{}, func(s *testSegmenter) {
					s.play(0, 4000, 10000)
					if err := c.damage(s.file); err != nil {
						t.Fatal(err)
					}
					if when == "finishing" {
						s.close(s.mediaEnd())
						s.pending = nil
					} else {
						s.play(4000, 6000, 10000)
					}
					s.dropVideo = false
					s.play(6000, 8000, 10000)
				})
				var got []string
				prev := [32]byte{}
				for _, g := range segments {
					got = append(got, fmt.Sprintf("#%d %v", g.Number, g.Recovered))
					if g.PrevSHA256 != prev {
						t.Errorf("segment %d does not follow", g.Number)
					}
					prev = g.SHA256
				}
				if strings.Join(got, ", ") != c.want {
					t.Errorf("got %v, want %s", got, c.want)
				}
				if last := segments[len(segments)-1]; !strings.Contains(gaps([]Segment{last}), "storage") {
					t.Errorf("gaps of the last: %+v", last.Gaps)
				}
			})
		}
	}
}

// TestSoundPutBack: sound that was placed too late, for what came first came late, is put back gently: for a while its packets are a
// quarter closer to each other. At the beginning of a file players leave out the encoder's look-ahead, 6.5 ms of the first packet, so that the second one
// must not begin within it; ffmpeg complains of that.
func TestSoundPutBack(t *testing.T) {
	m, err := testMaterial()
	if err != nil {
		t.Fatal(err)
	}
	const late, length = 160, 4000 // ms
	for name, put := range map[string]int{"at the beginning": 20, "in the middle": 2000} {
		t.Run(name, func(t *testing.T) {
			segments, files := runSegmenter(t, RecordingStart{}, func(s *testSegmenter) {
				for ms := 0; ms < length; ms += 20 {
					place := ms
					if ms < put {
						place += late
					}
					s.give(block{media: Audio, key: true, length: 20 * time.Millisecond, data: m.opus[ms/20]}, place, ms+late)
					if ms%200 == 0 {
						s.give(block{media: Video, key: true, width: testWidth, height: testHeight, data: m.keys[ms/200]}, ms+late, ms+late)
					}
				}
			})
			if len(segments) != 1 {
				t.Fatalf("segments %s", outline(segments))
			}
			ffprobe(t, files[0])
			var places []time.Duration
			if _, err := webm.Scan(bytes.NewReader(files[0]), func(b webm.Block) error {
				if b.Track == webm.AudioTrack {
					places = append(places, b.Timecode)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			least := time.Hour
			for i := range places[1:] {
				least = min(least, places[i+1]-places[i])
			}
			if last := places[len(places)-1]; len(places) != length/20 || least != 15*time.Millisecond || last != (length-20)*time.Millisecond {
				t.Errorf("%d packets, %v apart at least, the last at %v", len(places), least, last)
			}
		})
	}
}
