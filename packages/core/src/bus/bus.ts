// The port of the bus: what one process tells all others, and itself. Memory and Redis carry it; test/contract/bus.contract.ts
// checks what is promised here.
//
// It wakes, and nothing more: a message may be lost, come twice, or late, so nothing that must happen once hangs on it, and
// whoever listens also looks by themselves now and then. Publishing never fails and is never waited for.
import type { Change } from '../changes.ts'

/** What there is to hear, by name. */
export interface BusEvents {
  /** Rows of a device are no longer what they were. */
  readonly changed: Change
  /** A process began or ended to watch terminals. */
  readonly watchers: { readonly name: string }
}

/** Somebody who listens to one kind of message. Must not throw. */
export type BusListener<Name extends keyof BusEvents> = (message: BusEvents[Name]) => void

/** One in each process. */
export interface Bus {
  /** To every listener of every process, this one included. After close() nothing happens. */
  publish<Name extends keyof BusEvents>(name: Name, message: BusEvents[Name]): void
  /** The function returned takes the listener away again. */
  listen<Name extends keyof BusEvents>(name: Name, listener: BusListener<Name>): () => void
  close(): void
}

/** The listeners of one process; adapters hand it what they hear. */
export class BusListeners {
  readonly #listeners: { readonly [Name in keyof BusEvents]: Set<BusListener<Name>> } = {
    changed: new Set(),
    watchers: new Set(),
  }

  add<Name extends keyof BusEvents>(name: Name, listener: BusListener<Name>): () => void {
    const listeners: Set<BusListener<Name>> = this.#listeners[name]
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  tell<Name extends keyof BusEvents>(name: Name, message: BusEvents[Name]): void {
    const listeners: Set<BusListener<Name>> = this.#listeners[name]
    for (const listener of listeners) listener(message)
  }

  /** A message as another process spelled it; false where it is none of ours. */
  hear(text: string): boolean {
    const pair = parsed(text)
    return pair !== undefined && HEARD[pair.name](pair.value, this)
  }
}

/** What came over a wire is looked at before it is believed. */
const HEARD: { readonly [Name in keyof BusEvents]: (value: object, to: BusListeners) => boolean } = {
  changed(value, to) {
    const of = 'of' in value ? value.of : undefined
    const deviceId = 'deviceId' in value ? value.deviceId : undefined
    if (of !== 'punches' && of !== 'people' && of !== 'device') return false
    if (typeof deviceId !== 'number' || !Number.isSafeInteger(deviceId)) return false
    to.tell('changed', { of, deviceId })
    return true
  },
  watchers(value, to) {
    if (!('name' in value) || typeof value.name !== 'string') return false
    to.tell('watchers', { name: value.name })
    return true
  },
}

/** How a message is spelled for other processes. */
export function spelled<Name extends keyof BusEvents>(name: Name, message: BusEvents[Name]): string {
  return JSON.stringify([name, message])
}

function parsed(text: string): { readonly name: keyof BusEvents; readonly value: object } | undefined {
  let pair: unknown
  try {
    pair = JSON.parse(text)
  } catch {
    return undefined // whoever may write to Redis may write nonsense
  }
  if (!Array.isArray(pair)) return undefined
  const [name, value]: unknown[] = pair
  if (name !== 'changed' && name !== 'watchers') return undefined
  return typeof value === 'object' && value !== null ? { name, value } : undefined
}
