// Answers kept in Redis for all processes. Generations are random: one that was lost, with Redis emptied or by its own end, never comes
// back with another meaning. Whoever has lost sight of Redis cannot know what others failed to forget meanwhile, nor be sure of its
// own forgetting; so it forgets everything before it looks into the cache again.
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { answerOf } from '../redis.ts'
import {
  KEEP_MS,
  LARGEST_KEPT_BYTES,
  MOST_KEPT_BYTES,
  type CacheFinding,
  type CacheScope,
  type CacheStore,
  type SendableAnswer,
} from './cache-store.ts'

/** A cache must not cost more than what it saves. */
const LOOK_WITHIN_MS = 1_000
/** A forgetting is worth a longer wait: until it is done others may be given what is no longer true. */
const FORGET_WITHIN_MS = 3_000
const CLEAR_WITHIN_MS = 20_000
/** Generations outlive every answer that was kept under them, and no more: strangers' questions must not pile them up. */
const GENERATION_MS = 2 * KEEP_MS
const SCAN_COUNT = 1_000
/** How soon a forgetting that failed is tried again. */
const RESTORE_AFTER_MS = 1_000

/** Reads the generation of everything and that of the scope, giving them one where they have none, and what is kept under both. */
const LOOK = `
local function generation(key)
  local known = redis.call('GET', key)
  if known then return known end
  redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
  return ARGV[1]
end
local ticket = ARGV[3] .. ':' .. generation(KEYS[1]) .. '.' .. generation(KEYS[2]) .. ':' .. ARGV[4]
return {ticket, redis.call('GET', KEYS[3] .. ticket)}`

/** Keeps an answer unless those of the last minutes have used up the room. */
const KEEP = `
local used = tonumber(redis.call('GET', KEYS[2]) or '0')
if used + ARGV[3] > tonumber(ARGV[4]) then return 0 end
redis.call('INCRBY', KEYS[2], ARGV[3])
if used == 0 then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

const FORGET = `
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
return 1`

/** The caller owns `redis`, and whatever else is below `prefix`. `mostBytes` is given in tests. */
export function createRedisCacheStore(
  redis: Redis,
  prefix: string,
  log: Logger,
  mostBytes: number = MOST_KEPT_BYTES,
): CacheStore {
  const everything = `${prefix}:cache:generation`
  const answers = `${prefix}:cache:sendable:`
  const room = `${prefix}:cache:room`
  const generationKey = (name: string): string => `${everything}:${name}`

  /** False from the moment at which something may have been missed until everything was forgotten. */
  let trusted = false
  let restoring: Promise<void> | undefined
  redis.on('close', () => {
    trusted = false
  })
  // Not only when somebody asks: what this process owes others it owes them also where nobody asks it anything, as in a worker.
  redis.on('ready', () => tryToRestore())

  const forgetKeys = async (keys: readonly string[]): Promise<void> => {
    const generation = randomBytes(12).toString('base64url')
    const command = redis.eval(FORGET, keys.length, ...keys, generation, GENERATION_MS)
    await answerOf(command, { withinMs: FORGET_WITHIN_MS })
  }

  /** Rejects while Redis does not answer. */
  const restoreTrust = (): Promise<void> => {
    restoring ??= (async () => {
      // A connection that is lost meanwhile takes the trust away again.
      let lost = false
      const lose = (): void => {
        lost = true
      }
      redis.once('close', lose)
      try {
        await forgetKeys([everything])
        trusted = !lost
      } finally {
        redis.off('close', lose)
        restoring = undefined
      }
    })()
    return restoring
  }

  const tryToRestore = (): void => {
    if (trusted || redis.status !== 'ready') return
    restoreTrust().catch(distrust)
  }

  const isUsable = async (): Promise<boolean> => {
    if (redis.status !== 'ready') return false
    if (!trusted) await restoreTrust()
    return trusted
  }

  function distrust(error: unknown): void {
    trusted = false
    log.debug({ err: error }, 'the cache is left alone until all of it can be forgotten')
    setTimeout(tryToRestore, RESTORE_AFTER_MS).unref()
  }

  const look = async (name: string, digest: string): Promise<CacheFinding> => {
    const generation = randomBytes(12).toString('base64url')
    const keys = [everything, generationKey(name), answers]
    const given = [generation, GENERATION_MS, name, digest]
    const command = redis.callBuffer('EVAL', LOOK, keys.length, ...keys, ...given)
    return parseFinding(await answerOf(command, { withinMs: LOOK_WITHIN_MS }))
  }

  return {
    async look({ subject, scope, digest }) {
      try {
        if (!(await isUsable())) return undefined
        const finding = await look(nameOf(subject, scope), digest)
        return trusted ? finding : undefined
      } catch (error) {
        log.debug({ err: error }, 'the cache could not be looked into')
        return undefined
      }
    },
    async keep(ticket, answer) {
      const value = valueOf(answer)
      const sizeBytes = value.length + ticket.length
      if (sizeBytes > LARGEST_KEPT_BYTES || redis.status !== 'ready') return
      const command = redis.eval(KEEP, 2, answers + ticket, room, value, KEEP_MS, sizeBytes, mostBytes)
      try {
        await answerOf(command, { withinMs: LOOK_WITHIN_MS })
      } catch (error) {
        log.debug({ err: error }, 'an answer could not be kept')
      }
    },
    async forget(subject, scopes) {
      // Without a connection there is nothing to wait for: on its return everything is forgotten first.
      if (redis.status !== 'ready') return distrust(new Error('Redis is away'))
      try {
        await forgetKeys(scopes.map((scope) => generationKey(nameOf(subject, scope))))
      } catch (error) {
        distrust(error)
      }
    },
    async clear() {
      try {
        await restoreTrust()
        return await removeAll(redis, answers)
      } catch (error) {
        distrust(error)
        return 0
      }
    },
  }
}

function nameOf(subject: string, scope: CacheScope): string {
  return `${subject}:${scope}`
}

/** Removes what begins with this, and nothing else. */
async function removeAll(redis: Redis, beginning: string): Promise<number> {
  const deadline = performance.now() + CLEAR_WITHIN_MS
  let removed = 0
  let cursor = '0'
  do {
    const withinMs = Math.max(1, deadline - performance.now())
    const scan = redis.scan(cursor, 'MATCH', `${beginning}*`, 'COUNT', SCAN_COUNT)
    const [next, keys] = await answerOf(scan, { withinMs })
    if (keys.length > 0) removed += await answerOf(redis.unlink(...keys), { withinMs })
    cursor = next
  } while (cursor !== '0')
  return removed
}

/** The etag, a line feed, the bytes. */
function valueOf({ bytes, etag }: SendableAnswer): Buffer {
  return Buffer.concat([Buffer.from(`${etag}\n`), bytes])
}

function parseValue(value: Buffer): SendableAnswer | undefined {
  const end = value.indexOf('\n')
  if (end < 1) return undefined
  return { etag: value.toString('latin1', 0, end), bytes: value.subarray(end + 1) }
}

function parseFinding(reply: unknown): CacheFinding {
  if (Array.isArray(reply)) {
    const [ticket, kept]: unknown[] = reply
    if (Buffer.isBuffer(ticket) && (kept === null || kept === undefined))
      return { ticket: ticket.toString(), kept: undefined }
    if (Buffer.isBuffer(ticket) && Buffer.isBuffer(kept))
      return { ticket: ticket.toString(), kept: parseValue(kept) }
  }
  throw new Error('Redis answered the cache in a form that it cannot have')
}
