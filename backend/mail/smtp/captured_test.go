package smtp_test

import (
	"testing"

	"doorward/backend/mail/mailtest"
	"doorward/backend/mail/smtp"
)

// What mail servers said to others, as they published it; where, stands above each row. Only the
// addresses are ours. An email that is refused for what is our own fault must not be lost for it.
func TestCapturedRefusals(t *testing.T) {
	const (
		ours   = smtp.Paused    // the settings, the account or its limits; the queue waits
		theirs = smtp.Permanent // the recipient's: this email fails
		whose  = smtp.Unclear   // the next email shows whose
		later  = smtp.Temporary
	)
	for _, tt := range []struct {
		answered
		class smtp.Class
		alive bool
	}{
		// Gmail, https://github.com/dawidd6/action-send-mail/issues/205
		{answer(mailtest.Auth, "535-5.7.8 Username and Password not accepted. For more information, go to",
			"535 5.7.8  https://support.google.com/mail/?p=BadCredentials "+
				"af79cd13be357-794f3061475sm18893085a.74 - gsmtp",
		), ours, false},
		// Gmail, https://github.com/getgrav/grav-plugin-email/issues/154
		{answer(mailtest.Auth, "534-5.7.14", "534-5.7.14 Please log in via your web browser and then try again.",
			"534-5.7.14 Learn more at",
			"534 5.7.14 https://support.google.com/mail/answer/78754 u9sm6356280wrm.70 - gsmtp",
		), ours, false},
		// Gmail, https://github.com/node-red/node-red/issues/1199
		{answer(mailtest.Mail, "530-5.5.1 Authentication Required. Learn more at",
			"530 5.5.1  https://support.google.com/mail/?p=WantAuthError j34sm20675690wre.7 - gsmtp"), ours, true},
		// Gmail, https://github.com/woowacourse-teams/2025-ah-madda/issues/635
		{answer(mailtest.EndOfData, "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail",
			"550-5.4.5 sending limits go to",
			"550 5.4.5  https://support.google.com/a/answer/166852 d2e1a72fcca58-76e7d551493sm9728466b3a.112 - gsmtp",
		), ours, true},
		// Gmail, https://github.com/PHPMailer/PHPMailer/issues/1370
		{answer(mailtest.Data, "550 5.4.5 Daily user sending quota exceeded."), ours, true},
		// Gmail, https://github.com/umuterturk/email-verifier/issues/5
		{answer(mailtest.Rcpt, "550-5.1.1 The email account that you tried to reach does not exist. Please try",
			"550-5.1.1 double-checking the recipient's email address for typos or",
			"550-5.1.1 unnecessary spaces. For more information, go to",
			"550 5.1.1  https://support.google.com/mail/?p=NoSuchUser d75a77b69052e-4751daf8c76si8320101cf.287 - gsmtp",
		), theirs, true},
		// Gmail, https://knowledge.workspace.google.com/admin/support/troubleshooting/gmail-smtp-errors-and-codes
		{answer(mailtest.Rcpt, "450 4.2.1 The user you are trying to contact is receiving email too quickly. Please "+
			"resend your message at a later time. If the user is able to receive email at that time, your message "+
			"will be delivered."), later, true},

		// Exchange Online, https://github.com/simonrob/email-oauth2-proxy/issues/193
		{answer(mailtest.Auth, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "+
			"Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. "+
			"[MN2PR05CA0004.namprd05.prod.outlook.com 2023-09-12T20:59:57.214Z 08DBB276B7E699C4]"), ours, false},
		// Exchange Online, https://github.com/rss2email/rss2email/issues/147, which goes on with numbers
		{answer(mailtest.EndOfData, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException."+
			"MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message Cannot "+
			"submit message. 0.35250:7D060000, 1.36674:0A000000, 1.61250:00000000"), ours, true},
		// Exchange Online, https://github.com/gophish/gophish/issues/2900, which goes on with numbers
		{answer(mailtest.EndOfData, "554 5.2.252 SendAsDenied; ops@example.com not allowed to send as "+
			"door@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed "+
			"to process message due to a permanent exception with message [BeginDiagnosticData]Cannot submit "+
			"message. 0.35250:1F009983"), ours, true},
		// Exchange Online, https://github.com/Youans/nodejs-nodemailer-outlook/issues/11
		{answer(mailtest.EndOfData, "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process "+
			"message due to a permanent exception with message WASCL UserAction verdict is not None. Actual verdict "+
			"is RefuseQuota, ShowTierUpgrade. OutboundSpamException: WASCL UserAction verdict is not None. Actual "+
			"verdict is RefuseQuota, ShowTierUpgrade. [Hostname=VI1PR05MB5405.eurprd05.prod.outlook.com]"), ours, true},
		// Exchange Online, https://github.com/swiftmailer/swiftmailer/issues/1030; at the end of the content, as in
		// https://github.com/WWBN/AVideo/issues/1017
		{answer(mailtest.EndOfData, "550 5.7.60 SMTP; Client does not have permissions to send as this sender "+
			"[MW2PR1901MB2155.namprd19.prod.outlook.com]"), ours, true},
		// Exchange Server, https://github.com/nodemailer/nodemailer/issues/145
		{answer(mailtest.EndOfData, "550 5.7.1 Client does not have permissions to send as this sender"), ours,
			true},
		// Exchange Online, https://github.com/timeoff-management/timeoff-management-application/issues/308
		{answer(mailtest.EndOfData, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded "+
			"[Hostname=DM5SPR00MB2471.namprd08.prod.outlook.com]"), later, true},

		// Amazon SES, https://github.com/Billionmail/BillionMail/issues/156
		{answer(mailtest.Mail, "530 Authentication required"), ours, true},
		// Amazon SES, https://github.com/sul-dlss/dlme/issues/813; at the end of the content, as in
		// https://pastebin.com/hHzMPWds
		{answer(mailtest.EndOfData, "554 Message rejected: Email address is not verified. The following identities "+
			"failed the check in region US-WEST-2: door@example.com"), ours, true},
		// Amazon SES, https://github.com/mageplaza/magento-2-smtp/issues/211: an account that may only send to
		// addresses of its own names the recipient, and the next one may be one of those
		{answer(mailtest.EndOfData, "554 Message rejected: Email address is not verified. The following identities "+
			"failed the check in region US-EAST-1: ada1@example.org"), whose, true},
		// Amazon SES, https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
		{answer(mailtest.EndOfData, "454 Throttling failure: Maximum sending rate exceeded"), later, true},
		{answer(mailtest.EndOfData, "454 Throttling failure: Daily message quota exceeded"), later, true},

		// Postfix, https://github.com/docker-mailserver/docker-mailserver/issues/3824
		{answer(mailtest.Rcpt, "553 5.7.1 <door@example.com>: Sender address rejected: not owned by user "+
			"ops@example.com"),
			ours, true},
		// Postfix, https://github.com/hardware/mailserver/issues/148
		{answer(mailtest.Rcpt, "553 5.7.1 <door@example.com>: Sender address rejected: not logged in"), ours, true},
		// Postfix, https://github.com/arlowhite/process-watcher/issues/5
		{answer(mailtest.Rcpt, "554 5.7.1 <ada1@example.org>: Relay access denied"), whose, true},
		// Postfix, https://github.com/Turgon37/docker-smtp-relay/issues/25
		{answer(mailtest.Rcpt, "554 5.7.1 <ada1@example.org>: Recipient address rejected: Access denied"), whose, true},
		// Postfix, https://git.erg.school/PostERG/xamxam: docs/SMTP_550_POSTFIX_FIX.md
		{answer(mailtest.Rcpt, "550 5.1.1 <ada1@example.org>: Recipient address rejected: User unknown in virtual "+
			"mailbox table"), theirs, true},
		// Postfix, https://github.com/EC-Nordbund/denomailer/issues/6
		{answer(mailtest.Rcpt, "450 4.1.2 <ada1@example.org>: Recipient address rejected: Domain not found"), later,
			true},
	} {
		tt.means(t, tt.class, tt.alive)
	}
}
