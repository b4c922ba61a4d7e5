import type { Unusual } from './api/client'
import { t } from './messages'
import { number } from './words'

type Kind = Unusual['items'][number]

const known: Record<string, { name: (n: number) => string; means: () => string; todo: () => string }> = {
  wrong_code: { name: (N) => t('console.unusual.kind.wrong_code', { N }), means: () => t('console.unusual.means.wrong_code'), todo: () => t('console.unusual.to_do.wrong_code') },
  dead_link: { name: (N) => t('console.unusual.kind.dead_link', { N }), means: () => t('console.unusual.means.dead_link'), todo: () => t('console.unusual.to_do.dead_link') },
  bad_token: { name: (N) => t('console.unusual.kind.bad_token', { N }), means: () => t('console.unusual.means.bad_token'), todo: () => t('console.unusual.to_do.bad_token') },
  too_many: { name: (N) => t('console.unusual.kind.too_many', { N }), means: () => t('console.unusual.means.too_many'), todo: () => t('console.unusual.to_do.too_many') },
  foreign_host: { name: (N) => t('console.unusual.kind.foreign_host', { N }), means: () => t('console.unusual.means.foreign_host'), todo: () => t('console.unusual.to_do.foreign_host') },
  foreign_form: { name: (N) => t('console.unusual.kind.foreign_form', { N }), means: () => t('console.unusual.means.foreign_form'), todo: () => t('console.unusual.to_do.foreign_form') },
  body_refused: { name: (N) => t('console.unusual.kind.body_refused', { N }), means: () => t('console.unusual.means.body_refused'), todo: () => t('console.unusual.to_do.body_refused') },
  framing_refused: { name: (N) => t('console.unusual.kind.framing_refused', { N }), means: () => t('console.unusual.means.framing_refused'), todo: () => t('console.unusual.to_do.framing_refused') },
  forwarded_refused: { name: (N) => t('console.unusual.kind.forwarded_refused', { N }), means: () => t('console.unusual.means.forwarded_refused'), todo: () => t('console.unusual.to_do.forwarded_refused') },
  connection_refused: { name: (N) => t('console.unusual.kind.connection_refused', { N }), means: () => t('console.unusual.means.connection_refused'), todo: () => t('console.unusual.to_do.connection_refused') },
  setup_wrong: { name: (N) => t('console.unusual.kind.setup_wrong', { N }), means: () => t('console.unusual.means.setup_wrong'), todo: () => t('console.unusual.to_do.setup_wrong') },
}

// texts say what a kind is, with how many there were, what it means, and what to do. A kind
// that only a newer server knows is explained in the server's words.
export function texts(k: Kind): { name: string; means: string; todo: string } {
  const own = known[k.kind]
  return own ? { name: own.name(k.count), means: own.means(), todo: own.todo() } : { name: `${number(k.count)} ${k.name}`, means: k.means, todo: k.to_do }
}

// came says which networks the events of a kind came from: "from 14 networks, most from 203.0.113.9".
export function came(k: Kind): string {
  const values = { N: k.networks, Address: k.most_from ?? '' }
  if (k.networks_is_floor) return k.most_from ? t('console.unusual.from_more_networks_most', values) : t('console.unusual.from_more_networks', { N: k.networks })
  if (!k.most_from) return t('console.unusual.from_networks', { N: k.networks })
  return k.networks === 1 ? t('console.unusual.from_address', { Address: k.most_from }) : t('console.unusual.from_networks_most', values)
}

// verdict says whether the events need attention: none, a normal day, or more.
export function verdict(total: number, high: boolean, usual?: number): string {
  if (total === 0) return t('console.unusual.none')
  if (usual === undefined) return high ? t('console.unusual.high') : t('console.unusual.normal')
  if (high && total <= usual) return t('console.unusual.high_codes')
  return high ? t('console.unusual.high_of', { Usual: number(usual) }) : t('console.unusual.normal_of', { Usual: number(usual) })
}
