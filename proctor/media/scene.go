package media

import (
	"slices"

	"github.com/google/uuid"
)

// Scene is what a viewer has on the screen and hears.
type Scene struct {
	Small []uuid.UUID // the camera, in the low layer where there is one
	Large []uuid.UUID // the camera as it is recorded, the screen and the phone
	Heard []uuid.UUID // the microphone
}

// shown is a track that comes in and what a viewer knows it as.
type shown struct {
	up *upTrack
	as Media
}

// there returns what there is of the scene now, the large ones first.
func (v *Viewer) there() []shown {
	var all []shown
	each := func(attempts []uuid.UUID, of func(uuid.UUID) (*Publisher, bool), choose func(p *Publisher, all []*upTrack) []shown) {
		for _, attempt := range attempts {
			p, ok := of(attempt)
			if !ok || p.opts.Room != v.opts.Room {
				continue
			}
			for _, s := range choose(p, p.tracks()) {
				if !slices.Contains(all, s) { // without layers the small picture is the large one
					all = append(all, s)
				}
			}
		}
	}
	each(v.scene.Large, v.node.Publisher, func(p *Publisher, all []*upTrack) []shown {
		if r := p.recorded.Load(); slices.Contains(all, r) && r.media == Low { // her network does not carry the better one
			return append(only(all, Screen), shown{r, Video})
		}
		return only(all, Video, Screen)
	})
	each(v.scene.Large, v.node.Phone, func(_ *Publisher, all []*upTrack) []shown { return only(all, Video) })
	each(v.scene.Heard, v.node.Publisher, func(_ *Publisher, all []*upTrack) []shown { return only(all, Audio) })
	each(v.scene.Small, v.node.Publisher, func(_ *Publisher, all []*upTrack) []shown {
		if low := only(all, Low); len(low) > 0 {
			return low
		}
		return only(all, Video)
	})
	return all
}

func only(all []*upTrack, media ...Media) (list []shown) {
	for _, u := range all {
		if slices.Contains(media, u.media) {
			list = append(list, shown{u, u.shown()})
		}
	}
	return list
}
