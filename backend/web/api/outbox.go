package api

import (
	"context"
	"net/http"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

func (s *API) mountRecords(r *group) {
	read, change := web.Permission(access.May(access.Read, access.ResSettings)),
		web.Permission(access.May(access.Change, access.ResSettings))
	mount(r, op{
		method: http.MethodGet,
		path:   "/outbox",
		id:     "list-outbox",
		title:  "The outbox",
		text: "Emails, newest first. A page of a filtered outbox can be short, or empty, and still have a " +
			"next.",
		need:  read,
		fails: []int{http.StatusUnprocessableEntity},
	}, s.outbox)
	mount(r, op{
		method: http.MethodGet,
		path:   "/outbox/{id}",
		id:     "get-email",
		title:  "One email",
		text: "An email with its content. A login link or code in it is left out: only the server's own shell " +
			"shows it. The content of an email with a link is deleted once it was sent or has failed.",
		need: read,
	}, s.message)
	s.mountMessagePage(r, read)
	mount(r, op{
		method: http.MethodPost,
		path:   "/outbox/{id}/retry",
		id:     "retry-email",
		title:  "Try again now",
		text:   "Queues an email for another try now, and resumes a paused queue.",
		need:   change,
		fails:  []int{http.StatusConflict},
	}, s.retryMessage)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/outbox/{id}",
		id:     "delete-email",
		title:  "Delete an email",
		text: "Deletes an email from the outbox. If it was not sent yet, it never is; the login link of an " +
			"invitation that was not sent opens nothing any more.",
		need:  change,
		fails: []int{http.StatusConflict},
	}, s.deleteMessage)
}

type messagesOut struct {
	Body struct {
		Items        []MessageJSON `json:"items"`
		Next         string        `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
		Total        int           `json:"total"`
		TotalIsFloor bool          `json:"total_is_floor,omitempty" doc:"total is a lower bound."`
	} `nameHint:"MessageList"`
}

type outboxIn struct {
	State  string `query:"state" enum:"queued,sent,retrying,failed,held,withdrawn" doc:"In this state only." example:"failed"`
	Kind   string `query:"kind" enum:"invitation,sign_in,confirmation,approved,rejected,received,waiting,expiring,abandoned,test" doc:"Of this kind only." example:"invitation"`
	Member string `query:"member" maxLength:"26" doc:"Those to this member, by their id." example:"mfrggzdfmztwq2lknnwg23tpoa"`
	To     string `query:"q" doc:"A part of the recipient's address, in any case." example:"ada"`
	Paging
}

func (s *API) outbox(ctx context.Context, actor access.Actor, in *outboxIn) (*messagesOut, error) {
	to, err := access.CleanText("q", in.To, 254)
	if err != nil {
		return nil, err
	}
	var member access.MemberID
	if in.Member != "" {
		if member, err = access.ParseMemberID(in.Member); err != nil {
			return nil, err
		}
	}
	page, err := s.service.Outbox.List(ctx, actor, service.MessageQuery{
		Member: member,
		State:  access.MessageState(in.State),
		Kind:   access.MessageKind(in.Kind),
		To:     to,
		Cursor: in.cursor(),
		Limit:  in.Limit,
	})
	out := &messagesOut{}
	out.Body.Items, out.Body.Next = make([]MessageJSON, len(page.Items)), page.Next
	out.Body.Total, out.Body.TotalIsFloor = page.Total, page.TotalIsFloor
	for i, m := range page.Items {
		out.Body.Items[i] = messageOf(m)
	}
	return out, err
}

// MessagePath is the email that an operation acts on.
type MessagePath struct {
	ID string `path:"id" doc:"The email's id." example:"mfrggzdfmztwq2lknnwg23tpoa"`
}

func (p *MessagePath) id() (access.MessageID, error) { return access.ParseMessageID(p.ID) }

type messageIn struct{ MessagePath }

type messageBodyOut struct{ Body messageBodyJSON }

// message answers with an email. Where the service withholds the body, it says
// why.
func (s *API) message(ctx context.Context, actor access.Actor, in *messageIn) (*messageBodyOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, words, err := s.service.Outbox.Get(ctx, actor, id)
	out := &messageBodyOut{messageBodyJSON{MessageJSON: messageOf(m), Text: words.Text, HTML: words.HTML}}
	out.Body.Redacted = err == nil && m.Kind.HoldsSecret() && !actor.IsOperator()
	if why := access.Explain(err); err != nil && why.Code == "email_content_gone" {
		out.Body.Withheld, err = web.Say(actorIn(ctx), why), nil
	}
	return out, err
}

func (s *API) deleteMessage(ctx context.Context, actor access.Actor, in *messageIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, s.service.Outbox.Delete(ctx, actor, id)
}

type retryIn struct {
	MessagePath
	Body *emptyJSON
}

type messageOut struct{ Body MessageJSON }

func messageAnswer(m access.Message, err error) (*messageOut, error) {
	if err != nil {
		return nil, err
	}
	return &messageOut{messageOf(m)}, nil
}

func (s *API) retryMessage(ctx context.Context, actor access.Actor, in *retryIn) (*messageOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return messageAnswer(s.service.Outbox.Retry(ctx, actor, id))
}
