package pack

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"ochno/proctor/ledger"
)

// BenchmarkVerify checks a package of a whole log and compares with hashing the same file's bytes: "of-sha256" is the ratio of the best
// times, "of-sha256-cpu" of the least processor times, "heap-MiB" the most memory that was seen in use.
func BenchmarkVerify(b *testing.B) {
	const records, together = 20_000, 2000
	l := newTestLog(b)
	batch := make([]ledger.Entry, together)
	for i := range batch {
		batch[i] = identification(examA, algebra, strings.Repeat("a-verdict-as-long-as-a-real-one.", 24))
		batch[i].Personal = map[string]string{"student": "Ёлкина Мария Петровна", "oid": oid}
	}
	for range records / together {
		l.add(batch...)
	}
	l.seal()
	path := filepath.Join(b.TempDir(), "package.zip")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	began := time.Now()
	if _, err := Write(b.Context(), file, l.Log, l.options(ledger.Filter{})); err != nil {
		b.Fatal(err)
	}
	b.Logf("written in %v", time.Since(began))
	info, err := file.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	peak := watchHeap()
	best, used := time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		began, cpu := time.Now(), cpuTime(b)
		r, err := Verify(b.Context(), file, info.Size(), Trust{})
		if err != nil || !r.OK() || r.Records != records || r.Values != records {
			b.Fatalf("%v %+v", err, r)
		}
		best, used = min(best, time.Since(began)), min(used, cpuTime(b)-cpu)
	}
	b.ReportMetric(peak(), "heap-MiB")
	hashed, hashedUsed := time.Duration(1<<62), time.Duration(1<<62)
	for range 3 {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		began, cpu := time.Now(), cpuTime(b)
		h := sha256.New()
		if _, err := io.CopyBuffer(h, struct{ io.Reader }{file}, make([]byte, 256<<10)); err != nil {
			b.Fatal(err)
		}
		hashed, hashedUsed = min(hashed, time.Since(began)), min(hashedUsed, cpuTime(b)-cpu)
	}
	b.ReportMetric(float64(hashed)/float64(best), "of-sha256")
	b.ReportMetric(float64(hashedUsed)/float64(used), "of-sha256-cpu")
	b.ReportMetric(records/best.Seconds(), "records/s")
}

// watchHeap begins to watch the memory in use; the function it returns ends that and tells the most that was seen, in MiB.
func watchHeap() (most func() float64) {
	runtime.GC()
	stop, told := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			select {
			case <-stop:
				told <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(stop)
		return float64(<-told) / (1 << 20)
	}
}

// cpuTime is what the process has used of all processors: on a machine that others use too it says more than a clock.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
