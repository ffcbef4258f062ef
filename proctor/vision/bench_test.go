package vision

import (
	"image"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkSearch compares, in turns within one run, what we take for a 640×480 picture with OpenCV's own detectMultiScale of the same
// parameters alone: the search with all measures of quality (asked: at most 1.3 times), and a tracked picture with all measures (asked: at
// most 0.2 times).
func BenchmarkSearch(b *testing.B) {
	f := newTestFinder(b)
	pictures := []*image.YCbCr{webcam(gocvPhoto(b, "face.jpg")), webcam(gocvPhoto(b, "face-detect.jpg"))}
	var alone, whole, tracked time.Duration
	for b.Loop() {
		for _, picture := range pictures {
			l, err := newLuma(picture)
			if err != nil {
				b.Fatal(err)
			}
			mat, err := l.mat(image.Rect(0, 0, l.w, l.h))
			if err != nil {
				b.Fatal(err)
			}
			alone += timed(b, func() error {
				return f.with(b.Context(), func(w *worker) error {
					w.face.DetectMultiScaleWithParams(mat, 1.1, 5, 0, image.Pt(48, 48), image.Point{})
					return nil
				})
			})
			closeMat(&mat)
			whole += timed(b, func() error {
				_, err := f.Assess(b.Context(), picture)
				return err
			})
			t := f.Track()
			assessTracked(b, t, picture)
			tracked += timed(b, func() error {
				if !assessTracked(b, t, picture).Tracked {
					b.Fatal("the face was not tracked")
				}
				return nil
			})
		}
	}
	b.ReportMetric(float64(alone.Microseconds())/float64(b.N*len(pictures)), "µs/detectMultiScale")
	b.ReportMetric(float64(whole)/float64(alone), "×search+quality")
	b.ReportMetric(float64(tracked)/float64(alone), "×tracked+quality")
}

func timed(b *testing.B, f func() error) time.Duration {
	b.Helper()
	began := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func assessTracked(tb testing.TB, t *Tracker, picture *image.YCbCr) Assessment {
	tb.Helper()
	a, err := t.Assess(tb.Context(), picture)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// BenchmarkWatch30 watches 30 students whose encoded key frames come once a second, and says how much of a core that takes, decoding included
// (asked: at most 0.5), and what the memory of each is (asked: at most 4 MiB, none growing).
func BenchmarkWatch30(b *testing.B) {
	const students, seconds = 30, 20
	f := newTestFinder(b)
	photo := gocvPhoto(b, "face.jpg")
	var frames [][]byte
	for i := range 5 { // a head that moves a little
		moved := toYCbCr(photo, image.Rect(0, 0, 640, 480).Add(image.Pt(4*i, 3*i)))
		frames = append(frames, vp8KeyFrames(b, moved, "500k")[1])
	}
	trackers := make([]*Tracker, students)
	for i := range trackers {
		trackers[i] = f.Track()
		trackers[i].left = i % (trackedAtMost + 1)
	}
	watch := func(round int) (searched int) {
		for _, t := range trackers {
			picture, err := DecodeKeyFrame(frames[round%len(frames)])
			if err != nil {
				b.Fatal(err)
			}
			a := assessTracked(b, t, picture)
			if !a.Tracked {
				searched++
			}
			a.Patch.Wipe()
			Wipe(picture)
		}
		return searched
	}
	for round := range 3 {
		watch(round)
	}
	var cpu time.Duration
	var searched, rounds int
	before := resident(b)
	for b.Loop() {
		from := cpuTime(b)
		for round := range seconds {
			searched += watch(round)
			rounds++
		}
		cpu += cpuTime(b) - from
	}
	b.ReportMetric(cpu.Seconds()/float64(rounds), "cores/30-students")
	b.ReportMetric(float64(searched)/float64(rounds*students), "searched/picture")
	b.ReportMetric(float64(resident(b)-before)/(1<<20)/students, "MiB/student")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the memory of the process in bytes: Go's and the C heap's, where OpenCV's pictures are.
func resident(tb testing.TB) int64 {
	tb.Helper()
	runtime.GC()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
