// Package watch looks at those who sit an exam, about once a second each, and tells what a proctor may want to see: nobody before the camera, or
// several, a head that is turned away, a picture that is black, covered or frozen, speech where silence is due, a voice of another pitch, a mouth
// that moves in silence. Each becomes an event with its begin, its end, its place in the recording and how sure it is. An event is a hint: a person
// decides what it means.
//
// It looks at key frames that came anyway; one is asked for only when none did. The media plane never waits for it: what is not looked at in time is
// dropped (media.Tap). All that is held of a student is in memory, small, and wiped: a picture too small to know anybody by, the patch of a face, and
// the pitch of her voice as a number.
//
// It may not decide anything, and knows nothing of verifiers, HTTP or WebSockets. The rules are the exam's policy (exam.Policy.Watches).
//
// # No storms
//
// What is seen must last (exam.Watched.After) in most pictures, and be gone in several, before an event begins or ends; what begins again soon, or for the
// thirteenth time within an hour, prolongs the last event of its kind. So the most one student can cause in an hour is a dozen events of each kind,
// whatever she does.
//
// # What it costs
//
// BenchmarkWatch30 of package vision measures the pictures: 30 students take some 0.4 of a core. Looks take turns so that they never use more than a
// part of the machine (Config.AtOnce); on a full one each student is looked at less often.
//
// Start reading at Observer (observer.go), which is pure; Service (watch.go) feeds it.
package watch
