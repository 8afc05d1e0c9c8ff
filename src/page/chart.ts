/** Lines over time with their intervals and marks, drawn by uPlot. Beside each stands the same as a table, for who cannot see it. */
import type UPlot from 'uplot'
import { h, setText } from './dom.ts'

/** uPlot is loaded as a script of its own. */
const uplot = (): typeof UPlot => (globalThis as unknown as { uPlot: typeof UPlot }).uPlot

export interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
  /** Limits of its interval, drawn as a band. */
  readonly low?: readonly (number | null)[]
  readonly high?: readonly (number | null)[]
  /** Name of a colour of the style sheet. */
  readonly colour: string
  readonly dashed?: boolean
}

export interface Mark {
  readonly at: number
  readonly text: string
}

export interface Drawn {
  /** Milliseconds, ascending. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly marks: readonly Mark[]
}

export interface ChartOptions {
  readonly label: string
  readonly height: number
  readonly format: (value: number) => string
  /** Fixed ends of the scale; without them it fits. */
  readonly range?: readonly [number, number]
}

/** A chart that draws whatever it is given last. Ends when `left` aborts. */
export class Chart {
  readonly node: HTMLElement
  readonly #options: ChartOptions
  readonly #left: AbortSignal
  #plot: UPlot | null = null
  #drawn: Drawn = { times: [], lines: [], marks: [] }
  #shape = ''

