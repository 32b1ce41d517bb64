// Which device is meant, by what people call it.
import type { Database, Device } from '@org/data'
import { CommandFailure } from './command.ts'

/** Of devices whose names hold the same words, so many are looked at. */
const PAGE = 1_000

/**
 * The device of that id, serial number or name (without case, in this order). Throws CommandFailure where there is none, or where
 * the name is that of several.
 */
export async function findDevice({ devices }: Database, called: string): Promise<Device> {
  const byId = /^[1-9]\d{0,14}$/.test(called) ? await devices.findById(Number(called)) : undefined
  if (byId !== undefined) return byId
  const { rows, total } = await devices.list({ search: called }, { offset: 0, limit: PAGE })
  const bySerial = rows.filter(({ serialNumber, terminalSerialNumber }) =>
    [serialNumber, terminalSerialNumber].includes(called),
  )
  const byName = rows.filter(({ name }) => name.toLowerCase() === called.toLowerCase())
  const [found, ...others] = bySerial.length > 0 ? bySerial : byName
  if (found !== undefined && others.length === 0) return found
  if (found !== undefined) {
    const ids = [found, ...others].map(({ id }) => id).join(', ')
    throw new CommandFailure(`several devices are called ${JSON.stringify(called)}; give the id: ${ids}`)
  }
  const near = total > 0 ? `; near it: ${rows.slice(0, 3).map(nameAndId).join(', ')}` : ''
  throw new CommandFailure(
    `no device has the id, the serial number or the name ${JSON.stringify(called)}${near}`,
  )
}

function nameAndId({ name, id }: Device): string {
  return `${name} (${id})`
}
