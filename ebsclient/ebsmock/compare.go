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
	PhotoEngine = "ebs-stand_faceprint_2"
	SoundEngine = "ebs-stand_segments_2"
)

var errNotEnrolled = errors.New("not enrolled")

// outcome is what the comparison came to.
type outcome struct {
	overall, photo, sound float64
	alive                 bool
	liveness              float64
	// noPhoto, noSound: there was no such sample.
	noPhoto, noSound bool
}

// match is the claim of that name.
func (o outcome) match() map[string]any {
	m := map[string]any{"overall": o.overall}
	if !o.noPhoto {
		m["photo"] = o.photo
	}
	if !o.noSound {
		m["sound"] = o.sound
	}
	return m
}

// compare holds the samples against what is enrolled.
func (s *Stand) compare(ctx context.Context, q *question) (outcome, error) {
	enrolled, ok := s.enrolled.get(q.oid)
	if !ok {
		return outcome{}, errNotEnrolled
	}
	// As sure as the least sure of what there is. Of one who does not speak the stand knows nothing: it takes him for alive.
	o := outcome{overall: 1, noPhoto: q.photo == nil, noSound: q.voice == nil, alive: true, liveness: 0.5}
	if !o.noPhoto {
		probe, err := s.faces.print(ctx, q.photo)
		if err != nil {
			return outcome{}, err
		}
		o.photo = photoScore(similarity(enrolled.Print, probe))
		o.overall = min(o.overall, o.photo)
	}
	if !o.noSound {
		sound, err := listen(q.voice)
		if err != nil {
			return outcome{}, err
		}
		fit := sound.score(len(q.challenge), q.shown)
		o.sound = soundScore(fit)
		o.overall = min(o.overall, o.sound)
		// Somebody spoke about as much as was asked: that is all the stand knows of living people.
		o.alive, o.liveness = fit >= 0.5, 0.99*fit
	}
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
