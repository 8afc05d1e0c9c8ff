/** A table whose cells are filled by their share: read as figures, seen as a pattern. */
import { h, scrolling } from './dom.ts'

export interface HeatRow {
  readonly name: string
  readonly note?: string
  /** 0 to 1; null where nothing is known. */
  readonly values: readonly (number | null)[]
}

/** Columns are named by `heads`; `format` writes a cell. */
export function heatTable(
  caption: string,
  corner: string,
  heads: readonly string[],
  rows: readonly HeatRow[],
  format: (value: number) => string
): HTMLElement {
  const head = h('tr', {}, h('th', { scope: 'col' }, corner), ...heads.map(name => h('th', { scope: 'col', class: 'heat-head' }, name)))
  const body = rows.map(({ name, note, values }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name, note === undefined ? null : h('span', { class: 'note' }, ` ${note}`)),
      ...values.map(value => cell(value, format))
    )
  )
  const table = h('table', { class: 'heat' }, h('caption', {}, caption), h('thead', {}, head), h('tbody', {}, ...body))
  return scrolling(caption, table)
}

function cell(value: number | null, format: (value: number) => string): HTMLElement {
  const node = h('td', { class: 'heat-cell' }, value === null ? '–' : format(value))
  // Half of the way at most, so that what stands in it can be read in either theme.
  if (value !== null) node.style.setProperty('background-color', `rgba(var(--heat), ${(0.5 * Math.min(1, Math.max(0, value))).toFixed(3)})`)
  return node
}
