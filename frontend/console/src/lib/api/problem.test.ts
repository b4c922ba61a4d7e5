import { expect, test } from 'vitest'
import { Problem } from './problem'

test('a problem of the API keeps its sentence, code and fields', () => {
  const p = Problem.from(422, { detail: 'An email address must contain an @.', code: 'bad_address', errors: [{ message: 'It lacks an @.', location: 'email' }] })
  expect([p.message, p.code, p.status, p.at('email'), p.at('name')]).toEqual(['An email address must contain an @.', 'bad_address', 422, 'It lacks an @.', ''])
})
test('one of ours gives the number that leads to the log', () => {
  expect(Problem.from(500, { detail: 'Something went wrong.', code: 'internal', request: 'k3x7' }).message).toContain('k3x7')
})
test('an answer that is no problem is still a sentence', () => {
  expect(Problem.from(502, '<html>').message).toContain('502')
})
test('no answer is told apart', () => {
  expect(Problem.of(new TypeError('Failed to fetch')).code).toBe('unreachable')
  const known = new Problem('No.', 409, 'already_decided')
  expect(Problem.of(known)).toBe(known)
})