  constructor(options: ChartOptions, left: AbortSignal) {
    this.#options = options
    this.#left = left
    this.node = h('div', { class: 'chart', role: 'img', 'aria-label': options.label })
    const watch = new ResizeObserver(() => this.#resize())
    watch.observe(this.node)
    const restyle = (): void => {
      this.#shape = ''
      this.draw(this.#drawn)
    }
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', restyle)
    addEventListener('andon-theme', restyle)
    left.addEventListener('abort', () => {
      watch.disconnect()
      dark.removeEventListener('change', restyle)
      removeEventListener('andon-theme', restyle)
      this.#plot?.destroy()
    })
  }

  draw(drawn: Drawn): void {
    this.#drawn = drawn
    // Before it has a place it has neither a size nor colours: it is drawn when it gets one.
    if (this.#left.aborted || this.node.clientWidth === 0) return
    const shape = JSON.stringify(drawn.lines.map(({ name, colour, dashed, low }) => [name, colour, dashed, low !== undefined]))
    const data = dataOf(thinned(drawn, 2 * this.node.clientWidth))
    if (shape === this.#shape && this.#plot !== null) {
      this.#plot.setData(data)
      return
    }
    this.#shape = shape
    this.#plot?.destroy()
    this.#plot = new (uplot())(this.#config(drawn), data, this.node)
  }

  #config({ lines }: Drawn): UPlot.Options {
    const { height, format, range } = this.#options
    const style = getComputedStyle(this.node)
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
    const axis = {
      stroke: colour('soft'),
      grid: { stroke: colour('rule'), width: 1 },
      ticks: { show: false },
      font: `12px ${style.fontFamily}`
    }
    const series: UPlot.Series[] = [{}]
    const bands: UPlot.Band[] = []
    for (const { name, colour: of, dashed, low } of lines) {
      const stroke = colour(of)
      series.push({ label: name, stroke, width: 2, points: { show: false }, ...(dashed === true ? { dash: [6, 4] } : {}) })
      if (low === undefined) continue
      const bound = { stroke: 'transparent', width: 0, points: { show: false } }
      series.push({ ...bound, label: `${name} high` }, { ...bound, label: `${name} low` })
      bands.push({ series: [series.length - 2, series.length - 1], fill: faded(stroke) })
    }
    return {
      width: Math.max(120, this.node.clientWidth),
      height,
      legend: { show: false },
      cursor: { sync: { key: 'andon' }, y: false, points: { show: false }, drag: { x: false, y: false } },
      padding: [8, 28, 0, 0],
      scales: {
        x: { time: true },
        y:
          range === undefined
            ? { range: (_plot, _low, high) => [0, Math.max(high, 1e-9) * 1.1] }
            : { range: [...range] as [number, number] }
      },
      axes: [
        { ...axis, values: clockTicks, space: 72, size: 28 },
        {
          ...axis,
          size: 52,
          splits: (_plot, _axis, low, high) => [low, (low + high) / 2, high],
          values: (_plot, ticks) => ticks.map(format)
        }
      ],
      series,
      bands,
      hooks: { draw: [plot => this.#drawMarks(plot, colour('mark'))] }
    }
  }

  /** A dashed line where something happened, with a flag at its top. */
  #drawMarks(plot: UPlot, colour: string): void {
    const { ctx, bbox } = plot
    const ratio = devicePixelRatio
    ctx.save()
    ctx.strokeStyle = colour
    ctx.fillStyle = colour
    ctx.lineWidth = ratio
    ctx.setLineDash([3 * ratio, 3 * ratio])
    for (const { at } of this.#drawn.marks) {
      const x = Math.round(plot.valToPos(at / 1000, 'x', true))
      if (x < bbox.left || x > bbox.left + bbox.width) continue
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x + 8 * ratio, bbox.top + 4 * ratio)
      ctx.lineTo(x, bbox.top + 8 * ratio)
      ctx.fill()
    }
    ctx.restore()
  }

  #resize(): void {
    const width = this.node.clientWidth
    if (this.#plot === null) this.draw(this.#drawn)
    else if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: this.#options.height })
  }
}

/**
 * At most about `most` points: of neighbours the one furthest from what was drawn before, so that no peak is lost, and a band
 * as wide as the widest of them. More could not be told apart on the screen, and would take long to draw.
 */
export function thinned(drawn: Drawn, most: number): Drawn {
  const { times, lines } = drawn
  const size = Math.ceil(times.length / Math.max(1, most))
  if (size <= 1) return drawn
  const groups = Array.from({ length: Math.ceil(times.length / size) }, (_, group) => group * size)
  const each = <T>(values: readonly T[], pick: (some: readonly T[]) => T): T[] => groups.map(from => pick(values.slice(from, from + size)))
  const outermost = (choose: (a: number, b: number) => number) => (some: readonly (number | null)[]) =>
    some.reduce((best, value) => (value === null ? best : best === null ? value : choose(best, value)), null)
  return {
    ...drawn,
    times: groups.map(from => times[from]!),
    lines: lines.map(line => {
      let before: number | null = null
      const furthest = (some: readonly (number | null)[]): number | null => {
        let best: number | null = null
        for (const value of some)
          if (value !== null && (best === null || (before !== null && Math.abs(value - before) > Math.abs(best - before)))) best = value
        before = best ?? before
        return best
      }
      const { low, high } = line
      const band =
        low === undefined || high === undefined ? {} : { low: each(low, outermost(Math.min)), high: each(high, outermost(Math.max)) }
      return { ...line, values: each(line.values, furthest), ...band }
    })
  }
}

function dataOf({ times, lines }: Drawn): UPlot.AlignedData {
  const columns: (readonly (number | null)[])[] = [times.map(time => time / 1000)]
  for (const { values, low, high } of lines) {
    columns.push(values)
    if (low !== undefined && high !== undefined) columns.push(high, low)
  }
  return columns as unknown as UPlot.AlignedData
}

const pad = (value: number): string => String(value).padStart(2, '0')

/** Hours and minutes, seconds where the ticks are closer, days where they are further. */
function clockTicks(_plot: UPlot, ticks: number[]): string[] {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 60
  return ticks.map(tick => {
    const at = new Date(tick * 1000)
    if (step >= 86_400) return `${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
    return `${pad(at.getHours())}:${pad(at.getMinutes())}${step < 60 ? `:${pad(at.getSeconds())}` : ''}`
  })
}

/** The same colour (#rrggbb), let through by four fifths. */
function faded(colour: string): string {
  return `${colour}33`
}

/** What a chart shows, as a table that opens on demand. */
export function tableBeside(caption: string): {
  readonly node: HTMLElement
  readonly update: (heads: readonly string[], rows: readonly (readonly string[])[]) => void
} {
  const head = h('thead')
  const body = h('tbody')
  const table = h('table', {}, h('caption', { class: 'unseen' }, caption), head, body)
  const node = h(
    'details',
    { class: 'beside' },
    h('summary', {}, 'As a table'),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption }, table)
  )
  let pending: (() => void) | null = null
  node.addEventListener('toggle', () => pending?.())
  return {
    node,
    update(heads, rows) {
      pending = () => {
        if (!node.open) return
        head.replaceChildren(h('tr', {}, ...heads.map(text => h('th', { scope: 'col' }, text))))
        body.replaceChildren(
          ...rows.map(([first, ...rest]) => h('tr', {}, h('th', { scope: 'row' }, first ?? ''), ...rest.map(text => h('td', {}, text))))
        )
      }
      pending()
    }
  }
}

/** A short legend in words. */
export function legend(lines: readonly (Pick<Line, 'name' | 'colour' | 'dashed'> & { readonly band?: boolean })[]): HTMLElement {
  return h(
    'ul',
    { class: 'legend' },
    ...lines.map(({ name, colour, dashed, band }) => {
      const key = h('span', { class: `key${dashed === true ? ' key-dashed' : band === true ? ' key-band' : ''}`, 'aria-hidden': 'true' })
      key.style.setProperty('--key', `var(--${colour})`)
      const text = h('span')
      setText(text, name)
      return h('li', {}, key, text)
    })
  )
}
