/** One life of the pipeline: started as a process of its own, watched through its phase file, ended by a signal. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the letters in a phase file stand for, as `src/command/running.ts` writes them; `-` while there is none yet. */
export const phases = { v: 'recovering', r: 'reading', f: 'folding', c: 'committing', s: 'snapshotting' }
const NONE = '-'
const still = new Int32Array(new SharedArrayBuffer(4))

export class Life {
  #child
  #file
  #byte = Buffer.alloc(1)
  #ended
  #told = ''

  constructor(command, phaseFile) {
    writeFileSync(phaseFile, NONE)
    this.#file = openSync(phaseFile, 'r')
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANDON_')))
    this.#child = spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child.stderr.on('data', text => {
      this.#told = (this.#told + text).slice(-8000)
    })
    this.#ended = once(this.#child, 'close')
  }

  get letter() {
    return readSync(this.#file, this.#byte, 0, 1, 0) === 1 ? this.#byte.toString() : NONE
  }

  get alive() {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get told() {
    return this.#told
  }

  /** Resolves when the phase is one of `letters`, or after `ms`, or when the process has ended. */
  async reaches(letters, ms) {
    for (const until = performance.now() + ms; this.alive && performance.now() < until; await sleep(1))
      if (letters.includes(this.letter)) return true
    return false
  }

  /**
   * Stops the process (SIGSTOP) in a phase, and gives up after `ms`. A phase may last for a fraction of a millisecond and be
   * over when the signal comes: then it goes on (SIGCONT) and is caught again. A stopped process can be killed.
   */
  catches(letter, ms) {
    for (const until = performance.now() + ms; performance.now() < until; Atomics.wait(still, 0, 0, 0.02)) {
      if (this.letter !== letter) continue
      this.#child.kill('SIGSTOP')
      Atomics.wait(still, 0, 0, 2)
      if (this.letter === letter) return true
      this.#child.kill('SIGCONT')
    }
    return false
  }

  /** Ends it. Tells with which code, by which signal, and in which phase it was. */
  async end(signal, graceMs = 30_000) {
    const before = this.alive
    this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    const [code, by] = await this.#ended
    clearTimeout(timer)
    return { code, signal: by, bySelf: !before, phase: phases[this.letter] ?? 'starting' }
  }
}
