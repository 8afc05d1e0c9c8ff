/**
 * How the shell learns what each part of learning costs without the learner seeing a clock: the learner says where it is,
 * the shell's meter looks at the time. A meter never gives anything back.
 */
export interface Meter {
  enter(part: 'predict' | 'learn' | 'single'): void
  leave(part: 'predict' | 'learn' | 'single'): void
}

export const noMeter: Meter = { enter() {}, leave() {} }
