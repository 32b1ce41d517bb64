// A worker as a process of its own, so that it can be killed. With DEVICE_PORT it registers that terminal and asks for a sync first.
// Prints a line for what happens: `reading`, and at the end the finished job as JSON.
import { openDatabase } from '@org/data'
import { attendanceSync, createServices, handle, readConfig, SYSTEM } from '../../src/index.ts'

const config = readConfig(process.env)
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'both' })

const port = Number(process.env['DEVICE_PORT'] ?? 0)
const jobId = port === 0 ? process.env['JOB_ID'] : await askForSync(port)

const work = services.jobs.work(
  [
    handle(attendanceSync, ({ data, progress, signal }) =>
      services.syncAttendance({
        deviceId: data.deviceId,
        mode: data.mode,
        signal,
        progress(state) {
          progress(state)
          if (state.phase === 'reading') process.stdout.write('reading\n')
        },
      }),
    ),
  ],
  { concurrency: 1 },
)

for (;;) {
  const job = await services.jobs.find(jobId ?? '')
  if (job !== undefined && job.finishedAt !== null) {
    process.stdout.write(`${JSON.stringify(job)}\n`)
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
}
await work.stop()
await services.close()
await database.close()

async function askForSync(devicePort: number): Promise<string> {
  const { device } = await services.devices.register(
    { name: 'Gate', ip: '127.0.0.1', port: devicePort },
    SYSTEM,
  )
  const { job } = await services.attendance.requestSync(device.id, {}, SYSTEM)
  process.stdout.write(`asked ${device.id} ${job.id}\n`)
  return job.id
}
