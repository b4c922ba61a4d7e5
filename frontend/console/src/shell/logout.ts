// logOut ends the session through the door's own form, whose proof comes with
// one of its pages.
export async function logOut(): Promise<void> {
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html')
  const form = page.querySelector<HTMLFormElement>('form[action="/logout"]')
  if (form) {
    const fields = new URLSearchParams()
    for (const input of form.querySelectorAll<HTMLInputElement>('input[name]')) fields.set(input.name, input.value)
    await fetch('/logout', { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: fields.toString() })
  }
  location.assign('/')
}
