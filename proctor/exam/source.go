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

// Rates are the most that a student's browser sends of each picture, kbit/s. It sends less by itself where the network does not carry them.
type Rates struct {
	Low    int `json:"low"`    // the small picture of two, for walls of many students
	High   int `json:"high"`   // the camera as it is recorded
	Screen int `json:"screen"` // the screen
	Phone  int `json:"phone"`  // the phone
}

func defaultRates() Rates { return Rates{Low: 150, High: 1000, Screen: 800, Phone: 500} }

func (r Rates) valid() bool {
	return r.Low >= 64 && r.Low <= 500 && r.High >= max(150, r.Low) && r.High <= 4000 && r.Screen >= 150 && r.Screen <= 4000 && r.Phone >= 150 && r.Phone <= 4000
}

// Sources of media.
const (
	SourceCamera     = "camera"
	SourceMicrophone = "microphone"
	SourceScreen     = "screen"
	SourcePhone      = "phone"
)

// Recorded are the sources that are recorded under the policy, as students are told.
func (p Policy) Recorded() []string {
	recorded := []string{SourceCamera, SourceMicrophone}
	if p.Screen == Required {
		recorded = append(recorded, SourceScreen)
	}
	if p.Phone == Required {
		recorded = append(recorded, SourcePhone)
	}
	return recorded
}
