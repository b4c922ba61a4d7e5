import type { AuditEntry } from '$lib/api/client'
import { parts, t } from '$lib/messages'

type Action = AuditEntry['action']
type Said = ReturnType<typeof parts>

// actions are the sentences of the audit log, with slots for the actor and the target.
const actions: Record<Action, () => Said> = {
  set_up: () => parts('console.audit.action.set_up'),
  invited: () => parts('console.audit.action.invited'),
  renewed_invitation: () => parts('console.audit.action.renewed_invitation'),
  resent_email: () => parts('console.audit.action.resent_email'),
  created_login_link: () => parts('console.audit.action.created_login_link'),
  printed_login_link: () => parts('console.audit.action.printed_login_link'),
  verified_email: () => parts('console.audit.action.verified_email'),
  accepted_unverified: () => parts('console.audit.action.accepted_unverified'),
  verified_email_later: () => parts('console.audit.action.verified_email_later'),
  signed_in: () => parts('console.audit.action.signed_in'),
  confirmed_session: () => parts('console.audit.action.confirmed_session'),
  authorized_desktop: () => parts('console.audit.action.authorized_desktop'),
  signed_out: () => parts('console.audit.action.signed_out'),
  ended_session: () => parts('console.audit.action.ended_session'),
  signed_out_everywhere: () => parts('console.audit.action.signed_out_everywhere'),
  added_note: () => parts('console.audit.action.added_note'),
  withdrew: () => parts('console.audit.action.withdrew'),
  approved: () => parts('console.audit.action.approved'),
  rejected: () => parts('console.audit.action.rejected'),
  changed_roles: () => parts('console.audit.action.changed_roles'),
  renamed: () => parts('console.audit.action.renamed'),
  changed_internal_note: () => parts('console.audit.action.changed_internal_note'),
  suspended: () => parts('console.audit.action.suspended'),
  unsuspended: () => parts('console.audit.action.unsuspended'),
  undid_change: () => parts('console.audit.action.undid_change'),
  removed: () => parts('console.audit.action.removed'),
  invitation_expired: () => parts('console.audit.action.invitation_expired'),
  reminded: () => parts('console.audit.action.reminded'),
  removed_undecided: () => parts('console.audit.action.removed_undecided'),
  noticed_unusual: () => parts('console.audit.action.noticed_unusual'),
  created_token: () => parts('console.audit.action.created_token'),
  revoked_token: () => parts('console.audit.action.revoked_token'),
  saved_role: () => parts('console.audit.action.saved_role'),
  deleted_role: () => parts('console.audit.action.deleted_role'),
  changed_settings: () => parts('console.audit.action.changed_settings'),
  trusted_clock: () => parts('console.audit.action.trusted_clock'),
  retried_email: () => parts('console.audit.action.retried_email'),
  deleted_email: () => parts('console.audit.action.deleted_email'),
  sent_test_email: () => parts('console.audit.action.sent_test_email'),
  changed_notifications: () => parts('console.audit.action.changed_notifications'),
  backed_up: () => parts('console.audit.action.backed_up'),
  restored_backup: () => parts('console.audit.action.restored_backup'),
  entered_wrong_codes: () => parts('console.audit.action.entered_wrong_codes'),
  created_cluster: () => parts('console.audit.action.created_cluster'),
  created_join_token: () => parts('console.audit.action.created_join_token'),
  voided_join_tokens: () => parts('console.audit.action.voided_join_tokens'),
  joined_machine: () => parts('console.audit.action.joined_machine'),
  promoted_machine: () => parts('console.audit.action.promoted_machine'),
  removed_machine: () => parts('console.audit.action.removed_machine'),
  raised_schema: () => parts('console.audit.action.raised_schema'),
  recovered_cluster: () => parts('console.audit.action.recovered_cluster'),
  dissolved_cluster: () => parts('console.audit.action.dissolved_cluster'),
}

// alone are the sentences that differ where there is no target but the actor.
const alone: Partial<Record<Action, () => Said>> = {
  set_up: () => parts('console.audit.alone.set_up'),
  signed_out_everywhere: () => parts('console.audit.alone.signed_out_everywhere'),
  ended_session: () => parts('console.audit.alone.ended_session'),
  renamed: () => parts('console.audit.alone.renamed'),
  renewed_invitation: () => parts('console.audit.alone.renewed_invitation'),
}

// sentence is what an entry says, for Say.svelte: its slots are Actor and Target. target
// is whether the entry has one that is not the actor. An action that only a newer server
// knows stands there by its name.
export function sentence(action: Action, target: boolean): Said {
  const said = (target ? undefined : alone[action]) ?? actions[action]
  return said?.() ?? [{ slot: 'Actor' }, { text: ` ${kind(action)} ` }, { slot: 'Target' }]
}

// methods are the ways to sign in, as the audit log stores them.
const methods: Record<string, () => string> = {
  link: () => t('console.audit.method.link'),
  code: () => t('console.audit.method.code'),
  email: () => t('console.audit.method.code'),
  window: () => t('console.audit.method.desktop'),
  setup: () => t('console.audit.method.setup'),
  rescue: () => t('console.audit.method.rescue'),
}
const signs: readonly Action[] = ['signed_in', 'confirmed_session', 'ended_session']

// detail is what stands behind the sentence of an entry: as it was stored, except for how
// somebody signed in.
export const detail = ({ action, detail = '' }: Pick<AuditEntry, 'action' | 'detail'>): string => (signs.includes(action) ? methods[detail]?.() : undefined) ?? detail

