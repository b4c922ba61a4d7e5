'use strict'
const part = (id) => document.getElementById(id)

function show(id) {
  for (const other of ['opening', 'failed', 'setup']) part(other).hidden = other !== id
}

async function post(path, body) {
  const res = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await res.json()
  if (!res.ok) throw new Error(answer.detail || 'Something went wrong. Try again.')
  return answer
}

async function open() {
  show('opening')
  try {
    const { fresh } = await post('/desktop/open', {})
    if (!fresh) return location.replace('/admin/')
    show('setup')
    part('workspace').focus()
  } catch (error) {
    part('why').textContent = error.message
    show('failed')
    part('again').focus()
  }
}

async function setUp(event) {
  event.preventDefault()
  part('refused').hidden = true
  const given = Object.fromEntries([...new FormData(part('setup'))].filter(([, text]) => text))
  try {
    await post('/desktop/setup', given)
    location.replace('/admin/')
  } catch (error) {
    part('refused').textContent = error.message
    part('refused').hidden = false
    part('email').focus()
  }
}

part('again').addEventListener('click', open)
part('setup').addEventListener('submit', setUp)
open()
