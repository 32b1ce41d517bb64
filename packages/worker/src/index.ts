// What a process that runs jobs imports: startWorker.
export { startWorker } from './worker.ts'
export type { RunningWorker } from './worker.ts'
