/**
 * A mixer in the place of pool and guard: one per domain, each starting from that of all domains together, with the class
 * rates learned as the committee's are, so that nothing differs but how opinions become one.
 */
import { ClassBias } from '../pool/class-bias.ts'
import type { Mixer, Said } from './mixer.ts'

/** What a control says of a record, as the committee says it. */
export interface Answer {
  /** What decides, (C). */
  readonly p: Float64Array
  /** What is reported of it, (C). */
  readonly reported: Float64Array
}

class Part {
  readonly mixer: Mixer
  readonly bias = new ClassBias()

  constructor(mixer: Mixer) {
    this.mixer = mixer
  }

  answer(said: Said): Answer {
    this.#makeRoom(said.C)
    const p = new Float64Array(said.C)
    const reported = new Float64Array(said.C)
    this.mixer.mix(said, p)
    this.bias.apply(p, said.C, reported)
    return { p, reported }
  }

  learn(said: Said, y: number): void {
    this.#makeRoom(said.C)
    const p = new Float64Array(said.C)
    this.mixer.mix(said, p)
    this.bias.learn(p, said.C, y)
    this.mixer.learn(said, y)
  }

  heir(): Part {
    const heir = new Part(this.mixer.heir())
    heir.bias.load(this.bias.save())
    return heir
  }

  #makeRoom(C: number): void {
    while (this.bias.b.length < C) this.bias.addClass()
  }
}

export class Control {
  readonly #all: Part
  /** By place of the domain. */
  readonly #parts = new Map<number, Part>()
  readonly #perDomain: boolean

  /** `perDomain` is false where records name no domain. */
  constructor(mixer: Mixer, perDomain: boolean) {
    this.#all = new Part(mixer)
    this.#perDomain = perDomain
  }

  answer(domain: number, said: Said): Answer {
    return (this.#parts.get(domain) ?? this.#all).answer(said)
  }

  learn(domain: number, said: Said, y: number): void {
    const own = this.#perDomain ? this.#part(domain) : null
    this.#all.learn(said, y)
    own?.learn(said, y)
  }

  /** Of a domain; a new one starts as all together stand before its first label. */
  #part(domain: number): Part {
    const known = this.#parts.get(domain)
    if (known !== undefined) return known
    const part = this.#all.heir()
    this.#parts.set(domain, part)
    return part
  }
}
