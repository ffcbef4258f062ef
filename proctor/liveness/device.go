package liveness

import (
	"slices"
	"strings"
	"time"
)

// virtualCameras are parts of the names under which programs appear as cameras, in lower case.
//
//	OBS Studio, Streamlabs, XSplit VCam, vMix, ManyCam, SplitCam, YouCam, CamTwist, e2eSoft VCam, AlterCam, WebcamMax, WebCamoid, AKVCam (Webcamoid's),
//	CyberLink, SparkoCam, ChromaCam, Avatarify, DeepFaceLive (through OBS or pyvirtualcam), FaceRig, Animaze, Snap Camera, mmhmm, NVIDIA Broadcast,
//	v4l2loopback («Dummy video device»), Unity Video Capture, Kinoni EpocCam, the fake devices of Chromium and Firefox (tests).
//
// Phones as webcams (DroidCam, Iriun, Camo, EpocCam) show a real lens and are not in it, and neither are the Windows and NVIDIA effects
// that only blur a background; NVIDIA Broadcast is, because it also replaces the eyes.
var virtualCameras = []string{
	"obs virtual", "obs-camera", "obs camera", "streamlabs", "xsplit", "vmix", "manycam", "splitcam", "youcam", "camtwist", "vcam", "altercam",
	"webcammax", "webcamoid", "akvcam", "cyberlink", "sparkocam", "chromacam", "avatarify", "deepfacelive", "facerig", "animaze", "snap camera",
	"mmhmm", "nvidia broadcast", "v4l2loopback", "dummy video", "unity video capture", "virtual cam", "virtual webcam", "virtualcam",
	"screen capture", "fake_device", "fake default video",
}

// virtual is how sure we are that the camera is a program.
func (o *Observer) virtual() float64 {
	label := strings.ToLower(o.device.Label)
	if slices.ContainsFunc(virtualCameras, func(part string) bool { return strings.Contains(label, part) }) {
		return 1
	}
	return 0
}

const (
	// leastWatched is the time of pictures that a frame rate is told from.
	leastWatched = 4 * time.Second
	// Cameras of browsers give 5 (in the dark) to 60 pictures a second. A busy machine gives fewer of them, hence the wide lower limit.
	leastRate, mostRate = 1.5, 66
	// leastInter is the mean size in bytes of a frame that carries a camera's noise, at our bit rates; one that says «nothing changed»
	// takes some twenty.
	leastInter = 70
)

// watched sums what lay between the key frames.
func (o *Observer) watched() (sum Between) {
	for _, f := range o.frames {
		sum.Frames += f.Between.Frames
		sum.Bytes += f.Between.Bytes
		sum.Time += f.Between.Time
	}
	return sum
}

// oddRate looks at the pictures that came, the key frames counted in, not at what the page says of them.
func (o *Observer) oddRate() float64 {
	sum := o.watched()
	if sum.Time < leastWatched {
		return 0
	}
	rate := float64(sum.Frames+len(o.frames)-1) / sum.Time.Seconds()
	switch {
	case rate > mostRate:
		return rate/mostRate - 0.5
	case rate < leastRate:
		return 1.5 - rate/leastRate
	}
	return 0
}

// noiseless is how far the frames between key frames are from carrying any noise.
func (o *Observer) noiseless() float64 {
	sum := o.watched()
	if sum.Time < leastWatched || sum.Frames < 20 {
		return 0
	}
	size := float64(sum.Bytes) / float64(sum.Frames)
	if size >= leastInter {
		return 0
	}
	return 1.2 - size/leastInter
}
