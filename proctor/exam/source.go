package exam

// Wanted says whether something beside camera and microphone is recorded of a student.
type Wanted string

// Whether it is: nothing of it is taken, or she is asked for it on her way in and its loss is pointed out. Nobody is shut out by a machine
// because it does not come: the proctor sees it and decides.
const (
	NotWanted Wanted = "none"
	Required  Wanted = "required"
)

func (w Wanted) valid() bool { return w == NotWanted || w == Required }

// Sources of media.
const (
	SourceCamera     = "camera"
	SourceMicrophone = "microphone"
	SourceScreen     = "screen"
)

// Recorded are the sources that are recorded under the policy, as students are told.
func (p Policy) Recorded() []string {
	recorded := []string{SourceCamera, SourceMicrophone}
	if p.Screen == Required {
		recorded = append(recorded, SourceScreen)
	}
	return recorded
}
