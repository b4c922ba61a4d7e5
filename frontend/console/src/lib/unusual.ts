import type { Unusual } from './api/client'
import { count, number } from './words'

type Kind = Unusual['items'][number]

// came says which networks the events of a kind came from: "from 14 networks, most from 203.0.113.9".
export function came(k: Kind): string {
  if (k.networks === 1 && !k.networks_is_floor) return k.most_from ? `from ${k.most_from}` : 'from 1 network'
  const many = k.networks_is_floor ? `from more than ${number(k.networks)} networks` : `from ${count(k.networks, 'network')}`
  return k.most_from ? `${many}, most from ${k.most_from}` : many
}

// verdict says whether the events need attention: none, a normal day, or more.
export function verdict(total: number, high: boolean, usual?: number): string {
  if (total === 0) return 'Nobody has tried anything. Nothing needs to be done.'
  const normal = usual === undefined ? '' : ` (up to ${number(usual)})`
  if (high && usual !== undefined && total <= usual) return 'More wrong login codes than a normal day has. Look at where they come from.'
  if (high) return `More than a normal day has${normal}. Look at where they come from.`
  return `What a normal day has${normal}. Nothing needs to be done.`
}
