// What packages throw, as a sentence for whoever typed the command. Loaded when something failed, since it knows every package.
import { ConfigError, ServiceError, startFailure } from '@org/core'
import { DatabaseUsage, SchemaTooNew, SchemaTooOld } from '@org/data'
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
  if (error instanceof SchemaTooNew) return { message: error.message, isUsage: false }
  if (error instanceof ServiceError) {
    const { code, message, details } = error
    return { message: `${message} (${code})${faultLines(details)}`, isUsage: code === 'VALIDATION_ERROR' }
  }
  return { message: startFailure(error), isUsage: false }
}

/** The faults of a VALIDATION_ERROR, a line each. */
function faultLines(details: unknown): string {
  if (!Array.isArray(details)) return ''
  return details
    .map((fault: unknown) =>
      typeof fault === 'object' && fault !== null && 'field' in fault && 'message' in fault
        ? `\n  ${String(fault.field)} ${String(fault.message)}`
        : '',
    )
    .join('')
}
