// Package liveness doubts that a living person sits before a camera and reads what is shown: our own examination, beside the
// verifier's. It looks for pictures that do not move or come again, a camera that is a program, a voice that does not follow the digits,
// a mouth that does not go with the voice, and a face that is replaced. Each doubt is a [Finding]; what is done about it is the exam's policy.
//
// It is fed key frames as small pictures (vision.Thumb, vision.Patch), the times of speech and of the digits, and what the page says of its
// camera. It decides nothing, stores nothing, and knows nothing of students or verifiers; [Observer.Wipe] overwrites what it holds.
//
// Start reading at [Observer.Examine]. PAD.md tells what it catches and what it does not, measured as ISO/IEC 30107-3 asks.
package liveness
