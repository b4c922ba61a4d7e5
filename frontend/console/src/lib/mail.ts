import type { Overview } from './api/client'

type Mail = Overview['mail']

// A MailStatus is what is known about sending emails. Health, Invite New User and Email
// settings all show this one, so they cannot disagree.
export type MailStatus = 'unconfigured' | 'paused' | 'retrying' | 'untested' | 'working'

// mailLabels are the statuses as people read them.
export const mailLabels: Record<MailStatus, string> = {
  unconfigured: 'Not configured',
  paused: 'Paused',
  retrying: 'Retrying',
  untested: 'Not tested yet',
  working: 'Ready',
}

// mailStatus never says that sending works before an email was sent.
export function mailStatus(mail: Mail | undefined, retrying = 0): MailStatus {
  if (!mail?.configured) return 'unconfigured'
  if (mail.paused) return 'paused'
  if (retrying > 0) return 'retrying'
  return mail.last_sent ? 'working' : 'untested'
}
