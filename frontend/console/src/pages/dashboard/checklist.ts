import type { Checklist, Overview } from '$lib/api/client'
import { me } from '$lib/me.svelte'
import { t } from '$lib/messages'

// A Step is one thing to do, and where it is done: a page, or a dialog over this one.
export type Step = { title: string; text: string; action?: string; to?: string; opens?: string }

const inBrowser = (): boolean => location.protocol.startsWith('http')

// todo is a step in words. A step of a newer server stands there by its name.
export function todo(step: Checklist['items'][number]['step'], now: Overview | undefined): Step {
  switch (step) {
    case 'mail_server':
      return {
        title: t('console.checklist.mail'),
        text: now?.mail.configured ? t('console.checklist.mail_untested') : t('console.checklist.mail_missing'),
        ...(me.may('read settings') && { action: t('console.nav.mail_settings'), to: '/settings/mail' }),
      }
    case 'public_url':
      return {
        title: t('console.checklist.url'),
        text: t('console.checklist.url_text', { URL: now?.public_url ?? location.origin }),
        ...(me.may('read settings') && { action: t('console.nav.general'), to: '/settings/general' }),
      }
    case 'second_admin':
      return { title: t('console.checklist.admin'), text: t('console.checklist.admin_text'), ...inviting() }
    case 'first_invitation':
      return { title: t('console.checklist.invite'), text: t('console.checklist.invite_text'), ...inviting() }
    case 'first_approval':
      return { title: t('console.checklist.approve'), text: t('console.checklist.approve_text'), action: t('console.nav.requests'), to: '/requests' }
    case 'backup':
      return { title: t('console.checklist.backup'), text: inBrowser() ? t('console.checklist.backup_text') : t('console.checklist.backup_window'), action: t('console.checklist.backup_link'), to: '/help/operating#backup' }
    default:
      return { title: step, text: '' }
  }
}

const inviting = () => (me.may('invite members') ? { action: t('console.checklist.invite_link'), opens: 'invite' } : {})
