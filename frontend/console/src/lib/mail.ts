import type { Overview } from './api/client'
import { t } from './messages'

type Mail = Overview['mail']

// A MailStatus is what is known about sending emails. Health, Invite New User and Email
// settings all show this one, so they cannot disagree.
export type MailStatus = 'unconfigured' | 'paused' | 'retrying' | 'untested' | 'working'

// mailLabels are the statuses as people read them.
export const mailLabels: Readonly<Record<MailStatus, string>> = {
  get unconfigured() { return t('console.mail_status.unconfigured') },
  get paused() { return t('console.mail_status.paused') },
  get retrying() { return t('console.mail_status.retrying') },
  get untested() { return t('console.mail_status.untested') },
  get working() { return t('console.mail_status.working') },
}

// mailStatus never says that sending works before an email was sent.
export function mailStatus(mail: Mail | undefined, retrying = 0): MailStatus {
  if (!mail?.configured) return 'unconfigured'
  if (mail.paused) return 'paused'
  if (retrying > 0) return 'retrying'
  return mail.last_sent ? 'working' : 'untested'
}
