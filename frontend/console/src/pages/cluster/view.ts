import type { Problem } from '$lib/api/problem'
import type { Machine } from '$lib/api/client'
import { t } from '$lib/messages'

// A Say is one line above the machines: what is so, and what to do about it.
export type Say = { state: 'ok' | 'warn' | 'bad'; title: string; text: string; fix?: string }

const votes = (m: Machine): boolean => m.role === 'voter'

// spare is how many more machines with a vote can stop before those that answer are no majority.
export const spare = (all: readonly Machine[]): number => {
  const voters = all.filter(votes)
  return voters.filter((m) => m.answers).length - (Math.floor(voters.length / 2) + 1)
}

const worstFirst = ['bad', 'warn', 'ok'] as const

// says is what the page says of the machines, the worst first.
export function says(all: readonly Machine[]): Say[] {
  const down = all.filter((m) => !m.answers && m.role !== 'leaving').map((m) => fallen(m, spare(all)))
  const joining = all.filter((m) => m.role === 'learner' && m.answers).map(learner)
  return [...down, ...all.filter((m) => m.damaged).map(damaged), ...all.filter((m) => m.wrong_clock).map(wrong), ...mixed(all), ...(down.length === 0 ? [whole(all)] : []), ...joining]
    .sort((a, b) => worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state))
}

function fallen(m: Machine, left: number): Say {
  const fix = t('console.cluster.down_fix')
  const title = t('console.cluster.down_title', { Name: m.name })
  if (left > 0) return { state: 'warn', title, text: t('console.cluster.spare', { N: left }), fix }
  return { state: 'bad', title, text: t('console.cluster.down_edge'), fix }
}

function whole(all: readonly Machine[]): Say {
  const voters = all.filter(votes).length
  if (voters < 2) return { state: 'warn', title: t('console.cluster.one_title'), text: t('console.cluster.one_text') }
  if (voters === 2) return { state: 'warn', title: t('console.cluster.two_title'), text: t('console.cluster.two_text') }
  return { state: 'ok', title: t('console.cluster.well_title'), text: t('console.cluster.well_text', { N: spare(all) }) }
}

const learner = (m: Machine): Say => ({ state: 'ok', title: t('console.cluster.learner_title', { Name: m.name }), text: t('console.cluster.learner_text') })

const wrong = (m: Machine): Say => ({ state: 'warn', title: t('console.cluster.clock_title', { Name: m.name }), text: t('console.cluster.clock_text'), fix: t('console.cluster.clock_fix') })

const damaged = (m: Machine): Say => ({
  state: 'bad',
  title: t('console.cluster.damaged_title', { Name: m.name }),
  text: t('console.cluster.damaged_text'),
  fix: t('console.cluster.damaged_fix', { Command: 'doorward cluster rejoin' }),
})

// mixed compares only machines that answer: of others the version is that of long ago.
function mixed(all: readonly Machine[]): Say[] {
  const versions = new Set(all.filter((m) => m.answers).map((m) => m.version))
  return versions.size > 1 ? [{ state: 'warn', title: t('console.cluster.versions_title'), text: t('console.cluster.versions_text') }] : []
}

// stopped is what the page says while nobody leads; undefined: the problem is another one.
export function stopped(problem: Problem | undefined): Say | undefined {
  if (problem?.code !== 'no_majority' && problem?.code !== 'no_leader') return undefined
  return { state: 'bad', title: t('console.cluster.stopped_title'), text: t('console.cluster.stopped_text'), fix: t('console.cluster.stopped_fix', { Command: 'doorward cluster recover' }) }
}

// state is how a machine keeps up.
export function state(m: Machine): { look: '' | 'ok' | 'wait' | 'bad'; text: string } {
  if (!m.answers) return { look: 'bad', text: t('console.cluster.silent') }
  if (m.behind > 0) return { look: 'wait', text: t('console.cluster.behind', { N: m.behind }) }
  return { look: 'ok', text: t('console.cluster.up_to_date') }
}

// vote is whether a machine counts for the majority.
export const vote = (m: Machine): string =>
  ({ voter: t('console.cluster.votes'), learner: t('console.cluster.learner'), leaving: t('console.cluster.leaving') })[m.role]

// commands are how another machine joins: a token from the one that leads, and the start of the
// new one.
export const commands = (leads: Machine | undefined): [string, string] => [
  'doorward cluster token',
  `doorward serve --join ${leads?.address ?? 'HOST:PORT'} --token-file FILE --cluster-listen HOST:PORT`,
]
