package retention

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/archive"
)

// A term that is lengthened later lengthens the locks of what is stored already, of each version; one that is shortened leaves them; a withdrawn
// consent still erases.
func TestALongerTermLocksForLonger(t *testing.T) {
	h := newHouse(t)
	m := stacktest.Minio(t)
	cfg := archive.Config{Endpoint: m.Endpoint, AccessKey: m.AccessKey, SecretKey: m.SecretKey, Bucket: stacktest.Bucket()}
	client, err := minio.New(cfg.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, "")})
	h.must(err)
	h.must(client.MakeBucket(t.Context(), cfg.Bucket, minio.MakeBucketOptions{ObjectLocking: true}))
	// The store has a clock of its own: the exam has just ended by it.
	end := time.Now().UTC().Truncate(time.Second)
	h.clock.set(end)
	h.exec(`update exam set starts_at = $2::timestamptz - interval '1 hour', ends_at = $2 where id = $1`, h.exam, end)
	h.Archive, err = archive.Open(t.Context(), cfg, h.Pool, h.Ring, h.Log, h.clock.Now)
	h.must(err)
	h.Archive.LockUntil(h.Until)
	h.bucket = cfg
	attempt, _ := h.attempt(h.exam)
	other, _ := h.attempt(h.exam)
	names := append(h.recorded(attempt, "one", "two"), h.recorded(other, "three")...)
	h.recorded(attempt, "one") // another version of the same object
	until := func() map[string]int {
		t.Helper()
		days := map[string]int{}
		for o := range client.ListObjects(t.Context(), cfg.Bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			h.must(o.Err)
			mode, kept, err := client.GetObjectRetention(t.Context(), cfg.Bucket, o.Key, o.VersionID)
			if err != nil || mode == nil || *mode != minio.Governance || kept == nil {
				t.Fatalf("%s: %v until %v, %v", o.Key, mode, kept, err)
			}
			n := int(kept.Sub(end) / day)
			if had, ok := days[o.Key]; ok && had != n {
				t.Errorf("%s: versions are locked for %d and %d days", o.Key, had, n)
			}
			days[o.Key] = n
		}
		return days
	}
	all := func(when string, want int) {
		t.Helper()
		for _, name := range names {
			if have := until()[name]; have != want {
				t.Errorf("%s: %s is locked for %d days; want %d", when, name, have, want)
			}
		}
	}
	term := func(exam uuid.UUID, days int) {
		t.Helper()
		h.must(h.SetTerm(t.Context(), NewTerm{Organisation: h.organisation, Exam: exam, Class: Recordings, Days: days, Reason: "приказ № 7"}, Actor{}))
	}
	all("when stored", 180)
	h.erase()
	all("after a run that had nothing to do", 180)
	term(uuid.Nil, 365)
	all("before the run", 180)
	h.erase()
	all("the organisation's term was lengthened", 365)
	term(h.exam, 400)
	h.erase()
	all("the exam's own term is longer still", 400)
	term(h.exam, 30)
	h.erase()
	all("the term was shortened", 400)
	h.must(client.RemoveObject(t.Context(), cfg.Bucket, names[0], minio.RemoveObjectOptions{})) // hidden, not gone
	h.must(h.tx(func(tx pgx.Tx) error { return h.Archive.Doom(t.Context(), tx, []uuid.UUID{attempt, other}, h.Now()) }))
	h.erase()
	if left := h.objects(); len(left) != 0 {
		t.Errorf("a withdrawn consent left %q", left)
	}
}
