package ebsmock

import (
	"context"
	"image"
	"time"
)

// Print is a face's print, for tests of the measure.
type Print = faceprint

// PrintOf makes the print of a photo's face.
func (s *Stand) PrintOf(ctx context.Context, photo []byte) (*faceprint, error) {
	return s.faces.print(ctx, photo)
}

// PrintOfImage makes it of a picture that is decoded.
func (s *Stand) PrintOfImage(ctx context.Context, img image.Image) (*faceprint, error) {
	return s.faces.printOf(ctx, img)
}

// Score compares two prints.
func Score(a, b *faceprint) (alike, score float64) {
	alike = similarity(a, b)
	return alike, photoScore(alike)
}

// SoundScore says how well a voice sample fits so many digits.
func SoundScore(wav []byte, digits int, shown ...time.Duration) (segments int, score float64, err error) {
	h, err := listen(wav)
	if err != nil {
		return 0, 0, err
	}
	return len(h.stretches), soundScore(h.score(digits, shown)), nil
}

// EnrolPrint enrols somebody by a print that was made before: many stands, one search.
func (s *Stand) EnrolPrint(p Person, print *faceprint) error {
	return s.enrolled.put(enrolment{Person: p, EnrolledAt: s.cfg.Now().UTC(), Print: print})
}
