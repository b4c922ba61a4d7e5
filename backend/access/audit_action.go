package access

import "slices"

// An AuditAction is what was done, as an audit entry stores it. The bytes never change,
// because the hash of each entry covers them. The API and people read its Name and its
// Phrase.
type AuditAction string

const (
	ActionSetUp               AuditAction = "set_up"
	ActionInvite              AuditAction = "invited"
	ActionRenew               AuditAction = "renewed_invitation"
	ActionResend              AuditAction = "resent_letter"
	ActionCopyLink            AuditAction = "made_login_link"
	ActionRescue              AuditAction = "printed_login_link"
	ActionVerifyEmail         AuditAction = "proved_address"
	ActionAccept              AuditAction = "accepted_handed_link"
	ActionVerifyLater         AuditAction = "verified_address"
	ActionSignIn              AuditAction = "signed_in"
	ActionConfirm             AuditAction = "confirmed"
	ActionAuthorizeDesktop    AuditAction = "let_window"
	ActionSignOut             AuditAction = "signed_out"
	ActionEndSession          AuditAction = "ended_session"
	ActionSignOutEverywhere   AuditAction = "signed_out_everywhere"
	ActionNote                AuditAction = "left_note"
	ActionWithdraw            AuditAction = "withdrew"
	ActionApprove             AuditAction = "approved"
	ActionReject              AuditAction = "rejected"
	ActionChangeRoles         AuditAction = "changed_access"
	ActionRename              AuditAction = "renamed"
	ActionInternalNote        AuditAction = "changed_internal_note"
	ActionSuspend             AuditAction = "suspended"
	ActionUnsuspend           AuditAction = "restored"
	ActionUndo                AuditAction = "undid"
	ActionRemove              AuditAction = "removed"
	ActionExpire              AuditAction = "invitation_expired"
	ActionRemind              AuditAction = "reminded"
	ActionRemoveUndecided     AuditAction = "removed_undecided"
	ActionNoticeUnusual       AuditAction = "noticed_unusual"
	ActionCreateToken         AuditAction = "made_token"
	ActionRevokeToken         AuditAction = "revoked_token"
	ActionPutRole             AuditAction = "kept_role"
	ActionDeleteRole          AuditAction = "deleted_role"
	ActionChangeSettings      AuditAction = "changed_settings"
	ActionTrustClock          AuditAction = "believed_clock"
	ActionRetryMessage        AuditAction = "retried_letter"
	ActionDeleteMessage       AuditAction = "deleted_letter"
	ActionTestMail            AuditAction = "tested_mail"
	ActionChangeNotifications AuditAction = "changed_notices"
	ActionRestoreData         AuditAction = "restored_backup"
	ActionBackUp              AuditAction = "backed_up"
	ActionGuess               AuditAction = "wrong_codes"
)

