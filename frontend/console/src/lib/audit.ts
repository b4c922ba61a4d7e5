// did is what was done, as a sentence has it: "access_changed" reads "access changed".
export const did = (verb: string): string => verb.replaceAll('_', ' ')

// filterOf is a filter as the API has it: what is empty is left out, and "since
// 7d" becomes a moment.
export function filterOf(filter: { since?: string; [name: string]: string | undefined }, now: Date): Record<string, string> {
  const { since, ...rest } = filter
  const given = Object.entries(rest).filter((e): e is [string, string] => !!e[1])
  if (since) given.push(['from', new Date(now.getTime() - parseInt(since, 10) * 86_400_000).toISOString()])
  return Object.fromEntries(given)
}

// deeds are the kinds of entries that a reader may look for.
export const deeds = [
  'invited', 'resent_letter', 'made_login_link', 'proved_address', 'approved', 'rejected', 'withdrew', 'changed_access', 'renamed', 'suspended', 'restored',
  'removed', 'removed_undecided', 'invitation_expired', 'signed_in', 'signed_out', 'signed_out_everywhere', 'made_token', 'revoked_token', 'kept_role',
  'deleted_role', 'changed_settings', 'retried_letter', 'tested_mail', 'printed_login_link', 'set_up',
]
