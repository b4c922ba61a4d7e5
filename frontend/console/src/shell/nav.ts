import AtSign from '@lucide/svelte/icons/at-sign'
import Inbox from '@lucide/svelte/icons/inbox'
import KeyRound from '@lucide/svelte/icons/key-round'
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard'
import Mail from '@lucide/svelte/icons/mail'
import Palette from '@lucide/svelte/icons/palette'
import ScrollText from '@lucide/svelte/icons/scroll-text'
import Server from '@lucide/svelte/icons/server'
import Shield from '@lucide/svelte/icons/shield'
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal'
import UserCheck from '@lucide/svelte/icons/user-check'
import Users from '@lucide/svelte/icons/users'
import { me } from '$lib/me.svelte'
import { t } from '$lib/messages'

// A Place is an entry of the navigation: its path, its name, the permission it
// needs, whether only a machine of a cluster has it, and a line that says what it is for.
export type Place = { path: string; readonly name: string; icon: typeof Mail; need: string; cluster?: true; readonly text: string; readonly short?: string }

// there reports whether this server has a place at all.
export const there = (p: Place): boolean => !p.cluster || me.settings?.cluster === true

// mine are the places that this server has, and that the signed-in member may see.
export const mine = (all: readonly Place[]): Place[] => all.filter((p) => there(p) && me.may(p.need))

export const places: Place[] = [
  { path: '/', get name() { return t('console.nav.dashboard') }, icon: LayoutDashboard, need: 'read members', get text() { return t('console.nav.dashboard_text') } },
  { path: '/requests', get name() { return t('console.nav.requests') }, get short() { return t('console.nav.requests_short') }, icon: Inbox, need: 'read members', get text() { return t('console.nav.requests_text') } },
  { path: '/audit', get name() { return t('console.nav.audit') }, get short() { return t('console.nav.audit_short') }, icon: ScrollText, need: 'read audit', get text() { return t('console.nav.audit_text') } },
  { path: '/mail', get name() { return t('console.nav.mail') }, get short() { return t('console.nav.mail_short') }, icon: Mail, need: 'read settings', get text() { return t('console.nav.mail_text') } },
]

export const settings: Place[] = [
  { path: '/settings/members', get name() { return t('console.nav.members') }, icon: Users, need: 'read members', get text() { return t('console.nav.members_text') } },
  { path: '/settings/roles', get name() { return t('console.nav.roles') }, icon: UserCheck, need: 'read members', get text() { return t('console.nav.roles_text') } },
  { path: '/settings/general', get name() { return t('console.nav.general') }, icon: SlidersHorizontal, need: 'read settings', get text() { return t('console.nav.general_text') } },
  { path: '/settings/appearance', get name() { return t('console.nav.appearance') }, icon: Palette, need: 'change settings', get text() { return t('console.nav.appearance_text') } },
  { path: '/settings/mail', get name() { return t('console.nav.mail_settings') }, icon: AtSign, need: 'read settings', get text() { return t('console.nav.mail_settings_text') } },
  { path: '/settings/security', get name() { return t('console.nav.security') }, icon: Shield, need: 'read settings', get text() { return t('console.nav.security_text') } },
  { path: '/settings/tokens', get name() { return t('console.nav.tokens') }, icon: KeyRound, need: 'read settings', get text() { return t('console.nav.tokens_text') } },
  { path: '/settings/cluster', get name() { return t('console.nav.cluster') }, icon: Server, need: 'read settings', cluster: true, get text() { return t('console.nav.cluster_text') } },
]
