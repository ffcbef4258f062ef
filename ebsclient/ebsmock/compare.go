package ebsmock

import (
	"context"
	"errors"
	"math"
)

const (
	// Threshold is the overall score from which the stand's own result is true.
	Threshold = 0.9999
	// PhotoEngine and SoundEngine name what compares, in the claim "engine".
	PhotoEngine = "ebs-stand_faceprint_1"
	SoundEngine = "ebs-stand_segments_1"
)

var errNotEnrolled = errors.New("not enrolled")

// outcome is what the comparison came to.
type outcome struct {
	overall, photo, sound float64
	alive                 bool
	liveness              float64
}

// compare holds the samples against what is enrolled.
func (s *Stand) compare(ctx context.Context, q *question) (outcome, error) {
	enrolled, ok := s.enrolled.get(q.oid)
	if !ok {
		return outcome{}, errNotEnrolled
	}
	probe, err := s.faces.print(ctx, q.photo)
	if err != nil {
		return outcome{}, err
	}
	sound, err := listen(q.voice)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{photo: photoScore(similarity(enrolled.Print, probe))}
	fit := sound.score(len(q.challenge))
	o.sound = soundScore(fit)
	// As sure as the less sure of the two.
	o.overall = min(o.photo, o.sound)
	// Somebody spoke about as much as was asked: that is all the stand knows of living people.
	o.alive, o.liveness = fit >= 0.5, 0.99*fit
	return o, nil
}

// photoScore turns a similarity into a score by a logistic curve: a half at middleSimilarity, Threshold at sameSimilarity. The
// package's documentation says what they were chosen by.
func photoScore(similarity float64) float64 {
	steep := math.Log(Threshold/(1-Threshold)) / (sameSimilarity - middleSimilarity)
	return round6(1 / (1 + math.Exp(-steep*(similarity-middleSimilarity))))
}

const (
	middleSimilarity = 0.71
	sameSimilarity   = 0.79
)

// soundScore is above Threshold for what fits wholly, and falls fast.
func soundScore(fit float64) float64 {
	return round6(0.99999 * math.Pow(fit, 4))
}

// round6 keeps the digits that a score can have any meaning in, and 1 out of reach.
func round6(v float64) float64 {
	return min(math.Round(v*1e6)/1e6, 0.999999)
}
