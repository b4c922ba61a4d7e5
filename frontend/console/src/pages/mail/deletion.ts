import type { Message } from '$lib/api/client'

// deletionWarning says what is lost when an email is deleted.
export function deletionWarning({ state, kind }: Pick<Message, 'state' | 'kind'>): string {
  if (state === 'sent') return 'The letter was sent already, and its reader keeps it: a login link in it stays good. Only this record of it is deleted.'
  const never = state === 'failed' ? 'It could not be sent, and will not be tried again.' : 'It was not sent yet, and never will be.'
  if (kind !== 'invitation' && kind !== 'expiring') return never
  if (state === 'failed') return `${never} The invitation itself stays: Resend, in Login Requests, writes a fresh letter.`
  return `${never} Its login link opens nothing any more. The invitation itself stays: Resend, in Login Requests, writes a fresh letter with a new link.`
}
