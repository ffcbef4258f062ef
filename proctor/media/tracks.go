package media

import (
	"time"

	"github.com/pion/rtp"
)

// track begins to take a track: the first camera, in one layer or two, the first
// microphone, the newest screen.
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
	if *slot != nil && media != Screen { // a screen that is shared again may come as another stream
		return nil, true
	}
	now := p.node.now()
	u = newUpTrack(p, media, h.SSRC, s)
	u.last.Store(now.UnixNano())
	*slot = u
	if p.since.IsZero() {
		p.since = now
	}
	switch media {
	case Video:
		p.recorded.Store(u)
	case Screen:
		p.displayed.Store(u)
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
	for _, u := range []*upTrack{p.video, p.low, p.displayed.Load(), p.audio} {
		if u != nil {
			tracks = append(tracks, u)
		}
	}
	return tracks
}

// share takes what the newest offer says of the screen; p.mu is held. What comes of
// a screen that was taken back is neither recorded nor shown.
func (p *Publisher) share(offered bool) {
	before, now := p.displayed.Load(), (*upTrack)(nil)
	if offered {
		now = p.screen
	}
	if before == now {
		return
	}
	p.displayed.Store(now)
	if now != nil {
		now.keys.force(p.node.now()) // what came before is over
	}
	p.node.wakeViewers(p.opts.Room)
}

// screenSilent is how long a screen may send nothing, not even a report. One that
// stands still sends a picture a second.
const screenSilent = 5 * time.Second

// Sharing reports whether the screen is offered and arrives.
func (p *Publisher) Sharing() bool {
	u := p.displayed.Load()
	return u != nil && u.silence(p.node.now()) < screenSilent
}
