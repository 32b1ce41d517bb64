// A worker that clears one terminal, as a process of its own, so that it can be killed. Registers the terminal at DEVICE_PORT, syncs
// nothing before, and prints `asked <device> <job>`; with JOB_ID it only works on what is left of that job.
import { openDatabase } from '@org/data'
import { attendanceClearing, createServices, handle, readConfig, SYSTEM } from '../../src/index.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

const config = readConfig(process.env)
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'both', log: testLog() })

const port = Number(process.env['DEVICE_PORT'] ?? 0)
const jobId = port === 0 ? (process.env['JOB_ID'] ?? '') : await ask(port)

const work = services.jobs.work(
  [
    handle(attendanceClearing, ({ data, jobId: id, progress, signal }) =>
      services.clearAttendance({ ...data, jobId: id, progress, signal }),
    ),
  ],
  { concurrency: 1 },
)
for (;;) {
  const job = await services.jobs.find(jobId)
  if (job !== undefined && job.finishedAt !== null) {
    process.stdout.write(`${JSON.stringify(job)}\n`)
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
}
await work.stop()
await services.close()
await database.close()

async function ask(devicePort: number): Promise<string> {
  const input = { name: 'Gate', ip: '127.0.0.1', port: devicePort }
  const { device } = await services.devices.register(input, SYSTEM)
  const confirm = device.serialNumber ?? ''
  const { job } = await services.attendance.requestClearing(device.id, { confirm }, SYSTEM)
  process.stdout.write(`asked ${device.id} ${job.id}\n`)
  return job.id
}
