/** The sign of a light: a circle, a triangle, an octagon or a ring, so that it is told apart without its colour. */
import { svg } from './dom.ts'
import type { Light } from './light.ts'

const paths: Readonly<Record<Light, string>> = {
  green: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z',
  amber: 'M12 2.5L22.5 21H1.5z',
  red: 'M8 2h8l6 6v8l-6 6H8l-6-6V8z',
  grey: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z'
}
const marks: Readonly<Record<Light, string>> = {
  green: 'M8 12.5l3 3 5.5-6.5',
  amber: 'M12 9v5.5M12 17.2v1.3',
  red: 'M12 6.5v7M12 16v1.6',
  grey: 'M8 12h8'
}

/** Decoration: the word beside it says the same. */
export function sign(light: Light): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: `sign sign-${light}`, 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: paths[light], class: 'sign-body' }),
    svg('path', { d: marks[light], class: 'sign-mark' })
  )
}
