export const units = ['m', 'h', 'd'] as const
export type Unit = (typeof units)[number]
export type Typed = { n: string; unit: Unit }

// read takes the API's 7d, 36h or 90m apart, for a field and a choice of units.
export function read(text: string): Typed {
  const [, n = '', unit = 'd'] = /^(\d+)([dhm])$/.exec(text) ?? []
  return { n, unit: unit as Unit }
}

// written is what was typed, for the API. What is no number is sent as it is: the server
// says what one looks like.
export const written = ({ n, unit }: Typed): string => `${n.trim() || '-'}${unit}`
