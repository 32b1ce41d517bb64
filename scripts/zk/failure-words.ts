// What packages throw, as a sentence for whoever typed the command. Loaded when something failed, since it knows every package.
import { ConfigError, ServiceError, startFailure } from '@org/core'
import { DatabaseFault, DatabaseUsage, SchemaTooNew, SchemaTooOld } from '@org/data'
import { PROGRAM } from './help.ts'

/** The sentence, and whether what was typed or set is at fault. Nothing that is secret stands in it. */
export function wordsFor(error: unknown): { readonly message: string; readonly isUsage: boolean } {
  if (error instanceof ConfigError) return { message: error.message, isUsage: true }
  if (error instanceof SchemaTooOld) {
    const { length } = error.pendingMigrations
    const message = `the database lacks ${length} migration${length === 1 ? '' : 's'}; run ${PROGRAM} migrate, or start the service`
    return { message, isUsage: false }
  }
  if (error instanceof DatabaseUsage) return { message: error.message, isUsage: true }
  if (error instanceof DatabaseFault) return { message: error.message, isUsage: false }
  if (error instanceof SchemaTooNew) return { message: error.message, isUsage: false }
  if (error instanceof ServiceError) {
    const { code, message, details } = error
    return { message: `${message} (${code})${faultLines(details)}`, isUsage: code === 'VALIDATION_ERROR' }
  }
  return { message: startFailure(error), isUsage: false }
}

function faultLines(details: unknown): string {
  return faultsIn(details)
    .map(({ field, message }) => `\n  ${field} ${message}`)
    .join('')
}

/** The faults that the details of a VALIDATION_ERROR tell. */
export function faultsIn(details: unknown): readonly { readonly field: string; readonly message: string }[] {
  if (!Array.isArray(details)) return []
  return details.flatMap((fault: unknown) =>
    typeof fault === 'object' && fault !== null && 'field' in fault && 'message' in fault
      ? [{ field: String(fault.field), message: String(fault.message) }]
      : [],
  )
}
