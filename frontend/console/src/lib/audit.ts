// did is what was done, as a sentence has it: "access_changed" reads "access changed".
export const did = (verb: string): string => verb.replaceAll('_', ' ')

// filterOf is a filter as the API has it: what is empty is left out, and days in
// the reader's zone become moments.
export function filterOf(filter: Record<string, string>): Record<string, string> {
  const given = Object.entries(filter).filter(([, value]) => value !== '')
  return Object.fromEntries(given.map(([name, value]) => [name, moment(name, value)]))
}

function moment(name: string, value: string): string {
  if (name === 'from') return new Date(`${value}T00:00:00`).toISOString()
  if (name === 'until') return new Date(`${value}T23:59:59.999`).toISOString()
  return value
}

// deeds are the kinds of entries that a reader may look for.
export const deeds = [
  'invited', 'resent_letter', 'made_login_link', 'proved_address', 'approved', 'rejected', 'withdrew', 'changed_access', 'renamed', 'suspended', 'restored',
  'removed', 'removed_undecided', 'invitation_expired', 'signed_in', 'signed_out', 'signed_out_everywhere', 'made_token', 'revoked_token', 'kept_role',
  'deleted_role', 'changed_settings', 'retried_letter', 'tested_mail', 'printed_login_link', 'set_up',
]
