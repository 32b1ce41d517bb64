// Data and results of jobs on their way into the table, and progress on its way out.
import type { JsonValue } from '@org/data'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
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
