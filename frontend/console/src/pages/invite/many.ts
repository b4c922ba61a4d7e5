import { api, ask, type Invitation, type Row } from '$lib/api/client'
import { parts } from '$lib/batch'

const judgedAtOnce = 1000
const sentAtOnce = 50 // so that the bar moves

const batch = (invitations: Invitation[], dry_run: boolean) => ask(api.POST('/invitations/batch', { body: { invitations, dry_run } }))

// renumber counts rows through all the batches.
const renumber = (rows: Row[], from: number) => rows.map((r) => ({ ...r, row: r.row + from }))

// judge asks for a verdict on each row; nothing is kept or sent.
export async function judge(all: Invitation[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const part of parts(all, judgedAtOnce)) rows.push(...renumber((await batch(part, true)).results, rows.length))
  return rows
}

// inviteAll invites, a batch at a time, and tells how many are done.
export async function inviteAll(all: Invitation[], told: (done: number) => void): Promise<Row[]> {
  const rows: Row[] = []
  for (const part of parts(all, sentAtOnce)) {
    rows.push(...renumber((await batch(part, false)).results, rows.length))
    told(rows.length)
  }
  return rows
}
