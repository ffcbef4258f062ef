package exam

import (
	"fmt"
	"slices"
)

// State is where an attempt is.
type State string

// The states of an attempt:
//
//	registered → ready → identifying → identified → admitted → in_progress ⇄ paused → finished → reviewed
//
// with the side exits declined (another form of the exam, without penalty), manual_identification (two named staff), terminated and expired.
const (
	Registered           State = "registered"
	Ready                State = "ready"
	Identifying          State = "identifying"
	Identified           State = "identified"
	Admitted             State = "admitted"
	InProgress           State = "in_progress"
	Paused               State = "paused"
	Finished             State = "finished"
	Reviewed             State = "reviewed"
	Declined             State = "declined"
	ManualIdentification State = "manual_identification"
	Terminated           State = "terminated"
	Expired              State = "expired"
)

// moves are the legal ones. There are no dead ends: from every state some role can take a way on (Reviewed, the end, may be reopened).
var moves = map[State][]State{
	Registered:           {Ready, Declined, Expired, Terminated},
	Ready:                {Identifying, ManualIdentification, Declined, Registered, Expired, Terminated},
	Identifying:          {Identified, Ready, ManualIdentification, Declined, Expired, Terminated},
	Identified:           {Admitted, Ready, Declined, Expired, Terminated},
	Admitted:             {InProgress, Identified, Identifying, Declined, Expired, Terminated, Finished},
	InProgress:           {Paused, Finished, Declined, Terminated},
	Paused:               {InProgress, Finished, Declined, Terminated},
	Finished:             {Reviewed, InProgress},
	Reviewed:             {Finished},
	Declined:             {Registered},
	ManualIdentification: {Identified, Ready, Declined, Expired, Terminated},
	Terminated:           {Ready, Finished, Reviewed},
	Expired:              {Registered},
}

// IllegalMove is an attempt's move that its state does not allow.
type IllegalMove struct {
	From, To State
}

func (e *IllegalMove) Error() string {
	return fmt.Sprintf("an attempt that is %s cannot become %s", e.From, e.To)
}

// check tells whether a move is legal.
func check(from, to State) error {
	if !slices.Contains(moves[from], to) {
		return &IllegalMove{From: from, To: to}
	}
	return nil
}
