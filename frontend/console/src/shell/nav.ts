import AtSign from '@lucide/svelte/icons/at-sign'
import Inbox from '@lucide/svelte/icons/inbox'
import KeyRound from '@lucide/svelte/icons/key-round'
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard'
import Mail from '@lucide/svelte/icons/mail'
import ScrollText from '@lucide/svelte/icons/scroll-text'
import Shield from '@lucide/svelte/icons/shield'
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal'
import UserCheck from '@lucide/svelte/icons/user-check'
import Users from '@lucide/svelte/icons/users'

// A Place is an entry of the navigation: its path, its name, the permission it
// needs, and a line that says what it is for.
export type Place = { path: string; name: string; icon: typeof Mail; need: string; text: string; short?: string }

export const places: Place[] = [
  { path: '/', name: 'Dashboard', icon: LayoutDashboard, need: 'read members', text: 'Overview of members, requests and health' },
  { path: '/requests', name: 'Login Requests', short: 'Requests', icon: Inbox, need: 'read members', text: 'Pending requests for access' },
  { path: '/audit', name: 'Audit', icon: ScrollText, need: 'read audit', text: 'Who did what, to whom, and when' },
  { path: '/mail', name: 'Email log', short: 'Emails', icon: Mail, need: 'read settings', text: 'Emails and their delivery status' },
]

export const settings: Place[] = [
  { path: '/settings/members', name: 'Membership & Permissions', icon: Users, need: 'read members', text: 'Members, pending users and their access' },
  { path: '/settings/roles', name: 'Roles', icon: UserCheck, need: 'read members', text: 'What each role gives access to' },
  { path: '/settings/general', name: 'General', icon: SlidersHorizontal, need: 'read settings', text: 'Workspace name, public URL, invitations' },
  { path: '/settings/mail', name: 'Email settings', icon: AtSign, need: 'read settings', text: 'Mail server and test email' },
  { path: '/settings/security', name: 'Security', icon: Shield, need: 'read settings', text: 'Security policies, limits and your sessions' },
  { path: '/settings/tokens', name: 'API tokens', icon: KeyRound, need: 'read settings', text: 'Tokens for programs that use the API' },
]
