/** Which colours: as the system has them, or as chosen. Set before anything is drawn so that nothing flashes: the browser waits for this module alone. */

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const KEY = 'andon-theme'

/** The chosen one; a browser that keeps nothing follows the system. */
export function theme(): Theme {
  try {
    return themes.find(name => name === localStorage.getItem(KEY)) ?? 'auto'
  } catch {
    return 'auto'
  }
}

export function choose(name: Theme): void {
  try {
    localStorage.setItem(KEY, name)
  } catch {
    // It holds until the page is left.
  }
  show(name)
}

function show(name: Theme): void {
  if (name === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = name
}

show(theme())