// auditActions has all actions in the order of a filter: what happens to an account comes
// first. A test finds a missing one.
var auditActions = []struct {
	action       AuditAction
	name, phrase string // the phrase goes between the actor and the target
}{
	{ActionSetUp, "set_up", "set up the workspace:"},
	{ActionInvite, "invited", "invited"},
	{ActionRenew, "renewed_invitation", "renewed the invitation of"},
	{ActionResend, "resent_email", "resent the email to"},
	{ActionCopyLink, "created_login_link", "created a login link for"},
	{ActionRescue, "printed_login_link", "created a login link on the command line for"},
	{ActionVerifyEmail, "verified_email", "verified their email address"},
	{ActionAccept, "accepted_unverified", "accepted the invitation with a link that was shared directly"},
	{ActionVerifyLater, "verified_email_later", "verified their email address later"},
	{ActionSignIn, "signed_in", "signed in"},
	{ActionConfirm, "confirmed_session", "confirmed their identity"},
	{ActionAuthorizeDesktop, "authorized_desktop", "signed in to the desktop app"},
	{ActionSignOut, "signed_out", "signed out"},
	{ActionEndSession, "ended_session", "ended a session of"},
	{ActionSignOutEverywhere, "signed_out_everywhere", "signed out everywhere"},
	{ActionNote, "added_note", "added a note to their login request"},
	{ActionWithdraw, "withdrew", "withdrew their login request"},
	{ActionApprove, "approved", "approved"},
	{ActionReject, "rejected", "rejected"},
	{ActionChangeRoles, "changed_roles", "changed the roles of"},
	{ActionRename, "renamed", "renamed"},
	{ActionInternalNote, "changed_internal_note", "changed the internal note about"},
	{ActionSuspend, "suspended", "suspended"},
	{ActionUnsuspend, "unsuspended", "lifted the suspension of"},
	{ActionUndo, "undid_change", "undid a change to"},
	{ActionRemove, "removed", "removed"},
	{ActionExpire, "invitation_expired", "expired the invitation of"},
	{ActionRemind, "reminded", "sent a reminder to"},
	{ActionRemoveUndecided, "removed_undecided", "removed the unreviewed request from"},
	{ActionNoticeUnusual, "noticed_unusual", "detected something unusual:"},
	{ActionCreateToken, "created_token", "created the API token"},
	{ActionRevokeToken, "revoked_token", "revoked the API token"},
	{ActionPutRole, "saved_role", "saved the role"},
	{ActionDeleteRole, "deleted_role", "deleted the role"},
	{ActionChangeSettings, "changed_settings", "changed the"},
	{ActionTrustClock, "trusted_clock", "confirmed the"},
	{ActionRetryMessage, "retried_email", "retried the email"},
	{ActionDeleteMessage, "deleted_email", "deleted the email"},
	{ActionTestMail, "sent_test_email", "sent a test email"},
	{ActionChangeNotifications, "changed_notifications", "changed their notifications"},
	{ActionBackUp, "backed_up", "made a backup"},
	{ActionRestoreData, "restored_backup", "restored a backup"},
	{ActionGuess, "entered_wrong_codes", "detected wrong login codes for"},

	{ActionCreateCluster, "created_cluster", "made this the first machine of a cluster:"},
	{ActionCreateJoinToken, "created_join_token", "created a token with which a machine can join the cluster"},
	{ActionVoidJoinTokens, "voided_join_tokens", "voided the tokens with which machines can join the cluster"},
	{ActionJoinMachine, "joined_machine", "let a machine join the cluster:"},
	{ActionPromoteMachine, "promoted_machine", "gave a vote to the machine"},
	{ActionRemoveMachine, "removed_machine", "removed from the cluster the machine"},
	{ActionRaiseSchema, "raised_schema", "upgraded the stored data to schema"},
	{ActionRecoverCluster, "recovered_cluster", "went on without the other machines of the cluster, on"},
	{ActionDissolveCluster, "dissolved_cluster", "made the data independent of the cluster, on"},
}

// AuditActions returns all actions, in display order; without ClusterActions those of a server
// alone.
func AuditActions() []AuditAction {
	all := make([]AuditAction, len(auditActions))
	for i := range all {
		all[i] = auditActions[i].action
	}
	return all
}

// ClusterActions returns those of AuditActions that are done to the machines of a cluster: the last
// ones of the table.
func ClusterActions() []AuditAction {
	all := AuditActions()
	return all[slices.Index(all, ActionCreateCluster):]
}

// AuditActionOf returns the action with that name; false if there is none.
func AuditActionOf(name string) (AuditAction, bool) {
	for _, a := range auditActions {
		if a.name == name {
			return a.action, true
		}
	}
	return "", false
}

// Name is the action's name in the API. An action of a newer version has its stored value
// as its name.
func (a AuditAction) Name() string {
	for _, known := range auditActions {
		if known.action == a {
			return known.name
		}
	}
	return string(a)
}

// Phrase is the action in words, between the actor and the target: "changed the roles of".
func (a AuditAction) Phrase() string {
	for _, known := range auditActions {
		if known.action == a {
			return known.phrase
		}
	}
	return string(a)
}
