'use strict'
const part = (id) => document.getElementById(id)
const words = JSON.parse(part('words').textContent)
const asked = new URLSearchParams(location.search)
const sections = ['opening', 'failed', 'setup', 'who', 'choose', 'signed-out', 'browser', 'whose', 'fleeting']
// say is a sentence of the catalogue with the values in their places.
const say = (key, values = {}) => words[key].replace(/\{\{\.(\w+)\}\}/g, (_, name) => values[name])

let trying // the address that is being opened; undefined: the one of last time

function show(id, focus) {
  for (const other of sections) part(other).hidden = other !== id
  if (focus) part(focus).focus()
}

async function ask(method, path, body) {
  const res = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  const answer = await res.json()
  if (!res.ok) throw Object.assign(new Error(answer.detail || say('wrong')), { field: answer.errors?.[0]?.location, code: answer.code })
  return answer
}

const post = (path, body = {}) => ask('POST', path, body)

// next is the view that the console was left at. A workspace that was chosen opens at its
// beginning: it may be another one.
function next() {
  const path = asked.has('choose') && trying !== undefined ? null : asked.get('next')
  return path?.startsWith('/admin') ? path : '/admin/'
}

async function open(at) {
  trying = at
  show('opening')
  try {
    const { fresh, who } = await post('/desktop/open', at === undefined ? {} : { at })
    if (who?.length) return askWho(who)
    if (!fresh) return location.replace(next())
    show('setup', 'workspace')
  } catch (error) {
    if (error.code === 'sign_in_needed') return signedOut(at)
    fail(error)
  }
}

// askWho asks which of the administrators is at the window.
function askWho(people) {
  const choice = ({ id, name, email }) => make('li', {}, make('button', {
    type: 'button', className: 'place', onclick: () => post('/desktop/me', { id }).then(() => location.replace(next()), fail),
  }, make('b', { textContent: name || email }), make('span', { textContent: name ? email : '' })))
  part('people').replaceChildren(...people.map(choice))
  show('who', 'who-title')
}

function fail(error) {
  part('why').textContent = error.message
  show('failed', 'again')
}

async function signedOut(at) {
  const { items, last } = await ask('GET', '/desktop/workspaces')
  trying = at ?? last
  const known = items.find((w) => w.at === trying)
  part('where').textContent = known?.name || hostOf(trying)
  show('signed-out', 'sign-in')
}

const hostOf = (at) => new URL(at).host

// choose lists the workspaces that are known.
async function choose() {
  const { items } = await ask('GET', '/desktop/workspaces')
  part('known').replaceChildren(row({ at: '', name: say('here') }), ...items.map(row))
  part('stay').hidden = !asked.has('choose') // there is nothing to go back to where nothing was open
  show('choose')
  part('known').querySelector('button').focus()
}

function make(tag, props, ...children) {
  const made = Object.assign(document.createElement(tag), props)
  made.append(...children)
  return made
}

function row({ at, name, as }) {
  const there = () => (as ? say('there_as', { Host: hostOf(at), Email: as }) : hostOf(at))
  const told = at ? there() : say('here_text')
  const place = make('button', { type: 'button', className: 'place', onclick: () => open(at) }, make('b', { textContent: name || hostOf(at) }), make('span', { textContent: told }))
  if (!at) return make('li', {}, place)
  const forget = make('button', { type: 'button', className: 'quiet', textContent: say('forget'), onclick: () => drop(at) })
  forget.setAttribute('aria-label', say('forget_label', { Name: name || hostOf(at) }))
  return make('li', {}, place, forget)
}

async function drop(at) {
  await post('/desktop/forget', { at })
  await choose()
}

// signIn goes on in the browser, and waits until that came back.
async function signIn(at, form) {
  clear()
  try {
    const { host, link } = await post('/desktop/sign-in', { at })
    part('host').textContent = host
    part('link').textContent = link
    show('browser', 'browse')
  } catch (error) {
    if (form) return refuse(form, error)
    part('why').textContent = error.message
    return show('failed', 'again')
  }
  try {
    const { at: there, name, lasting } = await agreed()
    if (lasting) return open(there)
    part('on').textContent = say('open', { Name: name })
    part('on').onclick = () => open(there)
    show('fleeting', 'on')
  } catch (error) {
    await choose()
    refuse(part('connect'), error)
  }
}

// agreed waits until somebody has agreed in the browser who is the one at the
// window: whose account it is shows here before the window takes it.
async function agreed() {
  for (;;) {
    const { host, email, called } = await post('/desktop/sign-in/wait')
    part('whose-title').textContent = say('whose_title', { Email: email })
    part('as-called').textContent = called || email
    part('as-host').textContent = host
    show('whose', 'whose-title')
    const yes = await new Promise((answer) => {
      part('as-yes').onclick = () => answer(true)
      part('as-no').onclick = () => answer(false)
    })
    const taken = await post('/desktop/sign-in/answer', { yes })
    if (yes) return taken
    show('browser', 'browse')
  }
}

function clear() {
  part('refused')?.remove()
  for (const field of document.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
}

// missing are the fields of the setup form that may not be empty, and what to say of them.
const missing = { workspace: say('no_workspace'), name: say('no_name'), email: say('no_email') }

// refuse says above a form what is wrong, and leads to the field.
function refuse(form, { message, field }) {
  const said = make('p', { id: 'refused', className: 'error', textContent: message })
  said.setAttribute('role', 'alert')
  form.before(said)
  const wrong = form.elements[field] || form.elements.email || form.elements.at
  if (field) wrong.setAttribute('aria-invalid', 'true')
  wrong.setAttribute('aria-describedby', 'refused')
  wrong.focus()
}

async function setUp(event) {
  event.preventDefault()
  clear()
  const given = Object.fromEntries([...new FormData(part('admin'))].map(([name, text]) => [name, text.trim()]))
  const empty = Object.keys(missing).filter((name) => !given[name])
  if (empty.length) {
    refuse(part('admin'), { message: empty.map((name) => missing[name]).join(' '), field: empty[0] })
    for (const name of empty) part(name).setAttribute('aria-invalid', 'true')
    return
  }
  try {
    await post('/desktop/setup', given)
    await open('')
  } catch (error) {
    refuse(part('admin'), error)
  }
}

function connect(event) {
  event.preventDefault()
  signIn(part('at').value, part('connect'))
}

part('again').addEventListener('click', () => open(trying))
part('admin').addEventListener('submit', setUp)
part('connect').addEventListener('submit', connect)
part('stay').addEventListener('click', () => open())
part('sign-in').addEventListener('click', () => signIn(trying))
part('browse').addEventListener('click', () => post('/desktop/sign-in/browse'))
part('stop').addEventListener('click', () => post('/desktop/sign-in/stop'))
for (const button of document.querySelectorAll('.to-choose')) button.addEventListener('click', choose)
asked.has('choose') ? choose() : open()
