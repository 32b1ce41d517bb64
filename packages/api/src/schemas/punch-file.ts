// Exported punches: one media type a format.
import type { Readable } from 'node:stream'
import { Type } from 'typebox'

/** The content type of each format. */
export const EXPORT_TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const

const CSV = `id,device_id,user_id,user_name,timestamp,local_time,timezone,time_status,state,state_name,verify_mode,verify_name,work_code,denied,source,received_at\r
7,1,0042,Siti Rahma,2024-02-05T14:30:00Z,2024-02-05T21:30:00,Asia/Jakarta,ok,0,check in,1,fingerprint,0,false,sync,2024-02-05T14:31:12Z\r
`
const NDJSON = `{"id":7,"device_id":1,"user_id":"0042","user_name":"Siti Rahma","timestamp":"2024-02-05T14:30:00Z","local_time":"2024-02-05T21:30:00","timezone":"Asia/Jakarta","time_status":"ok","state":0,"state_name":"check in","verify_mode":1,"verify_name":"fingerprint","work_code":0,"denied":false,"source":"sync","received_at":"2024-02-05T14:31:12Z"}
`

/** A body that is sent as it is made. */
const file = (description: string, example: string) =>
  Type.Unsafe<Readable>(Type.String({ description, examples: [example] }))

/** What `GET /attendance/export` answers. */
export const PunchFile = {
  description: 'The file; its name is in `content-disposition`',
  content: {
    'text/csv': { schema: file('A heading and a line for each record', CSV) },
    'application/x-ndjson': { schema: file('A JSON object a line', NDJSON) },
    [EXPORT_TYPES.xlsx]: {
      schema: file('A workbook, with a further sheet after each 1,048,576 rows', '(bytes)'),
    },
  },
}
