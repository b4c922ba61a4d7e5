import type { Message } from './api/client'
import { t } from './messages'

export type EmailState = Message['state']

// states are what is known about the delivery of an email, as people read it, with the
// look of its pill.
export const states: Record<EmailState, { readonly label: string; look: string }> = {
  queued: { get label() { return t('console.email_state.queued') }, look: '' },
  sent: { get label() { return t('console.email_state.sent') }, look: 'ok' },
  retrying: { get label() { return t('console.email_state.retrying') }, look: 'wait' },
  failed: { get label() { return t('console.email_state.failed') }, look: 'bad' },
  held: { get label() { return t('console.email_state.held') }, look: 'wait' },
  withdrawn: { get label() { return t('console.email_state.withdrawn') }, look: '' },
}

// saidOf is why an email is where it is: the mail server's words, in quotes, or ours.
export const saidOf = ({ state, detail = '' }: Pick<Message, 'state' | 'detail'>): string =>
  state === 'withdrawn' ? detail : t('console.mail.quote', { Words: detail })
