import type { Message } from '$lib/api/client'

// deletionWarning says what is lost when an email is deleted.
export function deletionWarning({ state, kind }: Pick<Message, 'state' | 'kind'>): string {
  if (state === 'sent') return 'The email has been sent, and its recipient keeps it: a login link in it still works. Only this record is deleted.'
  const never = state === 'failed' ? 'It could not be sent, and will not be retried.' : 'It has not been sent, and never will be.'
  if (kind !== 'invitation' && kind !== 'expiring') return never
  if (state === 'failed') return `${never} The invitation itself stays: Resend, in Login Requests, sends a new email.`
  return `${never} Its login link stops working. The invitation itself stays: Resend, in Login Requests, sends a new email with a new link.`
}
