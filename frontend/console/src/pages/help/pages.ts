import { t } from '$lib/messages'

// What a page says about itself: its name, some sentences, and the guide that says more.
type PageHelp = { name: string; says: string[]; guide: string }

const pages: Record<string, () => PageHelp> = {
  '/': () => ({
    name: t('console.nav.dashboard'),
    guide: '/help/console#in-the-browser',
    says: [
      t('console.help.dashboard_1'),
      t('console.help.dashboard_2'),
      t('console.help.dashboard_3'),
      t('console.help.dashboard_4'),
    ],
  }),
  '/requests': () => ({
    name: t('console.nav.requests'),
    guide: '/help/console#in-the-browser',
    says: [
      t('console.help.requests_1'),
      t('console.help.requests_2'),
      t('console.help.requests_3'),
      t('console.help.requests_4'),
      t('console.help.requests_5'),
      t('console.help.requests_6'),
    ],
  }),
  '/audit': () => ({
    name: t('console.nav.audit'),
    guide: '/help/security',
    says: [
      t('console.help.audit_1'),
      t('console.help.audit_2'),
      t('console.help.audit_3'),
      t('console.help.audit_4'),
    ],
  }),
  '/mail': () => ({
    name: t('console.nav.mail'),
    guide: '/help/operating#mail',
    says: [
      t('console.help.mail_1'),
      t('console.help.mail_2'),
      t('console.help.mail_3'),
      t('console.help.mail_4'),
    ],
  }),
  '/settings': () => ({
    name: t('console.nav.settings'),
    guide: '/help/operating#settings',
    says: [
      t('console.help.settings_1'),
      t('console.help.settings_2'),
      t('console.help.settings_3'),
    ],
  }),
  '/settings/members': () => ({
    name: t('console.nav.members'),
    guide: '/help/console#in-the-browser',
    says: [
      t('console.help.members_1'),
      t('console.help.members_2'),
      t('console.help.members_3'),
      t('console.help.members_4'),
      t('console.help.members_5'),
      t('console.help.members_6'),
    ],
  }),
  '/settings/roles': () => ({
    name: t('console.nav.roles'),
    guide: '/help/security',
    says: [
      t('console.help.roles_1'),
      t('console.help.roles_2'),
      t('console.help.roles_3'),
      t('console.help.roles_4'),
    ],
  }),
  '/settings/general': () => ({
    name: t('console.nav.general'),
    guide: '/help/operating#mail-and-the-public-url-in-the-console',
    says: [
      t('console.help.general_1'),
      t('console.help.general_2'),
      t('console.help.general_3'),
      t('console.help.general_4'),
    ],
  }),
  '/settings/mail': () => ({
    name: t('console.nav.mail_settings'),
    guide: '/help/operating#mail',
    says: [
      t('console.help.mail_settings_1'),
      t('console.help.mail_settings_2'),
      t('console.help.mail_settings_3'),
      t('console.help.mail_settings_4'),
    ],
  }),
  '/settings/security': () => ({
    name: t('console.nav.security'),
    guide: '/help/security',
    says: [
      t('console.help.security_1'),
      t('console.help.security_2'),
      t('console.help.security_3'),
    ],
  }),
  '/settings/tokens': () => ({
    name: t('console.nav.tokens'),
    guide: '/help/security#api-tokens',
    says: [
      t('console.help.tokens_1'),
      t('console.help.tokens_2'),
      t('console.help.tokens_3'),
      t('console.help.tokens_4'),
    ],
  }),
  '/settings/cluster': () => ({
    name: t('console.nav.cluster'),
    guide: '/help/cluster',
    says: [
      t('console.help.cluster_1'),
      t('console.help.cluster_2'),
      t('console.help.cluster_3'),
    ],
  }),
}

// help is what there is to say about a page. For any other it is that of the dashboard.
export const help = (path: string): PageHelp => (pages[path] ?? pages['/']!)()
