import type { AuditEntry } from './api/client'
import { phrases } from './api/actions'

type Action = AuditEntry['action']

// phrase is an action in words, to stand between the actor and the target. One that a
// newer server knows is shown by its name.
export const phrase = (action: Action): string => phrases[action] ?? kind(action)

// kind is an action by itself, as filters name it.
export const kind = (action: Action): string => action.replaceAll('_', ' ')

// groups are the kinds of entries, as a filter offers them. A test finds a missing one.
export const groups: [string, Action[]][] = [
  ['Requests and decisions', ['approved', 'rejected', 'verified_email', 'verified_email_later', 'accepted_unverified', 'added_note', 'withdrew', 'removed_undecided']],
  ['Invitations', ['invited', 'renewed_invitation', 'resent_email', 'created_login_link', 'invitation_expired', 'reminded']],
  ['Sign-in', ['signed_in', 'signed_out', 'signed_out_everywhere', 'ended_session', 'confirmed_session', 'authorized_desktop', 'printed_login_link', 'entered_wrong_codes', 'noticed_unusual']],
  ['Members', ['changed_roles', 'renamed', 'suspended', 'unsuspended', 'undid_change', 'removed', 'changed_notifications']],
  ['Roles and tokens', ['saved_role', 'deleted_role', 'created_token', 'revoked_token']],
  ['Email', ['retried_email', 'deleted_email', 'sent_test_email']],
  ['Server', ['set_up', 'changed_settings', 'trusted_clock', 'restored_backup']],
]

// sentence is what an entry says between its actor and its target. Without a target a
// colon before it goes, too.
export const sentence = (action: Action, target: boolean): string => (target ? phrase(action) : phrase(action).replace(/:$/, ''))

type Filter = { since?: string; first?: string; last?: string; [name: string]: string | undefined }

// filterOf makes the API's query of a filter: empty fields are left out, "since 7d"
// becomes a time, and the first and last day are those of the reader's time zone.
export function filterOf({ since, first, last, ...rest }: Filter, now: Date): Record<string, string> {
  const given = Object.entries(rest).filter((e): e is [string, string] => !!e[1])
  if (since) given.push(['from', new Date(now.getTime() - parseInt(since, 10) * 86_400_000).toISOString()])
  const from = first && !since ? midnight(first) : undefined
  const until = last && !since ? midnight(last, 1) : undefined
  if (from) given.push(['from', from.toISOString()])
  if (until) given.push(['until', until.toISOString()])
  return Object.fromEntries(given)
}

// midnight is the beginning of a day (2030-05-01) in the reader's time zone, or of a
// later day. It is undefined if the text is not a date.
export function midnight(day: string, later = 0): Date | undefined {
  const [y, m, d] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? []).slice(1).map(Number)
  if (y === undefined || m === undefined || d === undefined || y < 1970) return undefined
  const at = new Date(y, m - 1, d)
  if (at.getMonth() !== m - 1 || at.getDate() !== d) return undefined
  return new Date(y, m - 1, d + later)
}
