package identify

import (
	"image"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/liveness"
	"ochno/proctor/media"
	"ochno/proctor/vision"
)

// Camera notes what a student's page says of the camera it opened; a page can be made to lie. Forget it when the page has gone.
func (s *Service) Camera(attempt uuid.UUID, d liveness.Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cameras[attempt] = d
}

// ForgetCamera forgets it.
func (s *Service) ForgetCamera(attempt uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cameras, attempt)
}

func (s *Service) camera(attempt uuid.UUID) liveness.Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cameras[attempt]
}

// observe hands a key frame to our own examination, which keeps small copies.
func (f *finding) observe(frame media.Frame, picture *image.YCbCr, face vision.Patch) error {
	thumb, err := vision.NewThumb(picture)
	if err != nil {
		return err
	}
	defer thumb.Wipe()
	f.observer.Frame(liveness.Frame{
		At: frame.Offset, SHA256: frame.SHA256, Thumb: thumb, Patch: face,
		Between: liveness.Between{Frames: frame.Between.Frames, Bytes: frame.Between.Bytes, Time: frame.Between.Time},
	})
	return nil
}

// examine asks our own examination once all that can be seen was seen. What it doubts stands in the record; a flag that the policy stops at ends the
// identification, before anything is sent.
func (s *Service) examine(f *finding) error {
	var speech liveness.Speech
	if len(f.sound.packets) > 0 {
		speech = liveness.Speech{From: f.sound.packets[0].Offset, Segments: f.sound.quality.Segments, Shown: f.shownFrom()}
	}
	f.observer.Device(s.camera(f.attempt.ID))
	found := f.observer.Examine(speech)
	f.observer.Wipe()
	var stop error
	for _, doubt := range found {
		response := f.exam.Policy.On(exam.Flag(doubt.Flag))
		if response == exam.Off {
			continue
		}
		f.flags = append(f.flags, ledger.Flag{Name: string(doubt.Flag), Confidence: doubt.Confidence})
		if response == exam.Stop && stop == nil {
			stop = &stopped{Liveness, string(doubt.Flag), nil}
		}
	}
	return stop
}

// flagEvents are the flags on the identity lane, one each.
func (d decision) flagEvents(flags []ledger.Flag, at time.Time) []exam.Event {
	var events []exam.Event
	for _, flag := range flags {
		e := exam.Event{Attempt: d.attempt.ID, Lane: exam.LaneIdentity, Kind: "liveness", At: at, Detail: map[string]any{"flag": flag.Name, "confidence": flag.Confidence}}
		e.Recording, e.OffsetMS = d.place()
		events = append(events, e)
	}
	return events
}
