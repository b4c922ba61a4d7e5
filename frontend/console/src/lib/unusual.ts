import type { Unusual } from './api/client'
import { t } from './messages'
import { number } from './words'

type Kind = Unusual['items'][number]

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
