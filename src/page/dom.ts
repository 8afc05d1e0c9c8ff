/** Elements without a framework. Text is only ever set as text: nothing that was read is taken as markup. */
import type Morphdom from 'morphdom'

/** morphdom is loaded as a script of its own. */
const morphdom = (): typeof Morphdom.default => (globalThis as unknown as { morphdom: typeof Morphdom.default }).morphdom

type Prop = string | number | boolean | null | undefined | ((event: Event) => void)
export type Child = Node | string | null

/**
 * Makes an element. A function listens to the event of its name, `true` and `false` set and leave out an attribute, all else
 * is an attribute's text.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Readonly<Record<string, Prop>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value)
    else setAttribute(element, name, value)
  }
  element.append(...children.filter(child => child !== null))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** As `h`, for a drawing. */
export function svg(tag: string, props: Readonly<Record<string, string | number>> = {}, ...children: readonly Node[]): SVGElement {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

export function setAttribute(element: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === false || value === null || value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== String(value === true ? '' : value))
    element.setAttribute(name, value === true ? '' : String(value))
}

/** Writes text only where it changed: a screen reader is not told the same again, and a selection stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** An element that stands for an item, and how it follows when the item changes. */
export interface Part<T> {
  readonly node: HTMLElement
  readonly update: (item: T) => void
  /** It has been taken away. */
  readonly gone?: () => void
}

/** Keeps the children of `parent` in step with a list of items: known by their keys, so that focus and scrolling stay. */
export function keyed<T>(parent: HTMLElement, keyOf: (item: T) => string, make: (item: T) => Part<T>): (items: readonly T[]) => void {
  const parts = new Map<string, Part<T>>()
  return items => {
    const wanted = new Set(items.map(keyOf))
    for (const [key, part] of parts)
      if (!wanted.has(key)) {
        part.node.remove()
        part.gone?.()
        parts.delete(key)
      }
    let at: Element | null = parent.firstElementChild
    for (const item of items) {
      const key = keyOf(item)
      let part = parts.get(key)
      if (part === undefined) {
        part = make(item)
        parts.set(key, part)
      }
      part.update(item)
      if (part.node === at) at = at.nextElementSibling
      else parent.insertBefore(part.node, at)
    }
  }
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter(child => child !== null))
}

/**
 * As `fill`, but what is the same stays: nobody loses his place, what he has opened, or the focus. An item is known by its
 * `data-key` where it has one, else by its place. For what listens to nothing: listeners of what stays are those of before.
 */
export function follow(element: Element, ...children: readonly Child[]): void {
  const next = element.cloneNode(false) as Element
  fill(next, ...children)
  morphdom()(element, next, {
    childrenOnly: true,
    getNodeKey: node => (node instanceof HTMLElement ? node.dataset.key : undefined),
    onBeforeElUpdated(from, to) {
      if (from instanceof HTMLDetailsElement) to.toggleAttribute('open', from.open)
      // Set as a property: a style in an attribute is what the page's policy refuses.
      if (from.style.cssText !== to.style.cssText) from.style.cssText = to.style.cssText
      return !from.isEqualNode(to)
    }
  })
}

/** A labelled choice. Returns the element and how its options follow. */
export function choice(
  label: string,
  options: readonly (readonly [string, string])[],
  value: string,
  chosen: (value: string) => void
): { readonly node: HTMLElement; readonly offer: (options: readonly (readonly [string, string])[], value: string) => void } {
  const select = h('select', { onchange: () => chosen(select.value) })
  const offer = (list: readonly (readonly [string, string])[], now: string): void => {
    const key = JSON.stringify(list)
    if (select.dataset.offered !== key) {
      select.dataset.offered = key
      fill(select, ...list.map(([at, text]) => h('option', { value: at }, text)))
    }
    select.value = now
  }
  offer(options, value)
  return { node: h('label', { class: 'choice' }, h('span', {}, label), select), offer }
}

/** A wide thing that scrolls within its place, by keyboard too, so that the page never does sideways. */
export function scrolling(label: string, content: HTMLElement): HTMLElement {
  return h('div', { class: 'scroll wide', tabindex: 0, role: 'region', 'aria-label': label }, content)
}
