// Attendance logs whose records have no form that is known: their bytes, encrypted, for a week, so that the form can be found.
// They name people and times, so they are never logged and no route gives them out; whoever may run a process of the service
// reads them with `npm run kept-transfers`.
import type { Database, KeptTransferFacts } from '@org/data'
import type { UnreadableLog } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { openSecrets, type Secrets } from './secrets.ts'

/** A kept transfer with its bytes. */
export interface OpenedTransfer extends KeptTransferFacts {
  /** The log's table from its first byte on, its leading size word included; `keptBytes` of its `tableBytes`. */
  readonly bytes: Uint8Array
}

/** What could not be read, as long as it is kept. */
export interface KeptTransfers {
  /** All that stand, the newest first. */
  list(): Promise<readonly KeptTransferFacts[]>
  /** One of them, decrypted; undefined when there is none. Throws STORED_KEY_UNREADABLE where ENCRYPTION_KEY is another. */
  open(id: number): Promise<OpenedTransfer | undefined>
}

/** With what the service itself does. */
export interface TransferKeeper extends KeptTransfers {
  /** Keeps it before its job fails. Throws what the database throws. */
  keep(deviceId: number, log: UnreadableLog): Promise<void>
  /** Removes what is a week old. Throws what the database throws. */
  removeOverdue(): Promise<void>
}

const KEPT_FOR_MS = 7 * 86_400_000
/** A device whose every sync fails must not fill the database. */
const MOST_OF_A_DEVICE = 2

/** Those of a database, for a process beside the service, whose settings it has. */
export async function openKeptTransfers(config: Config, database: Database): Promise<KeptTransfers> {
  return createKeptTransfers(database, await openSecrets(config), () => new Date())
}

function createKeptTransfers({ keptTransfers }: Database, secrets: Secrets, now: () => Date): KeptTransfers {
  return {
    list: () => keptTransfers.list(now().toISOString()),

    async open(id) {
      const found = await keptTransfers.find(id, now().toISOString())
      if (found === undefined) return undefined
      const { sealed, ...facts } = found
      return { ...facts, bytes: Buffer.from(secrets.unseal('kept-transfer', sealed), 'base64') }
    },
  }
}

/** `now` is for tests. */
export function createTransferKeeper(
  database: Database,
  secrets: Secrets,
  log: Logger,
  now: () => Date = () => new Date(),
): TransferKeeper {
  const { keptTransfers } = database
  const instant = (): string => now().toISOString()

  const removeOverdue = async (): Promise<void> => {
    const removed = await keptTransfers.removeOverdue(instant())
    if (removed > 0) log.info({ removed }, 'transfers that could not be read were removed after a week')
  }

  return {
    ...createKeptTransfers(database, secrets, now),

    removeOverdue,

    async keep(deviceId, { bytes, tableBytes, announcedRecords }) {
      await removeOverdue()
      const id = await keptTransfers.insert(
        {
          deviceId,
          keptAt: instant(),
          keptUntil: new Date(now().getTime() + KEPT_FOR_MS).toISOString(),
          keptBytes: bytes.length,
          tableBytes,
          announcedRecords: announcedRecords ?? null,
          sealed: secrets.seal('kept-transfer', Buffer.from(bytes).toString('base64')),
        },
        MOST_OF_A_DEVICE,
      )
      log.warn(
        { deviceId, keptTransfer: id, keptBytes: bytes.length },
        'an attendance log of no known form is kept for a week',
      )
    },
  }
}
