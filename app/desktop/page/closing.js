'use strict'
// The window is to be closed while its Doorward lets people in: the page asks how, in the
// language it is in, and the window does what was chosen.
{
  const ask = async (method, path, body) => {
    const res = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
    const answer = await res.json()
    if (!res.ok) throw new Error(answer.detail)
    return answer
  }

  const make = (tag, props, ...children) => {
    const made = Object.assign(document.createElement(tag), props)
    made.append(...children)
    return made
  }

  const style = make('link', { rel: 'stylesheet', href: '/desktop/closing.css' })
  document.head.append(style)

  let dialog // the one that is open
  let asking // while the question is on its way to the screen

  // open shows a dialog of ours above whatever is on the page.
  function open(kind, title, parts, buttons) {
    const made = make('dialog', { className: 'doorward-closing' }, make('h2', { id: 'closing-title', textContent: title }), ...parts)
    made.dataset.kind = kind
    made.setAttribute('aria-labelledby', 'closing-title')
    const said = make('p', { className: 'wrong' })
    said.setAttribute('role', 'alert')
    made.append(said, make('div', { className: 'acts' }, ...buttons))
    made.addEventListener('close', () => made.remove())
    // The console's shortcuts are not for a page under a dialog, and a press in this one is
    // not one beside a dialog of the console's.
    for (const kind of ['keydown', 'pointerdown']) made.addEventListener(kind, (event) => event.stopPropagation())
    dialog?.close()
    dialog = made
    document.body.append(made)
    made.showModal()
  }

  const close = (event) => event.currentTarget.closest('dialog').close()

  // sends makes a button that sends an answer, and says in the dialog what is wrong with it.
  const sends = (textContent, className, path, body) => make('button', {
    type: 'button', textContent, className, onclick: async ({ currentTarget }) => {
      const around = currentTarget.closest('dialog')
      try {
        await ask('POST', path, body())
        around.close()
      } catch (error) {
        around.querySelector('.wrong').textContent = error.message
      }
    },
  })

  // closing asks, once for all who ask meanwhile, instead of the settings if they are open.
  async function closing() {
    asking ??= question().finally(() => (asking = undefined))
    await asking
    await ask('POST', '/desktop/closing/shown', {})
  }

  const shows = (kind) => dialog?.open && (!kind || dialog.dataset.kind === kind)

  async function question() {
    if (shows('question')) return
    const { text, words, back } = await ask('GET', '/desktop/closing')
    const always = make('input', { type: 'checkbox' })
    const how = (choice) => () => ({ do: choice, remember: always.checked })
    const keep = sends(words.keep, 'first', '/desktop/closing', how('background'))
    const quit = sends(words.quit, '', '/desktop/closing', how('quit'))
    const cancel = make('button', { type: 'button', textContent: words.cancel, className: back ? '' : 'first', onclick: close })
    open('question', back ? words.title : words.quit_title, [...text.map((textContent) => make('p', { textContent })), make('label', {}, always, words.remember)],
      back ? [keep, quit, cancel] : [cancel, quit])
    ;(back ? keep : cancel).focus()
  }

  async function settings() {
    const { words, back, kept } = await ask('GET', '/desktop/closing')
    if (shows()) return
    const choices = [['', words.ask], ...(back ? [['background', words.keep]] : []), ['quit', words.quit_choice]]
    const fields = choices.map(([value, label]) => make('label', {}, make('input', {
      type: 'radio', name: 'closing', value, checked: value === kept,
    }), label))
    const chosen = () => ({ do: dialog.querySelector('input:checked')?.value ?? '' })
    open('settings', words.settings_title, [make('div', { className: 'choices' }, ...fields)], [
      sends(words.save, 'first', '/desktop/closing/kept', chosen),
      make('button', { type: 'button', textContent: words.cancel, onclick: close }),
    ])
    dialog.querySelector('input:checked')?.focus()
  }

  window.runtime.EventsOn('closing', closing)
  window.runtime.EventsOn('closing-settings', settings)
}
