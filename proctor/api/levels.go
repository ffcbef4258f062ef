package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media"
)

// levelsEvery is how often a room's page hears how loud its students are.
const levelsEvery = 250 * time.Millisecond

// tellLevels tells everybody who has a room open how loud its students are, those of whom it has changed, until ctx ends.
func (s *Server) tellLevels(ctx context.Context) {
	tick := time.NewTicker(levelsEvery)
	defer tick.Stop()
	told := map[uuid.UUID]uint8{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		told = s.levels(told)
	}
}

// levels tells what has changed since the last time, and returns how it is now.
func (s *Server) levels(told map[uuid.UUID]uint8) map[uuid.UUID]uint8 {
	now := make(map[uuid.UUID]uint8, len(told))
	for exam, attempts := range s.hub.meters() {
		changed := map[string]uint8{}
		for _, id := range attempts {
			p, live := s.Media.Publisher(id)
			if !live {
				continue
			}
			level, known := p.Level()
			if !known {
				continue
			}
			now[id] = level.Below
			before, heard := told[id]
			if !heard {
				before = media.Silence
			}
			if before != level.Below {
				changed[id.String()] = level.Below
			}
		}
		if len(changed) == 0 {
			continue
		}
		m := levelsMessage{Type: "levels", Levels: changed}
		for _, w := range s.hub.watching(exam) {
			w.send(m)
		}
	}
	return now
}
