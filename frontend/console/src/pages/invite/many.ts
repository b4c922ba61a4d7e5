import { api, ask, type Invitation } from '$lib/api/client'
import { parts, placeResults, type ListRow, type Result } from '$lib/batch'

const judgedAtOnce = 1000
const sentAtOnce = 50 // so that the progress bar moves

const batch = (invitations: Invitation[], dry_run: boolean) => ask(api.POST('/invitations/batch', { body: { invitations, dry_run } }))

// judge has the server check each row; nothing is saved or sent. Rows that cannot be
// read are refused already.
export async function judge(all: ListRow[]): Promise<Result[]> {
  const readable = all.filter((r) => r.invitation)
  const rows: Result[] = all.flatMap(({ row, error }) => (error ? { row, ok: false, email: '', error } : []))
  for (const part of parts(readable, judgedAtOnce)) rows.push(...(await sendPart(part, true)))
  return rows.sort((a, b) => a.row - b.row)
}

// inviteAll invites, a batch at a time, and reports how many are done.
export async function inviteAll(all: ListRow[], told: (done: number) => void): Promise<Result[]> {
  const rows: Result[] = []
  for (const part of parts(all, sentAtOnce)) {
    rows.push(...(await sendPart(part, false)))
    told(rows.length)
  }
  return rows
}

async function sendPart(part: ListRow[], dry: boolean): Promise<Result[]> {
  const invitations = part.flatMap((r) => r.invitation ?? [])
  return placeResults(part, (await batch(invitations, dry)).results)
}
