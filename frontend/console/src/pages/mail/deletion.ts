import type { Message } from '$lib/api/client'
import { t } from '$lib/messages'

// deletionWarning says what is lost when an email is deleted.
export function deletionWarning({ state, kind }: Pick<Message, 'state' | 'kind'>): string {
  if (state === 'sent') return t('console.mail.deletes_sent')
  if (state === 'withdrawn') return t('console.mail.deletes_withdrawn')
  const invites = kind === 'invitation' || kind === 'expiring'
  if (state === 'failed') return invites ? t('console.mail.deletes_failed_invitation') : t('console.mail.deletes_failed')
  return invites ? t('console.mail.deletes_unsent_invitation') : t('console.mail.deletes_unsent')
}
