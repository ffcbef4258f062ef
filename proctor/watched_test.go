package proctor_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
	"ochno/proctor/media/studenttest"
)

// TestWhatIsSeenReachesTheProctor: while somebody sits the exam, the picture that she sends is looked at, and what is seen stands on her timeline
// with its place in the recording; before the exam nobody looks.
func TestWhatIsSeenReachesTheProctor(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	token := h.token(t, a.ID, exam.TokenPublish)
	wall := studenttest.NewClip(t, studenttest.Nobody, studenttest.Silence)
	connection := studenttest.Connect(t, wall, func(offer string) (string, error) {
		resp, answer := h.request(t, http.MethodPost, "/whip", token, "application/sdp", offer)
		if resp.StatusCode != http.StatusCreated {
			t.Errorf("POST /whip: %d %s", resp.StatusCode, answer)
		}
		return answer, nil
	})
	h.eventually(t, a.ID, "connected", 1)
	seer := h.signedIn(t, esiamock.Proctor)
	type event struct {
		Kind, Lane  string
		At          time.Time
		Until       *time.Time
		Confidence  float64
		RecordingID *uuid.UUID
		OffsetMs    *int64
	}
	seen := func() (list []event) {
		for _, e := range get[struct{ Events []event }](t, seer, "/api/attempts/"+a.ID.String()+"/timeline").Events {
			if e.Lane == "behaviour" {
				list = append(list, e)
			}
		}
		return list
	}
	h.exec(t, `update attempt set state = 'in_progress' where id = $1`, a.ID)
	h.eventually(t, a.ID, "camera_covered", 1)
	connection.Close()
	h.eventually(t, a.ID, "disconnected", 1)
	for limit := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		e := seen()[0]
		if e.Until != nil && e.Until.Sub(e.At) >= 4*time.Second && e.RecordingID != nil && e.OffsetMs != nil && e.Confidence > 0.3 {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("seen %+v", e)
		}
	}
}
