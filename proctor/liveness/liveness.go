package liveness

import (
	"slices"
	"time"

	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

// Flag is a doubt, by its code in policies and records.
type Flag string

// The flags.
const (
	FrozenPicture           Flag = "frozen_picture"             // nothing moves, not even a breathing head
	LoopedPicture           Flag = "looped_picture"             // what moved is seen again, the same way
	VirtualCamera           Flag = "virtual_camera"             // the camera's name is that of a program
	OddFrameRate            Flag = "odd_frame_rate"             // no camera gives so many, or so few, pictures a second
	NoCameraNoise           Flag = "no_camera_noise"            // between key frames nothing changes, not even by noise
	VoiceBeforeDigits       Flag = "voice_before_digits"        // somebody spoke before there was anything to say
	VoiceNotFollowingDigits Flag = "voice_not_following_digits" // speech does not come when digits are shown
	MouthNotMoving          Flag = "mouth_not_moving"           // the mouth looks the same whether there is a voice or not
	FaceChanged             Flag = "face_changed"               // the face before and after some moment are two
)

// Finding is one doubt.
type Finding struct {
	Flag Flag `json:"flag"`
	// Confidence is 0…1: how far beyond its limit the measure is. It is no probability.
	Confidence float64 `json:"confidence"`
}

// Device is what the student's page says of the camera. A page can be made to lie: what it admits is believed, what it denies is not.
type Device struct {
	Label string
	// FrameRate, Width and Height are the track's settings, 0 where the browser gives none.
	FrameRate     float64
	Width, Height int
}

// Frame is one key frame.
type Frame struct {
	// At is its offset in the recording.
	At time.Duration
	// SHA256 is of the encoded frame.
	SHA256 [32]byte
	// Thumb is the whole picture, Patch the face in it; nil without one. Both are copied.
	Thumb vision.Thumb
	Patch vision.Patch
	// Between tells of the frames since the key frame before.
	Between Between
}

// Between is the encoded frames between two key frames: how many, their bytes, and the time from one key frame to the other.
type Between struct {
	Frames, Bytes int
	Time          time.Duration
}

// Speech is what was heard during the challenge.
type Speech struct {
	// From is the offset in the recording at which the voice sample begins; Segments and Shown count from there.
	From     time.Duration
	Segments []voice.Segment
	// Shown is when each digit was shown; empty: nothing was asked, or all at once.
	Shown []time.Duration
}

// Observer collects what was seen of one identification. It holds at most [maxFrames] frames, about a third of a MiB, in memory only. It is not
// safe for concurrent use.
type Observer struct {
	device Device
	frames []frame
}

// frame is a Frame with copies of its own.
type frame struct {
	Frame
	thumb vision.Thumb
	patch vision.Patch
}

// A moment after a digit was shown key frames are best asked for: Speaking shows the mouth that says it, AtRest the mouth afterwards.
const (
	Speaking = 700 * time.Millisecond
	AtRest   = 1250 * time.Millisecond
)

// maxFrames bounds the memory; the oldest go first. Key frames come at most twice a second.
const maxFrames = 32

// Device notes what the page said of the camera.
func (o *Observer) Device(d Device) { o.device = d }

// Frame notes a key frame. Frames come in the order of time; one that does not, after a reconnection, begins anew.
func (o *Observer) Frame(f Frame) {
	if n := len(o.frames); n > 0 && f.At < o.frames[n-1].At {
		o.Wipe()
	}
	kept := frame{Frame: f, thumb: slices.Clone(f.Thumb)}
	if f.Patch != nil {
		kept.patch = slices.Clone(f.Patch)
	}
	kept.Frame.Thumb, kept.Frame.Patch = nil, nil
	if len(o.frames) == maxFrames {
		o.frames[0].wipe()
		o.frames = slices.Delete(o.frames, 0, 1)
	}
	o.frames = append(o.frames, kept)
}

func (f frame) wipe() {
	f.thumb.Wipe()
	f.patch.Wipe()
}

// Wipe overwrites all pictures and forgets them.
func (o *Observer) Wipe() {
	for _, f := range o.frames {
		f.wipe()
	}
	clear(o.frames)
	o.frames = o.frames[:0]
}

// Examine says what is doubtful, each flag once, in the order of the constants. It may be called again when more was seen.
func (o *Observer) Examine(s Speech) []Finding {
	var out []Finding
	note := func(flag Flag, confidence float64) {
		if confidence > 0 {
			out = append(out, Finding{flag, round(min(confidence, 1))})
		}
	}
	motions := o.motions()
	note(FrozenPicture, o.frozen(motions))
	note(LoopedPicture, o.looped(motions))
	note(VirtualCamera, o.virtual())
	note(OddFrameRate, o.oddRate())
	note(NoCameraNoise, o.noiseless())
	note(VoiceBeforeDigits, s.early())
	note(VoiceNotFollowingDigits, s.astray())
	note(MouthNotMoving, o.mute(s))
	note(FaceChanged, o.changed())
	return out
}

// round to hundredths: more would be pretence.
func round(v float64) float64 { return float64(int(v*100+0.5)) / 100 }
