package api

func (o *memberOut) retell(say func(string) string)  { o.Body.retell(say) }
func (o *inviteOut) retell(say func(string) string)  { o.Body.retell(say) }
func (o *messageOut) retell(say func(string) string) { o.Body.retell(say) }
func (o *messageBodyOut) retell(say func(string) string) {
	o.Body.MessageJSON.retell(say)
}
func (o *overviewOut) retell(say func(string) string) { o.Body.Mail.retell(say) }
func (o *settingsOut) retell(say func(string) string) { o.Body.Mail.retell(say) }
func (o *checkOut) retell(say func(string) string)    { o.Body.Mail.retell(say) }

func (o *membersOut) retell(say func(string) string) {
	for i := range o.Body.Items {
		o.Body.Items[i].retell(say)
	}
}

func (o *requestsOut) retell(say func(string) string) {
	for i := range o.Body.Items {
		o.Body.Items[i].retell(say)
	}
}

func (o *messagesOut) retell(say func(string) string) {
	for i := range o.Body.Items {
		o.Body.Items[i].retell(say)
	}
}

func (o *inviteManyOut) retell(say func(string) string) {
	for _, row := range o.Body.Results {
		if row.Member != nil {
			row.Member.retell(say)
		}
	}
}

func (o *testMailOut) retell(say func(string) string) {
	o.Body.MessageJSON.retell(say)
	o.Body.Mail.retell(say)
}

func (m *MemberJSON) retell(say func(string) string) {
	if m.Delivery != nil {
		m.Delivery.Detail = say(m.Delivery.Detail)
	}
}

func (m *MessageJSON) retell(say func(string) string) { m.Detail = say(m.Detail) }
func (m *mailJSON) retell(say func(string) string)    { m.Detail = say(m.Detail) }
