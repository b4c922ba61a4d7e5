import { expect, test } from 'vitest'
import { Gap } from './gap'

// Somebody accepted an invitation between a list's answer and the stream's beginning: the
// list did not show them until something else happened.
test.each<[string, (string | null)[], string, string[], number]>([
  ['nothing happened in between', ['a-7', 'a-7'], 'a-7', [], 0],
  ['something happened in between', ['a-8', 'a-7'], 'a-8', [], 1],
  ['the answer is newer than the stream', ['a-9'], 'a-8', [], 0],
  ['numbers, not text', ['a-10'], 'a-9', [], 0],
  ['an old answer comes late', ['a-8'], 'a-8', ['a-7', 'a-8'], 1],
  ['another server answered', ['b-9'], 'a-8', [], 1],
  ['another server answers later', ['a-8'], 'a-8', ['b-1', 'b-2'], 0],
  ['a server of before', [null], '', ['a-1'], 0],
])('%s', (_, before, hello, after, want) => {
  let lost = 0
  const gap = new Gap(() => lost++)
  before.forEach((at) => gap.answered(at))
  gap.heard(hello)
  gap.heard('a-99') // a later beginning is told as a reload already
  if (hello !== '') after.forEach((at) => gap.answered(at))
  expect(lost).toBe(hello === '' ? 0 : want)
})
