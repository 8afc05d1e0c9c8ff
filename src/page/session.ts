/** Who is here: logging in with a token, which the server turns into a cookie that no script can read. The token itself is kept nowhere. */
import { post, remove } from './api.ts'
import { h, setText } from './dom.ts'
import type { Store } from './store.ts'

/** Whether this browser may do something here. A server that does not say is asked, and refuses in words. */
export const may = (store: Store, need: string): boolean => store.me === null || store.me.may.includes(need)

/** The button above all views: to log in, or who is here and to log out. */
export function addAccount(store: Store, button: HTMLElement): void {
  const update = (): void => {
    button.hidden = store.me === null && store.link !== 'locked'
    setText(button, store.me?.name === null || store.me === null ? 'Log in' : `Log out ${store.me.name}`)
  }
  button.addEventListener('click', () => {
    if (store.me?.name === null || store.me === null) logIn(store, 'With a token you may acknowledge and label, as far as its role goes.')
    else
      void remove('/session')
        .catch(() => undefined)
        .then(() => location.reload())
  })
  store.on(['me', 'link'], update)
  update()
}

/** Asks for a token and says why. Where one is asked for already it stays as it is. */
export function logIn(store: Store, why: string): void {
  if (document.querySelector('dialog[open]') !== null) return
  const wrong = h('p', { class: 'wrong', role: 'alert' })
  const token = h('input', { type: 'password', name: 'token', autocomplete: 'current-password', required: true })
  const send = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await post('/session', { token: token.value })
      if (store.link === 'locked') return location.reload()
      // First, so that what is asked for at once is allowed.
      await store.refreshMe()
      dialog.close()
    } catch (error) {
      setText(wrong, (error as Error).message)
      token.select()
    }
  }
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'login-title' },
    h(
      'form',
      { onsubmit: event => void send(event) },
      h('h2', { id: 'login-title' }, 'Log in'),
      h('p', {}, why),
      h('label', { class: 'field' }, 'Token', token),
      wrong,
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'button', onclick: () => dialog.close() }, 'Not now'),
        h('button', { type: 'submit', class: 'main' }, 'Log in')
      )
    )
  )
  const before = document.activeElement
  dialog.addEventListener('close', () => {
    dialog.remove()
    // Chromium gives the focus back without the caret: keys would be lost.
    if (!(before instanceof HTMLElement)) return
    before.blur()
    before.focus()
  })
  document.body.append(dialog)
  dialog.showModal()
}
