package identify

import (
	"encoding/binary"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"ochno/proctor/media"
	"ochno/proctor/media/studenttest"
	"ochno/proctor/vision"
)

// TestMemoryOfWhoWaits: what is held for a student who is looked at and listened to for long is at most 4 MiB, and does not grow.
func TestMemoryOfWhoWaits(t *testing.T) {
	const students = 4
	ivf, err := exec.Command("ffmpeg", "-v", "error", "-loop", "1", "-framerate", "5", "-i", studenttest.FacePath(t), "-t", "1", "-s", "640x480", "-pix_fmt", "yuv420p",
		"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "1", "-b:v", "2M", "-f", "ivf", "-").Output()
	if err != nil {
		t.Fatalf("ffmpeg (make setup-test installs it): %v", err)
	}
	var frames [][]byte
	for rest := ivf[32:]; len(rest) > 12; {
		n := int(binary.LittleEndian.Uint32(rest))
		frames, rest = append(frames, rest[12:12+n]), rest[12+n:]
	}
	finder, err := vision.NewFinder(vision.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer finder.Close()
	s := New(Config{Finder: finder})
	defer s.Close()
	var waiting []*finding
	seen := 0
	// watch shows each student so many more frames; the recorder's own copy of each is its own, as it is in the service.
	watch := func(n int) {
		for range n {
			seen++
			for _, f := range waiting {
				frame := media.Frame{Data: frames[seen%len(frames)], Offset: time.Duration(seen) * 600 * time.Millisecond, SHA256: [32]byte{byte(seen), byte(seen >> 8)}}
				if _, err := s.consider(t.Context(), f, frame); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	held := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := held()
	for range students {
		f := &finding{}
		for i := range maxPackets { // half a minute of sound as it arrives
			f.sound.packets = append(f.sound.packets, media.AudioPacket{Data: slices.Repeat([]byte{byte(i)}, 80), Offset: time.Duration(i) * 20 * time.Millisecond})
		}
		waiting = append(waiting, f)
	}
	watch(34) // more than an observer keeps
	full := (held() - before) / students
	watch(12)
	later := (held() - before) / students
	t.Logf("%.2f MiB a student, %.2f MiB after more pictures", float64(full)/(1<<20), float64(later)/(1<<20))
	if full > 4<<20 || later > full+64<<10 {
		t.Errorf("%d KiB a student, %d KiB after more pictures; want at most 4096, and no more later", full>>10, later>>10)
	}
	for _, f := range waiting {
		if f.photo == nil {
			t.Error("no picture was kept")
		}
		f.wipe()
	}
}
