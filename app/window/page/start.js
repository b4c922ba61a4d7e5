'use strict'
const part = (id) => document.getElementById(id)

function show(id) {
  for (const other of ['opening', 'failed', 'setup']) part(other).hidden = other !== id
}

async function post(path, body) {
  const res = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await res.json()
  if (!res.ok) throw Object.assign(new Error(answer.detail || 'Something went wrong. Try again.'), { field: answer.errors?.[0]?.location })
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

// refuse says above the form what is wrong, and leads to the field.
function refuse({ message, field }) {
  const said = Object.assign(document.createElement('p'), { id: 'refused', className: 'error', textContent: message })
  said.setAttribute('role', 'alert')
  part('admin').before(said)
  const wrong = part('admin').elements[field] || part('email')
  wrong.setAttribute('aria-invalid', 'true')
  wrong.setAttribute('aria-describedby', 'refused')
  wrong.focus()
}

async function setUp(event) {
  event.preventDefault()
  part('refused')?.remove()
  for (const field of part('admin').elements) field.removeAttribute('aria-invalid')
  const given = Object.fromEntries([...new FormData(part('admin'))].filter(([, text]) => text))
  try {
    await post('/desktop/setup', given)
    location.replace('/admin/')
  } catch (error) {
    refuse(error)
  }
}

part('again').addEventListener('click', open)
part('admin').addEventListener('submit', setUp)
open()
