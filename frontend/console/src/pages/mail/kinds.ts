import type { Message } from '$lib/api/client'
import { t } from '$lib/messages'

// kinds are what emails are about.
export const kinds: Readonly<Record<Message['kind'], string>> = {
  get invitation() { return t('console.email_kind.invitation') },
  get sign_in() { return t('console.email_kind.sign_in') },
  get confirmation() { return t('console.email_kind.confirmation') },
  get approved() { return t('console.email_kind.approved') },
  get rejected() { return t('console.email_kind.rejected') },
  get received() { return t('console.email_kind.received') },
  get waiting() { return t('console.email_kind.waiting') },
  get expiring() { return t('console.email_kind.expiring') },
  get abandoned() { return t('console.email_kind.abandoned') },
  get test() { return t('console.email_kind.test') },
}
