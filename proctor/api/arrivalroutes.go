package api

import "net/http"

var (
	holders = access{holder: true}
	named   = access{named: true}
)

// arrivalOperations are the routes of whoever has just come from Gosuslugi, and of the staff that answers those whom nobody knows.
func (s *Server) arrivalOperations() {
	get, post := http.MethodGet, http.MethodPost

	route(s, get, "/api/session/choices", "choices", "The roles and organisations in which one may act", holders, s.listChoices)
	route(s, post, "/api/session/choice", "choose", "Act in another role or organisation", holders, s.choose)
	route(s, get, "/api/arrival", "arrival", "How the last sign-in ended", public, s.arrival)
	route(s, post, "/api/requests", "fileRequest", "File a request to an organisation", named, s.fileRequest)
	route(s, get, "/api/requests", "requests", "The organisation's requests", listKeepers, s.listRequests)
	route(s, get, "/api/requests/{id}", "request", "A request, beside whom it may mean", listKeepers, s.getRequest)
	route(s, post, "/api/requests/{id}/link", "linkRequest", "Link the account of a request", listKeepers, s.linkRequest)
	route(s, post, "/api/requests/{id}/refuse", "refuseRequest", "Refuse a request with a reason", listKeepers, s.refuseRequest)
}
