package ledger

import (
	"crypto/sha256"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// Every leaf of every tree up to eleven is proved from the stored hashes, and nothing else is.
func TestProofs(t *testing.T) {
	const n = 11
	l := newTestLog(t)
	roots := make([]tlog.Hash, n+1)
	var hashes []tlog.Hash
	for size := int64(1); size <= n; size++ {
		l.add(accesses(1)...)
		l.seal()
		c, err := l.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		roots[size] = c.Root
	}
	for _, r := range l.rows(Filter{}) {
		hashes = append(hashes, tlog.RecordHash(r.Body))
	}
	var leaves []tlog.Hash
	if err := l.LeafHashes(t.Context(), n, func(h tlog.Hash) error { leaves = append(leaves, h); return nil }); err != nil || len(leaves) != n {
		t.Fatalf("%d leaf hashes, %v", len(leaves), err)
	}
	for size := int64(1); size <= n; size++ {
		for leaf := range size {
			proof, err := l.Prove(t.Context(), leaf, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(proof, size, roots[size], leaf, hashes[leaf]); err != nil {
				t.Errorf("leaf %d of %d: %v", leaf, size, err)
			}
			if err := tlog.CheckRecord(proof, size, roots[size], leaf, sha256.Sum256([]byte("other"))); err == nil {
				t.Errorf("leaf %d of %d: another record is proved", leaf, size)
			}
			if leaves[leaf] != hashes[leaf] {
				t.Errorf("leaf hash %d is %v; want %v", leaf, leaves[leaf], hashes[leaf])
			}
		}
		for from := int64(1); from <= size; from++ {
			proof, err := l.Consistency(t.Context(), from, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(proof, size, roots[size], from, roots[from]); err != nil {
				t.Errorf("%d before %d: %v", from, size, err)
			}
		}
	}
	for _, wrong := range [][2]int64{{-1, 3}, {3, 3}, {0, 0}, {n, n + 1}, {0, n + 1}} {
		if _, err := l.Prove(t.Context(), wrong[0], wrong[1]); err == nil {
			t.Errorf("leaf %d of %d is proved", wrong[0], wrong[1])
		}
	}
	for _, wrong := range [][2]int64{{0, 3}, {4, 3}, {-1, 1}, {1, n + 9}} {
		if _, err := l.Consistency(t.Context(), wrong[0], wrong[1]); err == nil {
			t.Errorf("%d before %d is proved", wrong[0], wrong[1])
		}
	}
}

// A checkpoint that was kept elsewhere shows what the database alone cannot: that the log was cut or built anew with the right key.
func TestVerifyAgainstAnEarlierCheckpoint(t *testing.T) {
	l := newTestLog(t)
	all := oneOfEach()
	var kept []Checkpoint
	for _, part := range [][]Entry{all[:3], all[3:]} {
		l.add(part...)
		l.seal()
		latest, err := l.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := OpenCheckpoint([]byte(latest.Note), l.verifier)
		if err != nil || c.Size != latest.Size || c.Root != latest.Root {
			t.Fatalf("opened %+v, %v", c, err)
		}
		kept = append(kept, c)
	}
	if report, err := l.Verify(t.Context(), kept...); err != nil || report.Earlier != 2 {
		t.Fatalf("verified: %+v, %v", report, err)
	}
	finds := func(want string) {
		t.Helper()
		if _, err := l.verify(); err != nil {
			t.Errorf("by itself the forged log does not verify: %v", err)
		}
		if _, err := l.Verify(t.Context(), kept...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found as %v; want «%s»", err, want)
		}
	}
	rebuild := func() {
		t.Helper()
		l.exec(`update ledger_leaf l set leaf = null, hash = sha256('\x00'::bytea || body) from ledger_record r where r.seq = l.seq`)
		l.exec(`truncate ledger_tile, ledger_checkpoint`)
		l.seal()
	}
	l.exec(`with gone as (delete from ledger_leaf where leaf >= 5 returning seq) delete from ledger_record where seq in (select seq from gone)`)
	rebuild()
	finds("records were cut off")
	l.add(accesses(3)...)
	rebuild()
	finds("different roots") // at size 8
	l.add(accesses(1)...)
	rebuild()
	finds("built anew")
	if size := value[int64](l, `select max(size) from ledger_checkpoint`); size != 9 {
		t.Errorf("the forged log has %d records", size)
	}
}

func TestOpenCheckpointOfAnotherLog(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(1)...)
	l.seal()
	latest, err := l.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, _ := newNoteKey(t, testOrigin)
	if _, err := OpenCheckpoint([]byte(latest.Note), stranger); err == nil {
		t.Error("a checkpoint opens with another key of the same name")
	}
	h := harmable{testLog: l}
	other := strings.Replace(h.sign(l.signer, 1, latest.Root), testOrigin, "other.test/log", 1)
	if _, err := OpenCheckpoint([]byte(other), l.verifier); err == nil {
		t.Error("a checkpoint of another log opens")
	}
}

// BenchmarkProve proves leaves all over a tree of 10,000,000: its hashes are stored, its records need not be.
func BenchmarkProve(b *testing.B) {
	const size = 10_000_000
	l := newTestLog(b)
	l.exec(`insert into ledger_tile (level, n, hashes)
		select level, n, decode(repeat('00', 32 * least(256, hashes - 256 * n)::int), 'hex')
		from (select level, $1::bigint >> (8 * level) as hashes from generate_series(0, 2) level) l, generate_series(0, (hashes - 1) / 256) n`, size)
	leaf := int64(0)
	for b.Loop() {
		leaf = (leaf*6364136223846793005 + 1442695040888963407) & (1<<62 - 1)
		if _, err := l.Prove(b.Context(), leaf%size, size); err != nil {
			b.Fatal(err)
		}
	}
}
