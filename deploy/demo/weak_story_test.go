package demo_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/media/webm"
)

// uplink is what the student's network carries, kbit/s of UDP payload: the sound with the heads of its packets takes some 50, a picture of 64 some 70.
const uplink = 120

// TestWeakStory plays a student whose uplink becomes narrow and wide again, and then counts what of the sound and of the picture was recorded meanwhile.
func TestWeakStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	type rates struct{ Sound, L, H float64 } // kbit/s
	var f struct {
		Attempt       uuid.UUID
		Narrow        int64 // Unix milliseconds
		Before, After rates
		Weak          struct {
			rates
			From, To int64 // Unix milliseconds
			Lost     int   // packets, in the cable
			Packets  int   // of sound, sent
			Estimate float64
		}
	}
	play(t, d, "weak.mjs", map[string]any{"media": makeMedia(t), "kbits": uplink}, &f)

	store := openStore(t, d)
	records := openArchive(t, d, store)
	list, err := records.Recordings(t.Context(), f.Attempt)
	if err != nil || len(list) != 1 {
		t.Fatalf("recordings: %v, %v", list, err)
	}
	playable(t, records, list[0], "the weak network")
	turn := recorded(t, records, list[0], f.Narrow, f.Weak.From)
	t.Logf("in the first %.0f s of it, while the browser finds out, %.1f s of sound are missing", turn.length.Seconds(), (turn.length - turn.sound).Seconds())
	weak := recorded(t, records, list[0], f.Weak.From, f.Weak.To)
	t.Logf("before %.0f, meanwhile %.0f, after %.0f kbit/s; recorded meanwhile: %.1f s of sound of %.1f (%d packets sent, %d of all lost on the way), pictures of %.0f kbit/s, %.1f a second",
		f.Before, f.Weak.rates, f.After, weak.sound.Seconds(), weak.length.Seconds(), f.Weak.Packets, f.Weak.Lost, weak.pictureRate(), float64(weak.pictures)/weak.length.Seconds())
	if weak.sound < weak.length*99/100 || f.Weak.Packets < int(weak.length/(20*time.Millisecond))*99/100 {
		t.Error("the sound suffers")
	}
	if rate := weak.pictureRate(); rate < 20 || rate > uplink || weak.pictures < 5*int(weak.length.Seconds()) {
		t.Error("there is no picture that is worth the name")
	}
	if f.Weak.H > 5 {
		t.Error("the large picture is still sent")
	}
}

// stretch is what was recorded in some time.
type stretch struct {
	length, sound time.Duration
	pictures      int
	bytes         int // of pictures
}

func (s stretch) pictureRate() float64 { return float64(s.bytes) * 8 / 1000 / s.length.Seconds() }

// recorded counts what segments hold of a stretch of time, in Unix milliseconds.
func recorded(t *testing.T, records *archive.Archive, r archive.Recording, from, to int64) stretch {
	t.Helper()
	s := stretch{length: between(from, to)}
	start := r.StartedAt.UnixMilli()
	for _, segment := range r.Segments {
		if segment.StartMS+segment.DurationMS < from-start || segment.StartMS > to-start {
			continue
		}
		data, err := records.Segment(t.Context(), r.ID, segment.Number)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks(t, data) {
			at := start + b.Timecode.Milliseconds()
			switch {
			case at < from || at >= to:
			case b.Track == webm.AudioTrack:
				s.sound += 20 * time.Millisecond
			default:
				s.pictures++
				s.bytes += len(b.Data)
			}
		}
	}
	return s
}
