package media

import "sync"

// dispatcher calls callbacks of the package's user one at a time, in order, so
// that nothing inside ever waits for them. What it holds is bounded by what is
// pushed: a few states, the candidates, one offer.
type dispatcher struct {
	mu       sync.Mutex
	queue    []func()
	wake     chan struct{}
	finished bool
}

func newDispatcher() *dispatcher { return &dispatcher{wake: make(chan struct{}, 1)} }

func (d *dispatcher) push(f func()) {
	d.mu.Lock()
	if !d.finished {
		d.queue = append(d.queue, f)
	}
	d.mu.Unlock()
	d.nudge()
}

// finish lets run end after what was pushed so far.
func (d *dispatcher) finish() {
	d.mu.Lock()
	d.finished = true
	d.mu.Unlock()
	d.nudge()
}

func (d *dispatcher) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dispatcher) run() {
	for range d.wake {
		d.mu.Lock()
		queue, finished := d.queue, d.finished
		d.queue = nil
		d.mu.Unlock()
		for _, f := range queue {
			f()
		}
		if finished {
			return
		}
	}
}
