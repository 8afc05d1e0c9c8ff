/** Parts to be inspected: those sent there, and any other part as if it had been. */
import type { KnownPart } from '../pipeline/board.ts'
import { get } from './api.ts'
import type { Inspection } from './shapes.ts'

const LISTED = 40

/** Those that were sent there, of all lines or one. */
export async function inspectionsAt(line: string, signal: AbortSignal): Promise<readonly Inspection[]> {
  const answer = await get<readonly Inspection[] | { readonly inspections: readonly Inspection[] }>(
    `/api/inspections?${queryOf(line)}`,
    signal
  )
  return answer === null ? [] : 'inspections' in answer ? answer.inspections : answer
}

/** The last parts without a label, of all lines or one: of each its first task. */
export async function unlabelledAt(line: string, signal: AbortSignal): Promise<readonly Inspection[]> {
  const answer = await get<{ readonly parts: readonly KnownPart[] }>(`/api/parts?${queryOf(line)}`, signal)
  return (answer?.parts ?? []).filter(({ labels }) => Object.keys(labels).length === 0).flatMap(part => inspectionsOf(part).slice(0, 1))
}

/** The part of this id; null where it is not known here. */
export async function partOf(id: string, signal: AbortSignal): Promise<KnownPart | null> {
  const answer = await get<{ readonly parts: readonly KnownPart[] }>(`/api/parts?${new URLSearchParams({ observation: id })}`, signal)
  return answer?.parts[0] ?? null
}

/** A part that nobody sent to inspection, as if somebody had: one entry a task. */
export function inspectionsOf(part: KnownPart): readonly Inspection[] {
  return (part.prediction?.tasks ?? []).map(({ task, classes, chosen, probabilities }) => ({
    observation: part.observation,
    line: part.line,
    station: part.station,
    time: part.time,
    task,
    classes,
    chosen,
    probability: probabilities[classes.indexOf(chosen)] ?? 0,
    reason: '',
    propensity: 0
  }))
}

function queryOf(line: string): URLSearchParams {
  return new URLSearchParams({ limit: String(LISTED), ...(line === '' ? {} : { line }) })
}
