package archive

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media"
)

// nodes are archives of several nodes over one store, each with a spool of its own.
func (a *testArchive) nodes(n int) []*Archive {
	list := make([]*Archive, n)
	for i := range list {
		one := *a.Archive
		one.WriteFrom(uuid.New())
		list[i] = &one
	}
	return list
}

func (a *testArchive) beginAt(node *Archive, attempt uuid.UUID) media.RecordingStart {
	a.t.Helper()
	start, err := node.Begin(a.t.Context(), attempt, "camera")
	if err != nil {
		a.t.Fatal(err)
	}
	return start
}

// at is a segment of ten seconds that begins so many seconds after the recording.
func (a *testArchive) at(seconds int, recording uuid.UUID, number int, content string, prev *media.Segment) media.Segment {
	s := a.spooled(recording, number, content, prev)
	s.Offset, s.Started = time.Duration(seconds)*time.Second, testTime.Add(time.Duration(seconds)*time.Second)
	return s
}

// A node dies with segments in its spool, another one goes on, the first comes back: every segment is stored under the number it has in its own
// chain, and the recording is all of them by time.
func TestTwoNodesRecordOneAttempt(t *testing.T) {
	a := newTestArchive(t)
	attempt, nodes := a.attempt(), a.nodes(2)
	first := a.beginAt(nodes[0], attempt)
	zero := a.at(0, first.ID, 0, "zero", nil)
	one := a.at(10, first.ID, 1, "one", &zero)
	a.store(zero) // one stays in the spool: its node dies

	second := a.beginAt(nodes[1], attempt)
	if second.ID == first.ID || !second.Started.Equal(first.Started) || second.NextSegment != 0 || second.Offset != 0 || second.PrevSHA256 != [32]byte{} {
		t.Errorf("at another node: %+v; want a new part on the clock of %+v", second, first)
	}
	if again := a.beginAt(nodes[1], attempt); again.ID != second.ID {
		t.Errorf("after a reconnection to the same node: %+v; want %+v", again, second)
	}
	two := a.at(30, second.ID, 0, "two", nil)
	a.store(two)
	a.store(one) // the first node is back
	if err := nodes[1].Seal(t.Context(), a.exam, attempt, true); err != nil {
		t.Fatal(err)
	}
	final := map[string]bool{}
	for _, h := range a.heads() {
		final[h.Recording] = h.Final
	}
	if len(final) != 2 || final[first.ID.String()] || !final[second.ID.String()] {
		t.Errorf("final heads: %v; only the node that wrote a part knows its end", final)
	}
	third := a.beginAt(nodes[0], attempt)
	if third.ID == first.ID || third.ID == second.ID {
		t.Error("a node went on with a part although another one recorded since")
	}
	a.store(a.at(50, third.ID, 0, "three", nil))

	list, err := a.Recordings(t.Context(), attempt)
	if err != nil || len(list) != 1 {
		t.Fatalf("recordings: %+v, %v", list, err)
	}
	r := list[0]
	if r.ID != first.ID || !slices.Equal(r.Parts, []uuid.UUID{first.ID, second.ID, third.ID}) || r.EndMS() != 60_000 {
		t.Errorf("recording %s of parts %v until %d ms", r.ID, r.Parts, r.EndMS())
	}
	var read []string
	for _, s := range r.Segments {
		plain, err := a.Segment(t.Context(), s.Recording, s.Number)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, string(plain))
	}
	if !slices.Equal(read, []string{"zero", "one", "two", "three"}) {
		t.Errorf("by time: %q", read)
	}
	if audit, err := a.Audit(t.Context(), true); err != nil || len(audit.Findings) > 0 || audit.Recordings != 3 || audit.Segments != 4 {
		t.Errorf("audit: %+v, %v", audit, err)
	}
}

// Each node finds what it left unsealed itself, and what was recorded before there were several.
func TestUnsealedOfANode(t *testing.T) {
	a := newTestArchive(t)
	nodes := a.nodes(2)
	var attempts []uuid.UUID
	for _, node := range []*Archive{a.Archive, nodes[0], nodes[1]} {
		attempt := a.attempt()
		a.store(a.spooled(a.beginAt(node, attempt).ID, 0, attempt.String(), nil))
		attempts = append(attempts, attempt)
	}
	open, err := nodes[0].Unsealed(t.Context())
	if err != nil || len(open) != 2 || slices.Contains(open, attempts[2]) {
		t.Errorf("unsealed: %v, %v; want %v", open, err, attempts[:2])
	}
	if err := nodes[1].Seal(t.Context(), a.exam, attempts[1], true); err != nil {
		t.Fatal(err)
	}
	if heads := a.heads(); len(heads) != 1 || heads[0].Final {
		t.Errorf("heads: %+v; another node's is sealed and not final", heads)
	}
}

// What was erased while a segment waited in a spool is not stored, and the spool is told to drop it.
func TestErasedInTheSpool(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	zero := a.spooled(start.ID, 0, "zero", nil)
	a.destroy(attempt, Withdrawn)
	if err := a.StoreSegment(t.Context(), zero); !errors.Is(err, media.ErrUnwanted) || !errors.Is(err, ErrDestroyed) {
		t.Errorf("stored: %v", err)
	}
	if n := a.count(`select count(*) from segment`); n != 0 || len(a.objects()) != 0 {
		t.Errorf("%d rows and %d objects of what was erased", n, len(a.objects()))
	}
	if plain, err := os.ReadFile(zero.Path); err != nil || !bytes.Equal(plain, []byte("zero")) {
		t.Errorf("the archive removed a file of the spool: %v", err) // its owner does, with what stands beside it
	}
}
