import type { Letter } from '$lib/api/client'

// lost says what goes when a letter is deleted.
export function lost({ state, kind }: Pick<Letter, 'state' | 'kind'>): string {
  if (state === 'sent') return 'The letter was sent already, and its reader keeps it: a login link in it stays good. Only this record of it is deleted.'
  const never = state === 'failed' ? 'It could not be sent, and will not be tried again.' : 'It was not sent yet, and never will be.'
  if (kind !== 'invitation' && kind !== 'expiring') return never
  if (state === 'failed') return `${never} The invitation itself stays: Resend, in Login Requests, writes a fresh letter.`
  return `${never} Its login link opens nothing any more. The invitation itself stays: Resend, in Login Requests, writes a fresh letter with a new link.`
}
