// Tables with so many rows that a database goes along indexes, or is seen not to: written past the repositories, for speed.
import { storedInstant, type Stored } from '../../src/columns.ts'
import type { Scratch } from './scratch.ts'
import { later } from './samples.ts'

export const DEVICES = 40
export const PUNCHES = 40_000
export const PEOPLE = 6_000
export const JOBS = 9_000
export const OTHERS = 4_000

const ROWS_A_STATEMENT = 500
const QUEUES = ['attendance-sync', 'user-sync', 'maintenance', 'notifications']
const STATES = ['completed', 'completed', 'completed', 'failed', 'cancelled', 'waiting']

/** An instant some minutes after NOON, as it is stored. */
const at = (minutes: number): string => storedInstant(later(minutes * 60_000))

/** Fills a migrated database. */
export async function fillTables(scratch: Scratch): Promise<void> {
  const fill = (table: string, count: number, rowOf: (i: number) => Record<string, Stored>) =>
    insert(
      scratch,
      table,
      Array.from({ length: count }, (_, i) => rowOf(i + 1)),
    )

  await fill('devices', DEVICES, (i) => ({
    id: i,
    name: `Door ${i}`,
    ip: '10.0.0.1',
    port: i,
    address_key: i % 10 === 0 ? null : `10.0.0.1 ${i}`,
    search_text: `door ${i}`,
    terminal_serial_key: `SERIAL-${i}`,
    transport: 'tcp',
    timezone: 'UTC',
    name_encoding: 'auto',
    live: i % 2,
    unlock_unit: 'tenths',
    status: i % 5 === 0 ? 'inactive' : 'active',
    is_connected: 1,
    fence: 0,
    fence_seen: 0,
    created_at: at(0),
    updated_at: at(0),
    deleted_at: i % 10 === 0 ? at(1) : null,
  }))
  await fill('people', PEOPLE, (i) => ({
    device_id: 1 + (i % DEVICES),
    pin: String(Math.ceil(i / DEVICES)),
    uid: Math.ceil(i / DEVICES),
    name: `Person ${i}`,
    privilege: 0,
    has_password: 0,
    fingers: '[]',
    on_device: i % 7 === 0 ? 0 : 1,
    updated_at: at(0),
    search_text: `${i}\nperson ${i}`,
  }))
  // A tenth of the punches have no instant, a twentieth were refused.
  await fill('punches', PUNCHES, (i) => ({
    device_id: 1 + (i % DEVICES),
    packed_time: 800_000_000 + i,
    log_number: String(1 + ((i * 7) % 150)),
    occurrence: 1,
    pin: String(1 + ((i * 7) % 150)),
    wall_time: later(i * 60_000).slice(0, 19),
    timezone: 'UTC',
    at: i % 10 === 3 ? null : at(i),
    time_status: i % 10 === 3 ? 'invalid' : 'ok',
    state: i % 6,
    verify_mode: 1,
    denied: i % 20 === 0 ? 1 : 0,
    source: 'sync',
    early: 0,
    received_at: at(i),
  }))
  await fill('jobs', JOBS, (i) => {
    const state = STATES[i % STATES.length] ?? 'waiting'
    const isOver = state !== 'waiting'
    return {
      id: `job-${i}`,
      queue: QUEUES[i % QUEUES.length] ?? '',
      name: 'job',
      device_id: i % 9 === 0 ? null : 1 + (i % DEVICES),
      dedupe_key: isOver ? null : `key-${i}`,
      lane: `lane-${i % DEVICES}`,
      data: '{}',
      state,
      run_at: at(i),
      attempts: 0,
      max_attempts: 4,
      cancel_requested: 0,
      carrier: 0,
      queued_at: at(i),
      finished_at: isOver ? at(i) : null,
    }
  })
  await insert(
    scratch,
    'jobs',
    Array.from({ length: 10 }, (_, i) => ({
      id: `active-${i}`,
      queue: QUEUES[i % 4] ?? '',
      name: 'job',
      lane: `active-lane-${i}`,
      active_lane: `active-lane-${i}`,
      data: '{}',
      state: 'active',
      run_at: at(0),
      attempts: 1,
      max_attempts: 4,
      claim_token: `token-${i}`,
      claimed_until: at(i),
      cancel_requested: 0,
      carrier: 0,
      queued_at: at(0),
    })),
  )
  await fill('audit', OTHERS, (i) => ({
    id: i,
    audit_id: `AUD-${Math.ceil(i / 2)}`,
    at: at(i),
    actor: `actor-${i % 20}`,
    action: i % 3 === 0 ? 'login' : 'door.unlock',
    target_type: 'device',
    target_id: String(1 + (i % DEVICES)),
    outcome: i % 2 === 1 ? 'attempted' : 'success',
    details: '{}',
    previous_hash: '',
    hash: `hash-${i}`,
  }))
  await fill('accounts', OTHERS, (i) => ({
    id: i,
    username: `name-${i}`,
    email: `name-${i}@example.org`,
    email_key: `name-${i}@example.org`,
    password_hash: 'hash',
    role: i % 50 === 0 ? 'admin' : 'user',
    disabled: i % 3 === 0 ? 1 : 0,
    created_at: at(0),
    updated_at: at(0),
  }))
  await fill('credentials', OTHERS, (i) => ({
    family_id: `family-${Math.ceil(i / 4)}`,
    account_id: 1 + (i % 100),
    token_hash: `token-${i}`,
    issued_at: at(i),
    expires_at: at(i + 10_000),
  }))
  await fill('api_keys', OTHERS, (i) => ({
    name: `key-${i}`,
    live_name: i % 3 === 0 ? null : `key-${i}`,
    key_hash: `hash-${i}`,
    role: 'user',
    created_by: 'ann',
    created_at: at(0),
    revoked_at: i % 3 === 0 ? at(1) : null,
  }))
  await fill('unlock_attempts', OTHERS, (i) => ({
    audit_id: `AUD-${i}`,
    device_id: 1 + (i % DEVICES),
    actor: 'ann',
    request_key: i > OTHERS - 20 ? `request-${i}` : null,
    request_digest: 'digest',
    state: i % 400 === 0 ? 'attempted' : 'success',
    at: at(i),
    over_at: at(i),
  }))
  await fill('kept_transfers', 200, (i) => ({
    device_id: 1 + (i % DEVICES),
    kept_at: at(i),
    kept_until: at(i + 100),
    kept_bytes: 10,
    table_bytes: 10,
    sealed: 'sealed',
  }))
  await fill('person_templates', OTHERS, (i) => ({
    device_id: 1 + (i % DEVICES),
    pin: String(Math.ceil(i / DEVICES)),
    finger: 1,
    flag: 1,
    sealed: 'sealed',
    updated_at: at(0),
  }))
  await fill('pending_people', 200, (i) => ({
    device_id: 1 + (i % DEVICES),
    pin: String(i),
    uid: i,
    name: '',
    privilege: 0,
    group_number: 1,
    has_password: 0,
    made_at: at(0),
  }))
}

async function insert(
  scratch: Scratch,
  table: string,
  rows: readonly Record<string, Stored>[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    const values = rows
      .slice(from, from + ROWS_A_STATEMENT)
      .map((row) => `(${columns.map((column) => literal(row[column] ?? null)).join()})`)
    await scratch.run(`insert into ${table} (${columns.join()}) values ${values.join()}`)
  }
}

/** None of these texts has a quote in it. */
function literal(value: Stored): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
