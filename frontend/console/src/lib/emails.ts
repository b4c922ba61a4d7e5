import type { Message } from './api/client'

export type EmailState = Message['state']

// states are what is known about the delivery of an email, as people read it, with the
// look of its pill.
export const states: Record<EmailState, { label: string; look: string }> = {
  queued: { label: 'Queued', look: '' },
  sent: { label: 'Sent', look: 'ok' },
  retrying: { label: 'Retrying', look: 'wait' },
  failed: { label: 'Failed', look: 'bad' },
  held: { label: 'Held', look: 'wait' },
}

// kinds are what emails are about.
export const kinds: Record<Message['kind'], string> = {
  invitation: 'Invitation',
  sign_in: 'Sign-in',
  confirmation: 'Confirmation code',
  approved: 'Approval',
  rejected: 'Rejection',
  received: 'Request received',
  waiting: 'Pending requests',
  expiring: 'Expiry reminder',
  abandoned: 'Request expired',
  test: 'Test email',
}
