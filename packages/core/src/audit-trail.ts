// The audit trail as core writes it: acts as rows of a chain, each signed with a key derived from ENCRYPTION_KEY, so that
// nobody who can only write to the database can change a row unseen.
import type { AuditFilter, AuditRecord, AuditVerdict, Database, Transaction } from '@org/data'
import type { Actor } from './accounts/account.ts'
import type { Page, PageRequest } from './device.ts'
import type { Secrets } from './secrets.ts'

/** An act that has a row. */
export interface AuditedAct {
  readonly action:
    | 'login'
    | 'login.lock'
    | 'login.token-reuse'
    | 'logout'
    | 'account.register'
    | 'account.role'
    | 'account.password'
    | 'account.disable'
    | 'account.enable'
    | 'account.remove'
    | 'api-key.create'
    | 'api-key.revoke'
    | 'api-key.use'
    | 'cache.clear'
    | 'device.register'
    | 'device.set-clock'
    | 'door.unlock'
    | 'person.add'
    | 'person.edit'
    | 'person.remove'
    | 'people.copy'
    | 'device.change'
    | 'device.delete'
    | 'device.restart'
    | 'attendance.clear'
    | 'attendance.expire'
  readonly by: Actor
  readonly target: { readonly type: 'account' | 'api-key' | 'device'; readonly id: number } | null
  readonly outcome: 'success' | 'refused' | 'attempted' | 'unreachable' | 'unknown'
  /** Joins an attempt and its outcome. */
  readonly auditId?: string
  readonly errorCode?: string
  readonly details?: Readonly<Record<string, string | number | boolean | null>>
}

/** Where acts are recorded. */
export interface AuditTrail {
  /** Adds a row at the end of the chain; to be called last in the transaction of the act itself. */
  record(tx: Transaction, act: AuditedAct): Promise<void>
  /** Whether every row is as it was written, under the current key or the previous one. */
  verify(database: Database): Promise<AuditVerdict>
}

/** The trail as it is read. */
export interface AuditReading {
  /** Acts, newest first, each attempt with what became of it. */
  list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>>
  /** Whether the chain is whole and its end in place. */
  verify(): Promise<AuditVerdict>
}

/** Reads the trail of a database. */
export function createAuditReading(database: Database, trail: AuditTrail): AuditReading {
  return {
    list: (filter, { page, limit }) => database.audit.listActs(filter, { offset: (page - 1) * limit, limit }),
    verify: () => trail.verify(database),
  }
}

/** Signs with the current key; a signature names its key, so that it can be checked after a rotation. `now` is given in tests. */
export function createAuditTrail(secrets: Secrets, now: () => Date = () => new Date()): AuditTrail {
  return {
    async record(tx, { action, by, target, outcome, auditId, errorCode, details }) {
      await tx.audit.append(
        {
          auditId: auditId ?? null,
          at: now().toISOString(),
          actor: by.name,
          action,
          targetType: target?.type ?? null,
          targetId: target === null ? null : String(target.id),
          address: by.address,
          outcome,
          errorCode: errorCode ?? null,
          details: details ?? null,
        },
        (previousHash, canonical) => secrets.signAudit(signedText(previousHash, canonical)),
      )
    },

    verify: ({ audit }) =>
      audit.verify((previousHash, canonical, hash) =>
        secrets.checkAudit(signedText(previousHash, canonical), hash),
      ),
  }
}

function signedText(previousHash: string, canonical: string): string {
  return `${previousHash}\n${canonical}`
}
