/** `andon simulate-line`: lines that do not exist feed the log, or print what they would feed. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { Outgoing } from '../pipeline/log.ts'
import { modes, type Rarity } from '../simulate/ai4i.ts'
import { type Drift, driftKinds } from '../simulate/drift.ts'
import { openStore } from '../wiring.ts'
import { positive, whole } from './evaluate.ts'
import { type Fed, moment, outgoing, pace, write } from './feed.ts'
import { duration, exitCodes, json, progress } from './output.ts'
import { comingDue, simulationOf } from './simulation.ts'
import { stopOnSignals } from './stop.ts'

interface Flags {
  readonly lines?: number
  readonly rate?: number
  readonly parts?: number
  readonly delay?: number
  readonly seed?: number
  readonly drift?: Drift['kind']
  readonly rareRate?: Rarity
  readonly labelShare?: number
  readonly start?: number
  readonly ids?: string
  readonly config?: string
  readonly print: boolean
  readonly json: boolean
}

export function simulateLineCommand(): Command {
  return new Command('simulate-line')
    .description('Feed the log from simulated milling lines (the AI4I 2020 process); a running `andon run` takes them as they come')
    .option('--lines <n>', 'number of lines', positive)
    .option('--rate <parts>', 'parts a second over all lines; 0 is as fast as possible and needs --parts', pace)
    .option('--parts <n>', 'stop after this many parts and the labels still due', positive)
    .option('--delay <parts>', 'parts of the same line between one and its label, on average', whole)
    .option('--seed <s>', 'seed of the lines', whole)
    .addOption(new Option('--drift <kind>', 'how one line changes: its torque sensor and its limit of overstrain').choices([...driftKinds]))
    .option('--rare-rate <mode=factor>', `make a mode of failure (${modes.join(', ')}, any) this many times as frequent`, rarity)
    .option('--label-share <share>', 'share of parts that are ever labelled, from 0 to 1', fraction)
    .option('--start <time>', 'time of the first part; without it now', moment)
    .option('--ids <prefix>', 'begins every id; without it part- and the time of the first part')
    .option('--config <file>', 'configuration (YAML) whose log is fed; what is not given here comes from its `simulate`')
    .option('--print', 'write one JSON object a line to standard output instead of feeding the log', false)
    .addOption(new Option('--json', 'print what was written as one JSON object').default(false).conflicts('print'))
    .addHelpText(
      'after',
      '\nThe same --seed, --start and --ids give the same events.\n\nExample: andon simulate-line --parts 20000 --rate 0 --drift gradual --rare-rate hdf=0.2'
    )
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const simulation = simulationOf(config.simulate, { ...flags, rarity: flags.rareRate }, Date.now())
  const stop = stopOnSignals()
  const events = comingDue(simulation, Date.now, stop.signal)
  if (flags.print) return print(events, stop)
  const { log, codec } = await openStore(config)
  const bar = progress('simulate-line', flags.parts ?? null)
  const sent = { observations: 0, labels: 0 }
  const began = performance.now()
  try {
    for await (const due of events) {
      const records: Outgoing[] = due.map(event => outgoing(codec, event))
      const written = await write(log, records, stop.signal)
      for (const { name } of due.slice(0, written)) sent[name === 'observation' ? 'observations' : 'labels']++
      bar.update(sent.observations)
    }
  } finally {
    bar.stop()
    await log.close()
  }
  const seconds = (performance.now() - began) / 1000
  const complete = flags.parts === undefined || !stop.signal.aborted
  const { lines, seed } = simulation.lines.options
  process.stdout.write(
    flags.json
      ? json({ lines, seed, ...sent, seconds, partsPerSecond: sent.observations / seconds, complete })
      : `${lines} lines: wrote ${sent.observations} observations and ${sent.labels} labels in ${duration(seconds)}${complete ? '' : ', stopped before the end'}\n`
  )
  if (!complete) process.exitCode = exitCodes.interrupted
}

/** One event a line. A reader that has seen enough ends it. */
async function print(events: AsyncIterable<readonly Fed[]>, stop: AbortController): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    stop.abort()
  })
  for await (const due of events) {
    const text = due.map(({ name, event }) => `${JSON.stringify({ [name]: event })}\n`).join('')
    if (!process.stdout.write(text) && !stop.signal.aborted)
      await new Promise<void>(resolve => {
        process.stdout.once('drain', resolve)
        stop.signal.addEventListener('abort', () => resolve(), { once: true })
      })
  }
}

function rarity(text: string): Rarity {
  const [mode = '', factor = ''] = text.split('=')
  const known = [...modes, 'any'] as const
  const found = known.find(each => each === mode)
  if (found === undefined || factor.trim() === '' || !Number.isFinite(Number(factor)))
    throw new InvalidArgumentError(`expected MODE=FACTOR with a mode of ${known.join(', ')}, as hdf=0.2.`)
  return { mode: found, factor: Number(factor) }
}

function fraction(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('expected a number from 0 to 1.')
  return value
}
