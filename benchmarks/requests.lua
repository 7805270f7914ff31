-- Requests for wrk: each line of the file REQUESTS is one path with its query; each thread begins at another line.
-- A number is put in the place of {n}, from FIRST on, so that none is asked twice.
local lines = {}
for line in io.lines(os.getenv("REQUESTS")) do lines[#lines + 1] = line end
local accept = os.getenv("ACCEPT")
local threads = 0
function setup(thread) thread:set("offset", threads * 1000003); threads = threads + 1 end
local count = tonumber(os.getenv("FIRST") or "0")
function request()
  count = count + 1
  local line = lines[(offset + count) % #lines + 1]:gsub("{n}", tostring(offset + count))
  return wrk.format("GET", line, {["Accept"] = accept})
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