const kinds: Record<Action, () => string> = {
  set_up: () => t('console.audit.kind.set_up'),
  invited: () => t('console.audit.kind.invited'),
  renewed_invitation: () => t('console.audit.kind.renewed_invitation'),
  resent_email: () => t('console.audit.kind.resent_email'),
  created_login_link: () => t('console.audit.kind.created_login_link'),
  printed_login_link: () => t('console.audit.kind.printed_login_link'),
  verified_email: () => t('console.audit.kind.verified_email'),
  accepted_unverified: () => t('console.audit.kind.accepted_unverified'),
  verified_email_later: () => t('console.audit.kind.verified_email_later'),
  signed_in: () => t('console.audit.kind.signed_in'),
  confirmed_session: () => t('console.audit.kind.confirmed_session'),
  authorized_desktop: () => t('console.audit.kind.authorized_desktop'),
  signed_out: () => t('console.audit.kind.signed_out'),
  ended_session: () => t('console.audit.kind.ended_session'),
  signed_out_everywhere: () => t('console.audit.kind.signed_out_everywhere'),
  added_note: () => t('console.audit.kind.added_note'),
  withdrew: () => t('console.audit.kind.withdrew'),
  approved: () => t('console.audit.kind.approved'),
  rejected: () => t('console.audit.kind.rejected'),
  changed_roles: () => t('console.audit.kind.changed_roles'),
  renamed: () => t('console.audit.kind.renamed'),
  changed_internal_note: () => t('console.audit.kind.changed_internal_note'),
  suspended: () => t('console.audit.kind.suspended'),
  unsuspended: () => t('console.audit.kind.unsuspended'),
  undid_change: () => t('console.audit.kind.undid_change'),
  removed: () => t('console.audit.kind.removed'),
  invitation_expired: () => t('console.audit.kind.invitation_expired'),
  reminded: () => t('console.audit.kind.reminded'),
  removed_undecided: () => t('console.audit.kind.removed_undecided'),
  noticed_unusual: () => t('console.audit.kind.noticed_unusual'),
  created_token: () => t('console.audit.kind.created_token'),
  revoked_token: () => t('console.audit.kind.revoked_token'),
  saved_role: () => t('console.audit.kind.saved_role'),
  deleted_role: () => t('console.audit.kind.deleted_role'),
  changed_settings: () => t('console.audit.kind.changed_settings'),
  trusted_clock: () => t('console.audit.kind.trusted_clock'),
  retried_email: () => t('console.audit.kind.retried_email'),
  deleted_email: () => t('console.audit.kind.deleted_email'),
  sent_test_email: () => t('console.audit.kind.sent_test_email'),
  changed_notifications: () => t('console.audit.kind.changed_notifications'),
  backed_up: () => t('console.audit.kind.backed_up'),
  restored_backup: () => t('console.audit.kind.restored_backup'),
  entered_wrong_codes: () => t('console.audit.kind.entered_wrong_codes'),
  created_cluster: () => t('console.audit.kind.created_cluster'),
  created_join_token: () => t('console.audit.kind.created_join_token'),
  voided_join_tokens: () => t('console.audit.kind.voided_join_tokens'),
  joined_machine: () => t('console.audit.kind.joined_machine'),
  promoted_machine: () => t('console.audit.kind.promoted_machine'),
  removed_machine: () => t('console.audit.kind.removed_machine'),
  raised_schema: () => t('console.audit.kind.raised_schema'),
  recovered_cluster: () => t('console.audit.kind.recovered_cluster'),
  dissolved_cluster: () => t('console.audit.kind.dissolved_cluster'),
}

// kind is an action by itself, as filters name it.
export const kind = (action: Action): string => kinds[action]?.() ?? action.replaceAll('_', ' ')

// groups are the kinds of entries, as a filter offers them; those about the machines of a cluster
// only where there is one. A test finds a missing one.
export const groups = (cluster: boolean): [string, Action[]][] => [
  [t('console.audit.group.requests'), ['approved', 'rejected', 'verified_email', 'verified_email_later', 'accepted_unverified', 'added_note', 'withdrew', 'removed_undecided']],
  [t('console.audit.group.invitations'), ['invited', 'renewed_invitation', 'resent_email', 'created_login_link', 'invitation_expired', 'reminded']],
  [t('console.audit.group.sign_in'), ['signed_in', 'signed_out', 'signed_out_everywhere', 'ended_session', 'confirmed_session', 'authorized_desktop', 'printed_login_link', 'entered_wrong_codes', 'noticed_unusual']],
  [t('console.audit.group.members'), ['changed_roles', 'renamed', 'changed_internal_note', 'suspended', 'unsuspended', 'undid_change', 'removed', 'changed_notifications']],
  [t('console.audit.group.roles'), ['saved_role', 'deleted_role', 'created_token', 'revoked_token']],
  [t('console.audit.group.email'), ['retried_email', 'deleted_email', 'sent_test_email']],
  [t('console.audit.group.server'), ['set_up', 'changed_settings', 'trusted_clock', 'backed_up', 'restored_backup']],
  ...(cluster ? [[t('console.audit.group.cluster'), ['created_cluster', 'created_join_token', 'voided_join_tokens', 'joined_machine', 'promoted_machine', 'removed_machine', 'raised_schema', 'recovered_cluster', 'dissolved_cluster']] as [string, Action[]]] : []),
]

// sources are where an action came from.
export const sources: Readonly<Record<AuditEntry['source'], string>> = {
  get console() { return t('console.audit.source.console') },
  get desktop() { return t('console.audit.source.desktop') },
  get cli() { return t('console.audit.source.cli') },
  get api() { return t('console.audit.source.api') },
  get portal() { return t('console.audit.source.portal') },
  get system() { return t('console.audit.source.system') },
}
