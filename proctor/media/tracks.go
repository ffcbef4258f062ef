package media

import (
	"github.com/pion/rtp"
)

// track begins to take a track: the first camera, in one layer or two, the first
// microphone, the first screen.
func (p *Publisher) track(h *rtp.Header) (u *upTrack, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.offer.sectionOf(h)
	if s == nil || p.closing {
		return nil, true
	}
	media := s.media
	if len(s.layers) > 0 {
		switch string(h.GetExtension(s.id(extensionRID))) {
		case layerHigh:
		case layerLow:
			media = Low
		default:
			return nil, false
		}
	}
	slot := p.slot(media)
	if *slot != nil {
		return nil, true
	}
	now := p.node.now()
	u = newUpTrack(p, media, h.SSRC, s)
	u.last.Store(now.UnixNano())
	*slot = u
	if p.since.IsZero() {
		p.since = now
	}
	if media == Video {
		p.recorded.Store(u)
	}
	p.shown = p.shown || p.video != nil && p.audio != nil
	p.node.wakeViewers(p.opts.Room)
	return u, true
}

// slot is where a track of a kind is kept; p.mu is held.
func (p *Publisher) slot(m Media) **upTrack {
	switch m {
	case Audio:
		return &p.audio
	case Low:
		return &p.low
	case Screen:
		return &p.screen
	default:
		return &p.video
	}
}

// tracks returns what there is to forward. The two tracks of a publisher come
// one after the other; showing them together spares every viewer a negotiation.
func (p *Publisher) tracks() []*upTrack {
	p.mu.Lock()
	defer p.mu.Unlock()
	var tracks []*upTrack
	if p.closing || !p.shown {
		return nil
	}
	for _, u := range []*upTrack{p.video, p.low, p.screen, p.audio} {
		if u != nil {
			tracks = append(tracks, u)
		}
	}
	return tracks
}
