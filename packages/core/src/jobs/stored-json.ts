// Data and results of jobs on their way into the table, and progress on its way out. Beside its data a job keeps on whose behalf
// it was queued.
import type { JsonObject, JsonValue } from '@org/data'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { parseOrigin, type WorkOrigin } from '../work-origin.ts'
import type { JobProgress } from './define-job.ts'

const progress = Compile(
  Type.Object({
    phase: Type.String(),
    done: Type.Number(),
    total: Type.Union([Type.Number(), Type.Null()]),
  }),
)

/** A value as JSON keeps it; undefined becomes null. Throws TypeError on what JSON cannot hold. */
export function jsonOf(value: unknown): JsonValue {
  const kept: JsonValue = JSON.parse(JSON.stringify(value ?? null))
  return kept
}

/** Stored progress; null when there is none, or none that this version understands. */
export function progressOf(stored: JsonValue | null): JobProgress | null {
  return progress.Check(stored) ? stored : null
}

/** The property of stored data that holds the job's origin; no job's own data has one of this name. */
const ORIGIN = '$origin'

/** Data as it is stored: with the origin, where there is one and the data have properties at all. */
export function storedData(data: JsonValue, origin: WorkOrigin | undefined): JsonValue {
  return origin === undefined || !isObject(data) ? data : { ...data, [ORIGIN]: { ...origin } }
}

/** The job's own data. */
export function dataOf(stored: JsonValue): JsonValue {
  if (!isObject(stored)) return stored
  const { [ORIGIN]: _, ...data } = stored
  return data
}

/** On whose behalf the job was queued; undefined where it was nobody's. */
export function originOfStored(stored: JsonValue): WorkOrigin | undefined {
  return isObject(stored) ? parseOrigin(stored[ORIGIN]) : undefined
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
